import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf } from '../../kernel/id.ts'
import type { OrganizationId } from '../../organizations/index.ts'
import { isManaged } from '../../users/index.ts'
import type { UserKind, UserStatus } from '../../users/index.ts'

/** How many users there are, and of which kinds, in one consistent snapshot. */
export interface Census {
  readonly kinds: readonly (readonly [status: UserStatus, kind: UserKind, isBot: boolean, count: number])[]
  /** How many were created in the last 24 hours, 7 days and 30 days. */
  readonly created: readonly [number, number, number]
  /** How many have each role: of the installation, or of an organization. */
  readonly roles: Readonly<Record<string, number>>
  readonly oldest: Date | null
  readonly newest: Date | null
}

interface CensusRecord {
  kinds: string | null
  day: number
  week: number
  month: number
  roles: string | null
  oldest: number | null
  newest: number | null
}

const hour = 3_600_000
const day = 24 * hour

/** All users: from the counters, so it takes as long for a million as for ten. */
export async function censusOfAll(em: SqlEntityManager, now: Date): Promise<Census> {
  const edges = [1, 7, 30].flatMap((days) => {
    const since = now.getTime() - days * day
    const wholeHour = new Date(Math.ceil(since / hour) * hour)
    return [wholeHour, new Date(since), wholeHour]
  })
  const [record] = await em.execute<[CensusRecord]>(ofAll, [...edges, now, now])
  return censusFrom(record)
}

/** Whole hours come from the counters, the partial hour before them from the users. */
const createdSince = `((select coalesce(sum(amount), 0) from user_creation_counters where hour >= ?::timestamptz)
    + (select count(*) from users where created_at >= ?::timestamptz and created_at < ?::timestamptz))::int`

const ofAll = `select
    (select json_agg(json_build_array(status, kind, is_bot, amount))::text from (
      select status, kind, is_bot, sum(amount)::int as amount from user_counters group by 1, 2, 3) k) as kinds,
    ${createdSince} as day, ${createdSince} as week, ${createdSince} as month,
    (select json_object_agg(r.name, (select coalesce(sum(c.amount), 0) from role_counters c where c.role_id = r.id)
        + (select count(*) from role_assignments a
            where a.role_id = r.id and a.scope_kind = 'system' and a.revoked_at is null and (a.valid_until is not null or a.valid_from > a.granted_at)
              and a.valid_from <= ?::timestamptz and (a.valid_until is null or a.valid_until > ?::timestamptz)))::text
      from roles r where r.organization_id is null and r.deleted_at is null) as roles,
    (select extract(epoch from min(created_at)) * 1000 from users)::float8 as oldest,
    (select extract(epoch from max(created_at)) * 1000 from users)::float8 as newest`

/** The users whom an organization manages, counted along the index of its accounts. */
export async function censusOfManaged(em: SqlEntityManager, organizationId: OrganizationId, now: Date): Promise<Census> {
  const id = uuidOf(organizationId)
  const since = [1, 7, 30].map((days) => new Date(now.getTime() - days * day))
  const [record] = await em.execute<[CensusRecord]>(ofManaged, [id, ...since, id])
  return censusFrom(record)
}

const ofManaged = `with managed as materialized (select u.id, u.status, u.kind, u.is_bot, u.created_at from users u where ${isManaged})
  select
    (select json_agg(json_build_array(status, kind, is_bot, amount))::text from (
      select status, kind, is_bot, count(*) as amount from managed group by 1, 2, 3) k) as kinds,
    (count(*) filter (where created_at >= ?::timestamptz))::int as day,
    (count(*) filter (where created_at >= ?::timestamptz))::int as week,
    (count(*) filter (where created_at >= ?::timestamptz))::int as month,
    (select json_object_agg(role, amount)::text from (
      select m.role, count(*) as amount from managed join memberships m on m.user_id = managed.id and m.organization_id = ?::uuid group by 1) r) as roles,
    (extract(epoch from min(created_at)) * 1000)::float8 as oldest,
    (extract(epoch from max(created_at)) * 1000)::float8 as newest
  from managed`

function censusFrom(record: CensusRecord): Census {
  return {
    kinds: JSON.parse(record.kinds ?? '[]') as Census['kinds'],
    created: [record.day, record.week, record.month],
    roles: JSON.parse(record.roles ?? '{}') as Census['roles'],
    oldest: record.oldest === null ? null : new Date(record.oldest),
    newest: record.newest === null ? null : new Date(record.newest),
  }
}
