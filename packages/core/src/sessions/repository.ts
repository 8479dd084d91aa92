import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Id } from '../kernel/id.ts'
import { uuidOf } from '../kernel/id.ts'
import { SessionRow } from './entity.ts'
import { sessionLifetime, type EndReason, type SessionId } from './model.ts'

interface NewSession {
  readonly id: SessionId
  readonly userId: Id<'usr'>
  readonly organizationId: Id<'org'> | null
  readonly authMethods: string[]
  readonly ip: string | null
  readonly userAgent: string | null
  readonly now: Date
}

/** Begins a session. */
export function beginSession(em: SqlEntityManager, { now, ...session }: NewSession): SessionRow {
  const row = em.create(SessionRow, {
    ...session,
    assurance: 'aal1',
    createdAt: now,
    expiresAt: new Date(now.getTime() + sessionLifetime),
    endedAt: null,
    endReason: null,
  })
  em.persist(row)
  return row
}

export interface Ended {
  readonly sessionsEnded: number
  readonly tokensEnded: number
}

/** Ends sessions that still run, with every token of theirs, and says how many of each. */
export async function endSessions(
  em: SqlEntityManager,
  which: { userId: Id<'usr'>; sessionId?: SessionId },
  reason: EndReason,
  now: Date,
): Promise<Ended> {
  const [row] = await em.execute<[{ sessions: number; tokens: number }]>(
    `with ended as (
        update sessions set ended_at = ?, end_reason = ?
          where user_id = ? and (?::uuid is null or id = ?) and ended_at is null and expires_at > ? returning 1),
      revoked as (
        update tokens set revoked_at = ?
          where user_id = ? and (?::uuid is null or session_id = ?) and revoked_at is null and expires_at > ? returning 1)
      select (select count(*) from ended)::int as sessions, (select count(*) from revoked)::int as tokens`,
    [...endParameters(which, now, reason), ...endParameters(which, now)],
  )
  return { sessionsEnded: row.sessions, tokensEnded: row.tokens }
}

function endParameters(which: { userId: Id<'usr'>; sessionId?: SessionId }, now: Date, reason?: EndReason): unknown[] {
  const session = which.sessionId === undefined ? null : uuidOf(which.sessionId)
  return [now, ...(reason === undefined ? [] : [reason]), uuidOf(which.userId), session, session, now]
}
