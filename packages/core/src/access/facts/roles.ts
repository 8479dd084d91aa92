import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Catalogue } from '../../kernel/signature.ts'
import { builtInRoles, hasPermission, permissionsOf, forEachMoment, timeOf, type Moment } from '../../grants/index.ts'
import type { BuiltInRoleName } from '../../grants/model.ts'
import type { Exclusion, RoleDefinition, RoleDefinitions } from '../../kernel/decisions.ts'
import { runStatement, statement } from '../../kernel/statement.ts'

/** A role at a point in time. Ids are UUIDs. */
export interface GraphRole {
  readonly id: string
  readonly name: string
  readonly builtIn: boolean
  /** null: it belongs to the installation. */
  readonly organization: string | null
  readonly permissions: readonly string[]
  readonly includes: readonly string[]
}

/** Roles with everything they include, by their UUIDs. */
export type RoleGraph = ReadonlyMap<string, GraphRole>

/** Which roles to load: these, or all that can be assigned in an organization (null: everywhere). */
export type RoleSelection = { readonly ids: readonly string[] } | { readonly home: string | null }

interface RoleRecord {
  readonly id: string
  readonly name: string
  readonly built_in: boolean
  readonly organization: string | null
  readonly permissions: string | null
  readonly includes: string | null
}

const rolesStatements = forEachMoment((rows) => {
  const { begun, unended, present, past } = rows
  const during = (began: string, ended: string) => `${begun(began)} and ${unended(ended)}`
  const select = (name: string, reached: string, which: string) =>
    statement(
      `${name}${past('_then')}`,
      `with recursive moment as not materialized (select ?::timestamptz as at) ${reached}
      select r.id::text as id, r.name, r.built_in, r.organization_id::text as organization,
          (select json_agg(distinct p.permission) from role_permissions p where p.role_id = r.id and ${during('p.granted_at', 'p.revoked_at')})::text as permissions,
          (select json_agg(distinct i.included_id) from role_inclusions i where i.role_id = r.id and ${during('i.added_at', 'i.removed_at')})::text as includes
        from roles r${past(', moment')} where ${which} and ${unended('r.deleted_at')} order by r.id`,
    )
  return {
    // The closure is that of today.
    byIds: select(
      'roles',
      `, roots (id) as (select unnest(?::uuid[])), reached (id) as (select id from roots
        union ${present('select c.included_id from roots d, role_closure c where c.role_id = d.id')}
          ${past(`select i.included_id from reached d, moment, role_inclusions i where i.role_id = d.id and ${during('i.added_at', 'i.removed_at')}`)})`,
      'r.id in (select id from reached)',
    ),
    // What these include is among them.
    byHome: select('roles_of_tenant', '', '(r.organization_id is null or r.organization_id = ?::uuid)'),
  }
})

/** Loads roles with their permissions and inclusions at a moment. A deleted role exists until its deletion. */
export async function loadRoles(em: SqlEntityManager, wanted: RoleSelection, at: Moment = 'now'): Promise<RoleGraph> {
  const { byIds, byHome } = rolesStatements(at)
  const [selected, parameter] = 'ids' in wanted ? [byIds, `{${wanted.ids.join(',')}}`] : [byHome, wanted.home]
  const records = await runStatement<RoleRecord>(em, selected, [timeOf(at), parameter])
  return new Map(
    records.map(({ id, name, organization, built_in: builtIn, permissions, includes }) => [
      id,
      {
        id,
        name,
        organization,
        builtIn,
        // Built-in roles are code and have no history.
        permissions: builtIn ? builtInRoles[name as BuiltInRoleName].permissions : listIn(permissions),
        includes: builtIn ? [] : listIn(includes),
      },
    ]),
  )
}

function listIn(json: string | null): readonly string[] {
  return json === null ? [] : (JSON.parse(json) as string[]).toSorted()
}

/** The role itself and all roles it includes, directly or through others. */
export function includedIn(graph: RoleGraph, role: string): readonly GraphRole[] {
  const seen = new Set([role])
  for (const id of seen) for (const next of graph.get(id)?.includes ?? []) seen.add(next)
  return [...seen].flatMap((id) => graph.get(id) ?? [])
}

/** The permission patterns of a role and of all roles that it includes. */
export function patternsIn(graph: RoleGraph, role: string): readonly string[] {
  return [...new Set(includedIn(graph, role).flatMap(({ permissions }) => permissions))]
}

/** The narrowest pattern that includes a permission; null: none does. */
export function matchingPattern(catalogue: Catalogue, patterns: readonly string[], permission: string): string | null {
  const matching = patterns.filter((pattern) => hasPermission(permissionsOf(catalogue, [pattern]), catalogue, permission))
  return matching.toSorted((one, other) => widthOf(one) - widthOf(other))[0] ?? null
}

/** From narrow to wide: a single permission, a group, a class of permissions, all. */
function widthOf(pattern: string): number {
  if (pattern === '*') return 3
  return pattern.endsWith('.*') ? 1 : pattern.includes('.') ? 0 : 2
}

/** How a role comes to a permission: the role itself, then included roles, by the shortest way. */
export interface Path {
  readonly roles: readonly GraphRole[]
  /** The pattern of the last role that includes the permission. */
  readonly pattern: string
}

/** The shortest path from a role to one that has the permission itself; null: there is none. */
export function pathTo(graph: RoleGraph, role: string, catalogue: Catalogue, permission: string): Path | null {
  const start = graph.get(role)
  if (start === undefined) return null
  const seen = new Set([role])
  const ways: (readonly GraphRole[])[] = [[start]]
  for (const way of ways) {
    const last = way.at(-1) ?? start
    const pattern = matchingPattern(catalogue, last.permissions, permission)
    if (pattern !== null) return { roles: way, pattern }
    for (const id of last.includes) {
      const next = graph.get(id)
      if (next === undefined || seen.has(id)) continue
      seen.add(id)
      ways.push([...way, next])
    }
  }
  return null
}

/**
 * The definitions of custom roles at a time. Sets of separation of duty keep no history, so those that were there by then count as they
 * are today.
 */
export function definitionsAt(at: Date): RoleDefinitions {
  return {
    async of(em, ids) {
      if (ids.length === 0) return new Map()
      const graph = await loadRoles(em, { ids }, at)
      const exclusions = await exclusionsOf(em, graph, at)
      return new Map(ids.flatMap((id) => (graph.has(id) ? [[id, definitionIn(graph, exclusions, id)] as const] : [])))
    },
  }
}

interface ExclusionRecord extends Omit<Exclusion, 'members'> {
  readonly role: string
  readonly organization: string | null
}

/** Dynamic sets by the roles in them. */
type Exclusions = ReadonlyMap<string, readonly ExclusionRecord[]>

async function exclusionsOf(em: SqlEntityManager, graph: RoleGraph, at: Date): Promise<Exclusions> {
  const rows = await em.execute<ExclusionRecord[]>(
    `select m.role_id::text as role, e.id::text as id, e.cardinality, e.organization_id::text as organization from role_exclusion_members m
      join role_exclusions e on e.id = m.exclusion_id and e.kind = 'dynamic' and e.created_at <= ? where m.role_id = any(?::uuid[])`,
    [at, `{${[...graph.keys()].join(',')}}`],
  )
  return Map.groupBy(rows, ({ role }) => role)
}

function definitionIn(graph: RoleGraph, exclusions: Exclusions, id: string): RoleDefinition {
  const included = includedIn(graph, id)
  const sets = Map.groupBy(
    included.flatMap((role) => exclusions.get(role.id) ?? []),
    (set) => set.id,
  )
  return {
    id,
    name: graph.get(id)?.name ?? '',
    // Permissions of included built-in roles are among them.
    permissions: patternsIn(graph, id),
    included: included.filter((role) => role.id !== id).map((role) => ({ id: role.id, name: null })),
    exclusions: [...sets.values()].flatMap(([set, ...others]) =>
      set === undefined ? [] : [{ ...set, members: [set, ...others].map(({ role }) => role) }],
    ),
  }
}
