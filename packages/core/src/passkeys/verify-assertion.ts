import { verifyAuthenticationResponse, type AuthenticationResponseJSON, type WebAuthnCredential } from '@simplewebauthn/server'
import { isoBase64URL } from '@simplewebauthn/server/helpers'
import type { CommandContext } from '../kernel/context.ts'
import { uuidOf } from '../kernel/id.ts'
import type { UserId } from '../users/index.ts'
import { PasskeyRow } from './entity.ts'
import type { AssertionResponse } from './model.ts'
import { relyingPartyOf } from './relying-party.ts'

interface ExpectedAssertion {
  /** Whose passkey it must be; null: anybody's, the passkey says whose. */
  readonly userId: UserId | null
  /** What was to be signed, in base64url. That it is used once is up to the caller. */
  readonly challenge: string
  readonly response: AssertionResponse
}

/**
 * Whose passkey signed the challenge; null: nobody's, or not one that counts here. The
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
    // What the library throws says what is wrong with the response, whatever it is: it proves nothing.
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

/** What a user is called inside authenticators: nothing that tells a finder who it is. */
export function userHandleOf(userId: UserId): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(userId)
}

/** Whether the response is of the user. Where the caller did not name one, it has to say so itself (WebAuthn: 7.2, step 6). */
function hasUserHandleOf({ response: { userHandle } }: AssertionResponse, userId: UserId, mustSay: boolean): boolean {
  return userHandle === undefined ? !mustSay : userHandle === isoBase64URL.fromBuffer(userHandleOf(userId))
}

/** As the library takes it: an absent field is absent. */
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
