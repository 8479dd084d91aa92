import type { SqlEntityManager } from '@mikro-orm/sql'
import { unauthenticated } from '../kernel/errors.ts'
import { uuidOf, type Id } from '../kernel/id.ts'
import { proofLifetime, sudoLifetime, type SessionId } from './model.ts'

interface Proof {
  readonly userId: Id<'usr'>
  readonly sessionId: SessionId
  readonly assurance: 'aal1' | 'aal2'
  /** What was proved, as in RFC 8176; joins what the session knows already. */
  readonly authMethods: readonly string[]
}

/** Writes down that whoever holds a session has just proved to be its user. Until when that counts. */
export async function recordReauthentication(
  em: SqlEntityManager,
  { userId, sessionId, assurance, authMethods }: Proof,
  now: Date,
): Promise<Date> {
  const [row] = await em.execute<{ sudo: boolean }[]>(
    `update sessions s set proved_at = ?, assurance = ?,
        auth_methods = s.auth_methods || array(select m from unnest(?::text[]) m where m <> all (s.auth_methods))
      from users u where u.id = s.user_id and s.id = ? and s.user_id = ? and s.ended_at is null returning u.sudo_session_enabled as sudo`,
    [now, assurance, `{${authMethods.join(',')}}`, uuidOf(sessionId), uuidOf(userId)],
  )
  if (row === undefined) throw unauthenticated({})
  return new Date(now.getTime() + (row.sudo ? sudoLifetime : proofLifetime))
}
