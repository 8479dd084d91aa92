import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidOf, uuidsOf } from '../../kernel/id.ts'
import type { OrganizationId } from '../../organizations/index.ts'
import type { UserId, UserKind, UserStatus } from '../../users/index.ts'

/** SQL expression: the exact number of users of a status and kind; null: of any. */
export const sumOfCounters = `(select coalesce(sum(amount), 0)::int from user_counters
  where status = coalesce(?::text, status) and kind = coalesce(?::text, kind))`

/**
 * The exact number of users, optionally of one status or kind: in a
 * millisecond, however many there are. Only for the whole installation, and for
 * no other condition.
 */
export async function countFromCounters(
  em: SqlEntityManager,
  { status, kind }: { readonly status?: UserStatus | undefined; readonly kind?: UserKind | undefined },
): Promise<number> {
  const [row] = await em.execute<[{ count: number }]>(`select ${sumOfCounters} as count`, [status ?? null, kind ?? null])
  return row.count
}

/**
 * Stores when users were seen, unless a later time is stored. Users that are deleted, or being
 * deleted, are skipped: this waits for no lock.
 */
export async function writeLastSeen(em: SqlEntityManager, seen: readonly (readonly [userId: UserId, at: Date])[]): Promise<void> {
  const ids = seen.map(([userId]) => uuidOf(userId))
  const times = seen.map(([, at]) => at.toISOString())
  await em.execute(
    `with there as (
        select u.id, s.at from unnest(?::uuid[], ?::timestamptz[]) as s (id, at) join users u on u.id = s.id
          order by u.id for key share of u skip locked)
      insert into user_activity as a (user_id, last_seen_at) select id, at from there order by id
        on conflict (user_id) do update set last_seen_at = excluded.last_seen_at where a.last_seen_at < excluded.last_seen_at`,
    [`{${ids.join(',')}}`, `{${times.join(',')}}`],
    'run',
  )
}

/** Outcomes that are failed attempts; the others concern sessions, or lead to a further step. */
const failures = `'unknownUser', 'wrongPassword', 'wrongFactor', 'wrongCode', 'wrongIdentity', 'notActive', 'addressNotAllowed', 'locked', 'tooManySessions'`

/** What a user has right now. */
interface Presence {
  readonly lastSeenAt: Date | null
  readonly activeSessions: number
}

/** The presence of somebody who was never seen. */
export const absent: Presence = { lastSeenAt: null, activeSessions: 0 }

/** For every user of a page, in one query. */
export async function presenceOf(em: SqlEntityManager, userIds: readonly UserId[], now: Date): Promise<ReadonlyMap<UserId, Presence>> {
  const rows = await em.execute<{ id: string; seen: number | null; sessions: number }[]>(
    `select p.id::text as id, (extract(epoch from a.last_seen_at) * 1000)::float8 as seen,
        (select count(*) from sessions s where s.user_id = p.id and s.ended_at is null and s.expires_at > ?)::int as sessions
      from unnest(?::uuid[]) as p (id) left join user_activity a on a.user_id = p.id`,
    [now, uuidsOf(userIds)],
  )
  return new Map(
    rows.map(({ id, seen, sessions }) => [
      idOf('usr', id),
      { lastSeenAt: seen === null ? null : new Date(seen), activeSessions: sessions },
    ]),
  )
}

interface HistoryRecord {
  readonly sessions: number
  readonly active_tokens: number
  readonly organizations: number
  readonly succeeded: number
  readonly failed: number
  readonly last_succeeded: number | null
  readonly last_failed: number | null
}

/** What a user has, and how its sign-ins went. Only the organizations in `known` are counted; null: all. */
export async function historyOf(em: SqlEntityManager, userId: UserId, known: readonly OrganizationId[] | null, now: Date) {
  const among = known === null ? null : uuidsOf(known)
  const [row] = await em.execute<[HistoryRecord]>(
    `select
        (select count(*) from sessions s where s.user_id = l.user_id)::int as sessions,
        (select count(*) from tokens t where t.user_id = l.user_id and t.kind <> 'refresh' and t.revoked_at is null and (t.expires_at is null or t.expires_at > ?))::int as active_tokens,
        (select count(*) from memberships m join organizations o on o.id = m.organization_id and o.status = 'active'
          where m.user_id = l.user_id and (?::uuid[] is null or o.id = any(?::uuid[])))::int as organizations,
        l.succeeded, l.failed, l.last_succeeded, l.last_failed
      from (select ?::uuid as user_id, (count(*) filter (where outcome = 'succeeded'))::int as succeeded,
          (count(*) filter (where outcome in (${failures})))::int as failed,
          (extract(epoch from max(at) filter (where outcome = 'succeeded')) * 1000)::float8 as last_succeeded,
          (extract(epoch from max(at) filter (where outcome in (${failures}))) * 1000)::float8 as last_failed
        from login_attempts where user_id = ?::uuid) l`,
    [now, among, among, uuidOf(userId), uuidOf(userId)],
  )
  const at = (time: number | null) => (time === null ? null : new Date(time))
  return {
    sessions: row.sessions,
    activeTokens: row.active_tokens,
    organizations: row.organizations,
    signIns: {
      succeeded: row.succeeded,
      failed: row.failed,
      lastSucceededAt: at(row.last_succeeded),
      lastFailedAt: at(row.last_failed),
    },
  }
}
