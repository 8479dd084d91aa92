import { sql, type RawQueryFragment, type SqlEntityManager } from '@mikro-orm/sql'
import type { Role, RoleId } from '../model.ts'
import { defineQuery } from '../../kernel/action.ts'
import type { Actor } from '../../kernel/actor.ts'
import { idOf, uuidOf, uuidOrNull, uuidsOf } from '../../kernel/id.ts'
import { cutPage, openCursor } from '../../kernel/page.ts'
import { granted, holdsAt } from '../../kernel/rule.ts'
import { escapeLike } from '../../text/index.ts'
import type { OrganizationId } from '../../organizations/index.ts'
import { seesInstallationRoles } from './authority.ts'
import { loadRoles, patternsIn, type GraphRole } from '../facts/roles.ts'
import { requireTenant, selectRoles, tenantTarget } from './repository.ts'
import { rolesSignatures as signatures } from './signatures.ts'

export const listRoles = defineQuery(signatures.list, {
  allow: granted,
  target: tenantTarget,
  async handle({ open, ports, actor }, { organizationId = null, installation, limit, cursor, total, ...filters }) {
    const viewer = organizationId ?? 'installation'
    const scope = { action: signatures.list.name, filters: { installation, ...filters }, viewer }
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    await requireTenant(em, organizationId)
    const also = installation && organizationId !== null ? await usableInstallation(em, actor, organizationId) : []
    const which = { organizationId, also, ...filters }
    const rows = await rolesByName(em, which, position, limit)
    const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf: ({ name, id }) => [name, id] })
    return { items: [...shown], nextCursor, total: total ? await countRoles(em, which) : null }
  },
})

interface RoleFilter {
  readonly organizationId: OrganizationId | null
  /** Roles of the installation listed together with the organization's own. */
  readonly also: readonly RoleId[]
  readonly search?: string | undefined
  readonly including?: RoleId | undefined
  readonly includedIn?: RoleId | undefined
}

/** The inclusions of another organization's roles are not visible. */
function conditionOf({ organizationId, also, search, including, includedIn }: RoleFilter): RawQueryFragment {
  const home = uuidOrNull(organizationId)
  const pattern = search === undefined ? null : `%${escapeLike(search)}%`
  const [below, above] = [uuidOrNull(including), uuidOrNull(includedIn)]
  return sql`r.deleted_at is null and (r.organization_id is not distinct from ${home}::uuid or r.id = any(${uuidsOf(also)}::uuid[]))
    and (${pattern}::text is null or r.name ilike ${pattern}::text)
    and (${below}::uuid is null or exists (select 1 from role_closure c where c.role_id = r.id and c.included_id = ${below}::uuid))
    and (${above}::uuid is null or exists (select 1 from role_closure c join roles o on o.id = c.role_id
      where c.role_id = ${above}::uuid and c.included_id = r.id and o.organization_id is not distinct from ${home}::uuid))`
}

/** One page by name, with one row more if there is a next page. */
function rolesByName(em: SqlEntityManager, which: RoleFilter, after: readonly unknown[] | null, limit: number): Promise<Role[]> {
  const [name, id] = after === null ? [null, null] : [String(after[0]), uuidOf(String(after[1]))]
  const isLater = sql`(${name}::text is null or (r.name, r.id) > (${name}::text, ${id}::uuid))`
  return selectRoles(em, sql`where ${conditionOf(which)} and ${isLater} order by r.name, r.id limit ${limit + 1}`)
}

async function countRoles(em: SqlEntityManager, which: RoleFilter): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(sql`select count(*)::int as count from roles r where ${conditionOf(which)}`)
  return row?.count ?? 0
}

/** The roles of the installation that an actor may know in an organization: all of them, or those whose permissions they hold there. */
async function usableInstallation(em: SqlEntityManager, actor: Actor, organizationId: OrganizationId): Promise<readonly RoleId[]> {
  const graph = await loadRoles(em, { home: null })
  const all = seesInstallationRoles(actor)
  const isUsable = ({ id, builtIn }: GraphRole) => all || (!builtIn && holdsAt(actor, patternsIn(graph, id), { organizationId }))
  return [...graph.values()].filter(isUsable).map(({ id }) => idOf('rol', id))
}
