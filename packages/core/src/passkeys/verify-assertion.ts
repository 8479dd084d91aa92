import { verifyAuthenticationResponse, type AuthenticationResponseJSON, type WebAuthnCredential } from '@simplewebauthn/server'
import { isoBase64URL } from '@simplewebauthn/server/helpers'
import type { CommandContext } from '../kernel/context.ts'
import { uuidOf } from '../kernel/id.ts'
import type { UserId } from '../users/index.ts'
import { PasskeyRow } from './entity.ts'
import type { AssertionResponse } from './model.ts'
import { relyingPartyOf } from './relying-party.ts'

interface ExpectedAssertion {
  /** The owner of the passkey; null: any user, the response says whom. */
  readonly userId: UserId | null
  /** The challenge that was signed, in base64url. The caller ensures that it is used once. */
  readonly challenge: string
  readonly response: AssertionResponse
}

/**
 * Verifies an assertion and returns the passkey's user; null: not valid. The
 * authenticator must have checked that it is its owner (a PIN, a finger), so that a
 * passkey proves two factors by itself. One that counts its signatures and falls
 * behind was copied, and is refused.
 */
export async function verifyAssertion(
  context: CommandContext,
  { userId, challenge, response }: ExpectedAssertion,
): Promise<{ userId: UserId } | null> {
  const { em, now, settings } = context
  const passkey = await em.findOne(PasskeyRow, { credentialId: response.id, ...(userId !== null && { userId }) })
  if (passkey === null || !hasUserHandleOf(response, passkey.userId, userId === null)) return null
  const party = relyingPartyOf(settings)
  const verified = await verifyAuthenticationResponse({
    response: plain(response),
    expectedChallenge: challenge,
    expectedOrigin: party.origins,
    expectedRPID: party.id,
    credential: credentialOf(passkey),
    requireUserVerification: true,
    // The library throws for every invalid response.
  }).catch(() => null)
  if (verified?.verified !== true) return null
  const { newCounter, credentialBackedUp } = verified.authenticationInfo
  const used = await em.execute<unknown[]>(
    `update passkeys set counter = ?, backed_up = ?, last_used_at = ?
      where id = ? and (counter < ? or counter = 0 and ? = 0) returning 1`,
    [newCounter, credentialBackedUp, now, uuidOf(passkey.id), newCounter, newCounter],
  )
  return used.length === 1 ? { userId: passkey.userId } : null
}

/** The user handle (WebAuthn: 14.6.1): reveals nothing about the user. */
export function userHandleOf(userId: UserId): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(userId)
}

/** Whether the response belongs to the user. If the caller did not name one, the user handle is required (WebAuthn: 7.2, step 6). */
function hasUserHandleOf({ response: { userHandle } }: AssertionResponse, userId: UserId, mustSay: boolean): boolean {
  return userHandle === undefined ? !mustSay : userHandle === isoBase64URL.fromBuffer(userHandleOf(userId))
}

/** The response in the shape that the library takes. */
function plain({
  id,
  rawId,
  type,
  response: { clientDataJSON, authenticatorData, signature },
}: AssertionResponse): AuthenticationResponseJSON {
  return { id, rawId, type, response: { clientDataJSON, authenticatorData, signature }, clientExtensionResults: {} }
}

function credentialOf({ credentialId, publicKey, counter, transports }: PasskeyRow): WebAuthnCredential {
  return { id: credentialId, publicKey: isoBase64URL.toBuffer(publicKey), counter: Number(counter), transports }
}
