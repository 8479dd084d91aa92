import type { CommandContext } from '../kernel/context.ts'
import { uuidOf } from '../kernel/id.ts'
import type { Ports } from '../ports/index.ts'
import type { UserId, UserRow } from '../users/index.ts'
import { RecoveryCodeRow } from './entity.ts'

/** Crockford's letters: none that is taken for another, and what is typed for one of these all the same is read as it. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** Letters of a code: 60 bits. */
const codeLength = 12

/** Codes that a user gets at a time. */
const codeCount = 10

/** A new code, in groups that can be read aloud: `k7dm-3xq9-w2hp`. */
function newRecoveryCode({ random }: Pick<Ports, 'random'>): string {
  const letters = [...random.bytes(codeLength)].map((byte) => alphabet[byte & 31] ?? '').join('')
  return letters.replaceAll(/(.{4})(?=.)/g, '$1-')
}

/** The stored fingerprint of a code, which cannot be guessed without the master key. */
export function hashOfCode({ cipher }: Pick<Ports, 'cipher'>, userId: UserId, code: string): Promise<string> {
  const letters = code.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1')
  return cipher.fingerprint(`recovery/${userId}`, letters)
}

/** New codes in the place of all old ones, also of those that were used. */
export async function replaceRecoveryCodes({ em, now, newId, ports }: CommandContext, user: UserRow): Promise<string[]> {
  const codes = Array.from({ length: codeCount }, () => newRecoveryCode(ports))
  await em.nativeDelete(RecoveryCodeRow, { userId: user.id })
  for (const code of codes) {
    const hash = await hashOfCode(ports, user.id, code)
    em.persist(em.create(RecoveryCodeRow, { id: newId('rec'), userId: user.id, hash, createdAt: now, usedAt: null }))
  }
  return codes
}

/** Uses up a recovery code, in one statement: of many who bring it at once one wins. Guesses are counted by whoever asks. */
export async function consumeRecoveryCode(context: CommandContext, userId: UserId, code: string): Promise<boolean> {
  const { em, now, ports } = context
  const used = await em.execute<unknown[]>(
    'update recovery_codes set used_at = ? where user_id = ? and hash = ? and used_at is null returning 1',
    [now, uuidOf(userId), await hashOfCode(ports, userId, code)],
  )
  if (used.length === 0) return false
  context.emit({ type: 'factors.recoveryCodeUsed', subject: userId, organizationId: null, payload: { userId } })
  return true
}
