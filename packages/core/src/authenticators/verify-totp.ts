import type { CommandContext } from '../kernel/context.ts'
import { uuidOf } from '../kernel/id.ts'
import { openSealed } from '../kernel/sealed.ts'
import type { Ports } from '../ports/index.ts'
import type { UserId } from '../users/index.ts'
import { stepOf } from './totp.ts'

/** The sealing context of a user's key: it cannot be used for another user, even by somebody who can write rows. */
const sealedFor = (userId: UserId) => `totp/${userId}`

export function sealKey({ cipher }: Pick<Ports, 'cipher'>, userId: UserId, key: string): Promise<string> {
  return cipher.seal(sealedFor(userId), key)
}

/** The key in base32. Throws `request.sealedElsewhere` when it was sealed for somebody else or under another master key. */
export function openKey({ cipher }: Pick<Ports, 'cipher'>, userId: UserId, sealed: string): Promise<string> {
  return openSealed(cipher, sealedFor(userId), sealed)
}

/**
 * Whether the code is the one that the user's authenticator app shows now. A time step
 * is used up in one statement: a code is accepted once, in whichever challenge, and of
 * many who bring it at once one wins. Guesses are counted by whoever asks.
 */
export async function verifyTotp(context: CommandContext, userId: UserId, code: string): Promise<boolean> {
  const { em, now, ports } = context
  const id = uuidOf(userId)
  const [factor] = await em.execute<{ sealed_key: string }[]>(
    'select sealed_key from totp_factors where user_id = ? and sealed_key is not null and activated_at is not null',
    [id],
  )
  if (factor === undefined) return false
  const step = stepOf(await openKey(ports, userId, factor.sealed_key), code, now)
  if (step === null) return false
  const used = await em.execute<unknown[]>(
    `update totp_factors set last_step = ? where user_id = ? and sealed_key = ? and activated_at is not null
        and (last_step is null or last_step < ?) returning 1`,
    [step, id, factor.sealed_key, step],
  )
  return used.length === 1
}
