import { verifyRegistrationResponse, type RegistrationResponseJSON } from '@simplewebauthn/server'
import { isoBase64URL } from '@simplewebauthn/server/helpers'
import { afterFactorAdded, requireMayEnrol } from '../authenticators/index.ts'
import { defineCommand } from '../kernel/action.ts'
import type { Settings } from '../kernel/settings.ts'
import { signedIn } from '../kernel/rule.ts'
import { beginChallenge, challengeLifetime, finishChallenge, newNonce, tryChallenge } from '../challenges/index.ts'
import { type UserRow, ownAccountTarget, ownAccount } from '../users/index.ts'
import { userHandleOf } from './verify-assertion.ts'
import { PasskeyRow } from './entity.ts'
import { alreadyRegistered, registrationFailed, registrationOver, tooManyPasskeys } from './errors.ts'
import type { AttestationResponse } from './model.ts'
import { relyingPartyOf } from './relying-party.ts'
import { passkeysSignatures } from './signatures.ts'

const mostPasskeys = 20

/** EdDSA, ES256 and RS256 (COSE algorithms): what authenticators make. */
const algorithms = [-8, -7, -257]

/** The AAGUID of authenticators that do not reveal their model. */
const noModel = '00000000-0000-0000-0000-000000000000'

const sensitive = {
  allow: signedIn,
  target: ownAccountTarget,
  handlesSecret: true,
  requiresRecentAuth: true,
  duringPendingStep: true,
} as const

export const beginRegistration = defineCommand(passkeysSignatures.beginRegistration, {
  ...sensitive,
  async handle(context) {
    await requireMayEnrol(context, 'passkey')
    const { em, settings } = context
    const user = await ownAccount(context)
    const passkeys = await em.find(PasskeyRow, { userId: user.id })
    if (passkeys.length >= mostPasskeys) throw tooManyPasskeys({ most: mostPasskeys })
    const nonce = newNonce(context)
    const { text, expiresAt } = beginChallenge(context, { purpose: 'passkeyRegistration', userId: user.id, payload: { nonce } })
    return { challenge: text, options: creationOptions(settings, user, passkeys, nonce), expiresAt }
  },
})

/** Asks for a discoverable passkey with user verification: both factors in one. */
function creationOptions(settings: Settings, user: UserRow, passkeys: readonly PasskeyRow[], nonce: string) {
  const { id } = relyingPartyOf(settings)
  const name = user.email ?? user.username
  return {
    rp: { id, name: id },
    user: { id: isoBase64URL.fromBuffer(userHandleOf(user.id)), name, displayName: user.displayName ?? user.fullName ?? name },
    challenge: nonce,
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key' as const, alg })),
    timeout: challengeLifetime,
    excludeCredentials: passkeys.map(({ credentialId, transports }) => ({ id: credentialId, type: 'public-key' as const, transports })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' } as const,
    attestation: 'none' as const,
  }
}

export const finishRegistration = defineCommand(passkeysSignatures.finishRegistration, {
  ...sensitive,
  takesPrecedence: 'everywhere',
  async handle(context, { challenge: text, response, name }) {
    await requireMayEnrol(context, 'passkey')
    const { em, now, newId, settings } = context
    const user = await ownAccount(context)
    const challenge = await tryChallenge(context, 'passkeyRegistration', text)
    const nonce = challenge?.payload['nonce']
    if (challenge === null || challenge.userId !== user.id || typeof nonce !== 'string') return context.refuse(registrationOver({}))
    const made = await verify(settings, response, nonce)
    if (made === null) return context.refuse(registrationFailed({}))
    if (!(await finishChallenge(context, challenge))) return context.refuse(registrationOver({}))
    const count = await em.count(PasskeyRow, { userId: user.id })
    if (count >= mostPasskeys) throw tooManyPasskeys({ most: mostPasskeys })
    const { credential, aaguid, credentialBackedUp: backedUp } = made
    if ((await em.count(PasskeyRow, { credentialId: credential.id })) > 0) throw alreadyRegistered({})
    const passkey = em.create(PasskeyRow, {
      id: newId('psk'),
      userId: user.id,
      credentialId: credential.id,
      publicKey: isoBase64URL.fromBuffer(credential.publicKey),
      counter: String(credential.counter),
      transports: response.response.transports,
      name: name ?? `Passkey ${count + 1}`,
      aaguid: aaguid === noModel ? null : aaguid,
      backedUp,
      createdAt: now,
      lastUsedAt: null,
    })
    em.persist(passkey)
    const { sessionsEnded } = await afterFactorAdded(context, user)
    context.note({ changes: { passkeyId: passkey.id, sessionsEnded } })
    const payload = { userId: user.id, passkeyId: passkey.id }
    context.emit({ type: 'passkeys.registered', subject: user.id, organizationId: null, payload })
    return { passkey, sessionsEnded }
  },
})

/** The verified registration; null: the response is not valid. */
async function verify(settings: Settings, { id, rawId, type, response }: AttestationResponse, expectedChallenge: string) {
  const party = relyingPartyOf(settings)
  const { clientDataJSON, attestationObject } = response
  const plain: RegistrationResponseJSON = { id, rawId, type, response: { clientDataJSON, attestationObject }, clientExtensionResults: {} }
  const verified = await verifyRegistrationResponse({
    response: plain,
    expectedChallenge,
    expectedOrigin: party.origins,
    expectedRPID: party.id,
    requireUserVerification: true,
    supportedAlgorithmIDs: algorithms,
    // The library throws for every invalid response.
  }).catch(() => null)
  return verified?.verified === true ? verified.registrationInfo : null
}
