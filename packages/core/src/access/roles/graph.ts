import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Catalogue } from '../../kernel/signature.ts'
import { builtInRoles, hasPermission, permissionsOf } from '../../grants/index.ts'
import type { BuiltInRoleName } from '../../grants/model.ts'

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

/** Which roles to load: these, or all that can be assigned in an organization (null: on the whole system). */
export type RoleSelection = { readonly ids: readonly string[] } | { readonly home: string | null }

/** Loads roles with their permissions and inclusions at a time. A deleted role exists until its deletion. */
export async function loadRoleGraph(em: SqlEntityManager, wanted: RoleSelection, at: Date): Promise<RoleGraph> {
  const [roots, parameter] =
    'ids' in wanted
      ? ['select unnest(?::uuid[])', `{${[...new Set(wanted.ids)].join(',')}}`]
      : ['select r.id from roles r where r.organization_id is null or r.organization_id = ?::uuid', wanted.home]
  const rows = await em.execute<(Omit<GraphRole, 'permissions' | 'includes' | 'builtIn'> & GraphRecord)[]>(
    `with recursive t as (select ?::timestamptz as at),
      reached (id) as (${roots} union
        select i.included_id from reached d, t, role_inclusions i where i.role_id = d.id and i.added_at <= t.at and (i.removed_at is null or i.removed_at > t.at))
    select r.id::text as id, r.name, r.built_in, r.organization_id::text as organization,
        (select json_agg(distinct p.permission) from role_permissions p
          where p.role_id = r.id and p.granted_at <= t.at and (p.revoked_at is null or p.revoked_at > t.at))::text as permissions,
        (select json_agg(distinct i.included_id) from role_inclusions i
          where i.role_id = r.id and i.added_at <= t.at and (i.removed_at is null or i.removed_at > t.at))::text as includes
      from t, roles r where r.id in (select id from reached) and (r.deleted_at is null or r.deleted_at > t.at)`,
    [at, parameter],
  )
  return new Map(
    rows.map(({ id, name, organization, built_in: builtIn, permissions, includes }) => [
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

interface GraphRecord {
  readonly built_in: boolean
  readonly permissions: string | null
  readonly includes: string | null
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
