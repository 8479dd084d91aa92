import { raw, sql, type SqlEntityManager } from '@mikro-orm/sql'
import type { Id } from '../kernel/id.ts'
import { uuidOf, uuidOrNull } from '../kernel/id.ts'
import { SessionRow } from './entity.ts'
import { deviceOf } from './device.ts'
import type { EndReason, SessionId } from './model.ts'

interface Impersonation {
  readonly by: Id<'usr'>
  readonly from: SessionId
  /** The organization that it is limited to; null: no limit. */
  readonly onlyIn: Id<'org'> | null
  readonly reason: string
}

interface NewSession {
  readonly id: SessionId
  readonly userId: Id<'usr'>
  readonly organizationId: Id<'org'> | null
  readonly authMethods: string[]
  readonly assurance: 'aal1' | 'aal2'
  readonly impersonation: Impersonation | null
  readonly expiresAt: Date
  readonly ip: string | null
  readonly userAgent: string | null
  readonly now: Date
}

/** Begins a session. */
export function insertSession(em: SqlEntityManager, { now, impersonation, ...session }: NewSession): SessionRow {
  const row = em.create(SessionRow, {
    ...session,
    ...deviceOf(session.userAgent),
    createdAt: now,
    lastSeenAt: now,
    provedAt: now,
    impersonatorId: impersonation?.by ?? null,
    impersonatorSessionId: impersonation?.from ?? null,
    onlyOrganizationId: impersonation?.onlyIn ?? null,
    impersonationReason: impersonation?.reason ?? null,
    endedAt: null,
    endedBy: null,
    endReason: null,
  })
  em.persist(row)
  return row
}

export interface Ended {
  readonly sessionsEnded: number
  readonly tokensEnded: number
}

/** Which sessions to end, and who ends them. */
export interface SessionsToEnd {
  readonly userId: Id<'usr'>
  /** Only this one; without it all sessions of the user. */
  readonly sessionId?: SessionId
  /** All but this one. */
  readonly except?: SessionId | null
  /** Who ends them, if not the user. */
  readonly by?: Id<'usr'> | null
  /** Only sessions end: API tokens stay. */
  readonly keepApiTokens?: true
}

/** When impersonations are over: now, or later than that but earlier than they would be. */
export async function shortenImpersonations(
  em: SqlEntityManager,
  ends: readonly { readonly id: SessionId; readonly at: Date; readonly isOver: boolean }[],
): Promise<void> {
  await em.execute(
    `with wanted as (select * from json_to_recordset(?::json) as w (id uuid, at timestamptz, is_over boolean) order by id),
      ended as (
        update sessions s set expires_at = case when w.is_over then s.expires_at else least(s.expires_at, w.at) end,
            ended_at = case when w.is_over then w.at end, ended_by = case when w.is_over then s.impersonator_id end,
            end_reason = case when w.is_over then 'impersonationOver' end
          from wanted w where s.id = w.id and s.ended_at is null returning s.id, w.at, w.is_over)
      update tokens t set revoked_at = e.at from ended e where e.is_over and t.session_id = e.id and t.revoked_at is null`,
    [JSON.stringify(ends.map(({ id, at, isOver }) => ({ id: uuidOf(id), at, is_over: isOver })))],
    'run',
  )
}

/**
 * Ends running sessions with all their tokens, and the impersonations that were begun in them, which are not counted.
 * Invalidating the session or its user drops these too.
 */
export async function endSessions(em: SqlEntityManager, which: SessionsToEnd, reason: EndReason, now: Date): Promise<Ended> {
  const { userId, sessionId, except, by, keepApiTokens } = which
  const [one, kept, endedBy] = [sessionId, except, by].map(uuidOrNull)
  const asked = sql`select ${now}::timestamptz as now, ${reason}::text as reason, ${endedBy}::uuid as by, ${uuidOf(userId)}::uuid as user_id,
    ${one}::uuid as one, ${kept}::uuid as kept, ${keepApiTokens === true}::boolean as keep_api`
  const [row] = await em.execute<[{ sessions: number; tokens: number }]>(sql`with asked as (${asked}), ${raw(endingSessions)}`)
  return { sessionsEnded: row.sessions, tokensEnded: row.tokens }
}

const endingSessions = `ended as (
    update sessions s set ended_at = a.now, end_reason = a.reason, ended_by = a.by from asked a
      where s.user_id = a.user_id and (a.one is null or s.id = a.one) and (a.kept is null or s.id <> a.kept)
        and s.ended_at is null and s.expires_at > a.now returning s.id),
  impersonations as (
    update sessions s set ended_at = a.now, end_reason = 'impersonationOver', ended_by = s.impersonator_id from asked a
      where s.impersonator_session_id in (select id from ended) and s.ended_at is null returning s.id),
  over as (
    update tokens t set revoked_at = a.now from asked a where t.session_id in (select id from impersonations) and t.revoked_at is null),
  revoked as (
    update tokens t set revoked_at = a.now from asked a
      where t.user_id = a.user_id and (a.one is null or t.session_id = a.one) and (a.kept is null or t.session_id is distinct from a.kept)
        and (t.session_id is not null or not a.keep_api) and t.revoked_at is null and (t.expires_at is null or t.expires_at > a.now)
      returning t.kind)
  select (select count(*) from ended)::int as sessions, (select count(*) from revoked where kind <> 'refresh')::int as tokens`

/** Stores when sessions were last used, unless a later time is stored. Locked rows are skipped: this waits for no lock. */
export async function writeSessionsSeen(em: SqlEntityManager, seen: readonly (readonly [sessionId: SessionId, at: Date])[]): Promise<void> {
  const ids = seen.map(([id]) => uuidOf(id))
  const times = seen.map(([, at]) => at.toISOString())
  await em.execute(
    `with there as (
        select s.id, n.at from unnest(?::uuid[], ?::timestamptz[]) as n (id, at) join sessions s on s.id = n.id
          where s.last_seen_at < n.at and s.ended_at is null order by s.id for no key update of s skip locked)
      update sessions s set last_seen_at = t.at from there t where s.id = t.id`,
    [`{${ids.join(',')}}`, `{${times.join(',')}}`],
    'run',
  )
}
