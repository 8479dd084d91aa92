import type { Ports } from '../ports/index.ts'
import { derivedToken, equalInConstantTime, idInToken } from '../tokens/index.ts'
import type { InvitationId } from './model.ts'

/** The token of an invitation as it is now: a renewal has another expiry, and so another token. The same each time it is asked for. */
export async function tokenOf({ cipher }: Pick<Ports, 'cipher'>, invitation: { id: InvitationId; expiresAt: Date }): Promise<string> {
  const { id, expiresAt } = invitation
  return derivedToken('invite', id, await cipher.fingerprint('invitation', `${id}\n${expiresAt.getTime()}`))
}

/** The invitation that a link names; null: it is none of ours. It still has to be proved. */
export function namedBy(token: string): InvitationId | null {
  return idInToken('invite', token)
}

/** Whether this is the token that the hash was made of. */
export function proves({ digest }: Pick<Ports, 'digest'>, token: string, hash: string): boolean {
  return equalInConstantTime(digest.sha256(token), hash)
}
