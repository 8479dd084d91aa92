import type { SqlEntityManager } from '@mikro-orm/sql'
import { LeasedCache } from '../invalidation/index.ts'
import type { RoleDefinition, RoleDefinitions } from '../kernel/decisions.ts'
import { idOf } from '../kernel/id.ts'
import { idArray, runStatement, statement } from '../kernel/statement.ts'
import type { Clock } from '../ports/clock.ts'

const roleAndIncluded = `(select r.id union all select c.included_id from role_closure c where c.role_id = r.id) i (id)`

/**
 * SQL that selects the definition of the custom role `r` as a JSON object, with everything that it includes. Built-in roles are defined
 * in code.
 */
export const definitionOfRole = `json_build_object('id', r.id, 'name', r.name,
    'permissions', (select json_agg(distinct p.permission) from ${roleAndIncluded} join role_permissions p on p.role_id = i.id and p.revoked_at is null),
    'included', (select json_agg(json_build_object('id', x.id, 'name', case when x.built_in then x.name end))
      from role_closure c join roles x on x.id = c.included_id where c.role_id = r.id),
    'exclusions', (select json_agg(json_build_object('id', e.id, 'cardinality', e.cardinality, 'organization', e.organization_id, 'members', e.members))
      from (select e.id, e.cardinality, e.organization_id, array_agg(m.role_id) as members
        from ${roleAndIncluded} join role_exclusion_members m on m.role_id = i.id
          join role_exclusions e on e.id = m.exclusion_id and e.kind = 'dynamic' group by e.id) e))`

const definitionsStatement = statement(
  'role_definitions',
  `select ${definitionOfRole}::text as definition from roles r where r.id = any(${idArray})`,
)

async function loadDefinitions(em: SqlEntityManager, ids: readonly string[]): Promise<readonly RoleDefinition[]> {
  const rows = await runStatement<{ definition: string }>(em, definitionsStatement, [`{${ids.join(',')}}`])
  return rows.map(({ definition }) => JSON.parse(definition) as RoleDefinition)
}

/** Definitions by their role. */
export function byRole(definitions: readonly RoleDefinition[]): ReadonlyMap<string, RoleDefinition> {
  return new Map(definitions.map((definition) => [definition.id, definition]))
}

/** Definitions as stored in the database now, uncached. */
export const storedDefinitions: RoleDefinitions = {
  of: async (em, ids) => (ids.length === 0 ? noDefinitions : byRole(await loadDefinitions(em, ids))),
}

const noDefinitions: ReadonlyMap<string, RoleDefinition> = new Map()

/** How much is cached at most, counted in permissions and included roles. */
const capacity = 500_000

interface CacheParts {
  readonly clock: Clock
  readonly soleProcess: boolean
}

/**
 * A cache of role definitions with the same guarantee as the cache of principals. There are few roles and many users who have them. A
 * change of a role, of a role that it includes, or of a set that one of these is in invalidates the definition. Principals that were
 * loaded meanwhile are not cached either, because they depend on the same roles.
 */
export class RoleDefinitionCache extends LeasedCache<RoleDefinition> implements RoleDefinitions {
  constructor({ clock, soleProcess }: CacheParts) {
    super({ name: 'roleDefinitions', clock, soleProcess, capacity, keysOf: keysOfRole, validUntil: () => Infinity, weightOf })
  }

  async of(em: SqlEntityManager, ids: readonly string[]): Promise<ReadonlyMap<string, RoleDefinition>> {
    if (ids.length === 0) return noDefinitions
    const { generation } = this
    const now = new Date(0) // definitions do not expire
    const found = new Map<string, RoleDefinition>()
    const missing: string[] = []
    for (const id of ids) {
      const known = this.get(id, now)
      if (known === undefined) missing.push(id)
      else found.set(id, known)
    }
    if (missing.length === 0) return found
    for (const definition of await loadDefinitions(em, missing)) {
      this.put(definition.id, definition, generation)
      found.set(definition.id, definition)
    }
    return found
  }
}

function keysOfRole({ id, included }: RoleDefinition): readonly string[] {
  return [idOf('rol', id), ...(included ?? []).map((role) => idOf('rol', role.id))]
}

function weightOf({ permissions, included }: RoleDefinition): number {
  return 1 + (permissions?.length ?? 0) + (included?.length ?? 0)
}
