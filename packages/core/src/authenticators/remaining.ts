import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf } from '../kernel/id.ts'
import { lastWayIn, type UserId } from '../users/index.ts'

/** What a user can sign in with. */
export interface Authenticators {
  readonly password: boolean
  readonly passkeys: number
  readonly identities: number
  /** A link or a code can be mailed to them. */
  readonly verifiedEmail: boolean
}

/** What a user can sign in with now. */
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
 * Whoever takes away something to sign in with asks afterwards, with the user's row
 * locked: another way in must be left, or all is taken back.
 */
export async function ensureAuthenticatorLeft(em: SqlEntityManager, userId: UserId): Promise<void> {
  const { password, passkeys, identities, verifiedEmail } = await authenticatorsOf(em, userId)
  if (!password && !verifiedEmail && passkeys + identities === 0) throw lastWayIn({})
}
