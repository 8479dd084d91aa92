import type { Ports } from '../ports/index.ts'
import { derivedToken, equalInConstantTime, idInToken } from '../tokens/index.ts'
import type { InvitationId } from './model.ts'

/** Derives the token of an invitation. A renewal has another expiry, and so another token. */
export async function tokenOf({ cipher }: Pick<Ports, 'cipher'>, invitation: { id: InvitationId; expiresAt: Date }): Promise<string> {
  const { id, expiresAt } = invitation
  return derivedToken('invite', id, await cipher.fingerprint('invitation', `${id}\n${expiresAt.getTime()}`))
}

/** The id in a link's token; null: not an invitation token. The token is not verified yet. */
export function namedBy(token: string): InvitationId | null {
  return idInToken('invite', token)
}

/** Verifies a token against its hash. */
export function proves({ digest }: Pick<Ports, 'digest'>, token: string, hash: string): boolean {
  return equalInConstantTime(digest.sha256(token), hash)
}
