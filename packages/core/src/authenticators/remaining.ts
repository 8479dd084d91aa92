import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext } from '../kernel/context.ts'
import { uuidOf } from '../kernel/id.ts'
import { lastWayIn, type UserId } from '../users/index.ts'

/** The authenticators that a user can sign in with. */
export interface Authenticators {
  readonly password: boolean
  readonly passkeys: number
  readonly identities: number
  /** Of use for signing in only where mail is sent. */
  readonly verifiedEmail: boolean
}

/** Loads what a user can sign in with. */
export async function authenticatorsOf(em: SqlEntityManager, userId: UserId): Promise<Authenticators> {
  const id = uuidOf(userId)
  const [row] = await em.execute<[Authenticators]>(
    `select exists (select 1 from passwords where user_id = ?) as password,
        (select count(*) from passkeys where user_id = ?)::int as passkeys,
        (select count(*) from identities where user_id = ?)::int as identities,
        exists (select 1 from users where id = ? and email is not null and email_verified) as "verifiedEmail"`,
    [id, id, id, id],
  )
  return row
}

/**
 * Refuses if a user has nothing left to sign in with. Call it after removing something, with the user's row
 * locked. A verified address is something where links and codes can be mailed to it.
 */
export async function ensureAuthenticatorLeft({ em, ports }: Pick<CommandContext, 'em' | 'ports'>, userId: UserId): Promise<void> {
  const { password, passkeys, identities, verifiedEmail } = await authenticatorsOf(em, userId)
  if (!password && !(verifiedEmail && ports.mailer.isConfigured) && passkeys + identities === 0) throw lastWayIn({})
}
