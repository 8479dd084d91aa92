import { raw, sql, type SqlEntityManager } from '@mikro-orm/sql'
import { idOf, idOrNull, uuidOrNull } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { isManaged } from '../../users/index.ts'
import { dateOrNull, isCurrent, knownTables, lastUse, type ReviewQuery } from './grants.ts'
import type { ReviewItem } from './signatures.ts'

interface RoleRecord {
  readonly id: string
  readonly name: string
  readonly organization: string | null
  readonly since: number
  readonly assigned: boolean
  readonly last_used: number | null
}

/** Custom roles that nobody has, directly or through another role; or that were assigned before that time and not used since. */
export async function unusedRoles(em: SqlEntityManager, catalogue: Catalogue, review: ReviewQuery): Promise<ReviewItem[]> {
  const { organizationId, unusedSince, now, after, limit } = review
  const [home, last] = [uuidOrNull(organizationId), raw(lastUse)]
  const rows = await em.execute<RoleRecord[]>(
    sql`with ${knownTables(catalogue)}
      select r.id::text as id, r.name, r.organization_id::text as organization, (extract(epoch from r.created_at) * 1000)::float8 as since,
        l.assigned, (extract(epoch from l.last_used) * 1000)::float8 as last_used
      from roles r cross join lateral (
        select count(*) > 0 as assigned, min(greatest(a.granted_at, a.valid_from)) as assigned_since, max(${last}) as last_used
          from (select g.user_id, g.team_id, r.id as role_id, null::text as permission, g.scope_kind, g.organization_id, g.granted_at, g.valid_from,
                g.revoked_at, g.valid_until
              from role_assignments g where g.role_id = r.id or g.role_id in (select c.role_id from role_closure c where c.included_id = r.id)) a
          where ${isCurrent(now)}) l
      where not r.built_in and r.deleted_at is null and r.created_at < ${unusedSince}::timestamptz
        and (${home}::uuid is null or r.organization_id = ${home}::uuid)
        and (${after}::uuid is null or r.id > ${after}::uuid)
        and (not l.assigned
          or (l.assigned_since < ${unusedSince}::timestamptz and (l.last_used is null or l.last_used < ${unusedSince}::timestamptz)))
      order by r.id limit ${limit}`,
  )
  return rows.map(roleOf)
}

function roleOf({ id, name, organization, since, assigned, last_used }: RoleRecord): ReviewItem {
  const roleId = idOf('rol', id)
  return {
    kind: 'role',
    id: roleId,
    name,
    reason: !assigned ? 'unassigned' : last_used === null ? 'neverUsed' : 'unused',
    subject: null,
    scope: null,
    organizationId: idOrNull('org', organization),
    lastUsedAt: dateOrNull(last_used),
    since: new Date(since),
    givenBy: null,
    remedy: { action: 'roles.delete', input: { roleId } },
  }
}

interface TokenRecord {
  readonly id: string
  readonly name: string
  readonly user: string
  readonly username: string
  readonly organization: string | null
  readonly since: number
  readonly given_by: string | null
  readonly last_used: number | null
}

/**
 * Valid API tokens that were not used since. An organization reviews those of the accounts that it manages, without tokens for other
 * organizations.
 */
export async function unusedTokens(
  em: SqlEntityManager,
  { organizationId, unusedSince, now, after, limit }: ReviewQuery,
): Promise<ReviewItem[]> {
  const home = uuidOrNull(organizationId)
  const rows = await em.execute<TokenRecord[]>(
    sql`select t.id::text as id, t.name, t.user_id::text as user, u.username, t.organization_id::text as organization,
        (extract(epoch from t.created_at) * 1000)::float8 as since, t.created_by::text as given_by, (extract(epoch from t.last_used_at) * 1000)::float8 as last_used
      from tokens t join users u on u.id = t.user_id
      where t.kind = 'api' and t.revoked_at is null and t.replaced_by is null and (t.expires_at is null or t.expires_at > ${now}::timestamptz)
        and coalesce(t.last_used_at, t.created_at) < ${unusedSince}::timestamptz and (${after}::uuid is null or t.id > ${after}::uuid)
        and (${home}::uuid is null or ((t.organization_id is null or t.organization_id = ${home}::uuid) and ${raw(isManaged, [home])}))
      order by t.id limit ${limit}`,
  )
  return rows.map(tokenOf)
}

function tokenOf({ id, name, user, username, organization, since, given_by, last_used }: TokenRecord): ReviewItem {
  const tokenId = idOf('tok', id)
  return {
    kind: 'token',
    id: tokenId,
    name,
    reason: last_used === null ? 'neverUsed' : 'unused',
    subject: { kind: 'user', id: idOf('usr', user), name: username },
    scope: null,
    organizationId: idOrNull('org', organization),
    lastUsedAt: dateOrNull(last_used),
    since: new Date(since),
    givenBy: idOrNull('usr', given_by),
    remedy: { action: 'tokens.revoke', input: { tokenId } },
  }
}

/** When recording of uses began: when this database got the table. */
export async function usesRecordedSince(em: SqlEntityManager, now: Date): Promise<Date> {
  const [row] = await em.execute<{ since: number | null }[]>(
    `select (extract(epoch from least((select executed_at from denizen_migrations where name = '0006-access'),
      (select min(last_used_at) from permission_uses))) * 1000)::float8 as since`,
  )
  return dateOrNull(row?.since ?? null) ?? now
}
