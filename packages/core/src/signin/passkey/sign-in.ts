import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { anyone } from '../../kernel/rule.ts'
import type { ParsedInputOf } from '../../kernel/signature.ts'
import { beginChallenge, challengeLifetime, finishChallenge, newNonce, tryChallenge } from '../../challenges/index.ts'
import { PasskeyRow } from '../../passkeys/entity.ts'
import { verifyAssertion, relyingPartyOf } from '../../passkeys/index.ts'
import {
  admit,
  admitFromNetwork,
  countFailure,
  forgetFailures,
  recordRefusal,
  throttleKeys,
  type ThrottleKeys,
} from '../../throttling/index.ts'
import { UserRow, type UserId } from '../../users/index.ts'
import { createSession } from '../create-session.ts'
import { challengeOver, invalidCredentials } from '../errors.ts'
import { userOutcome } from '../verify-password.ts'
import { passkeySignInSignatures } from './signatures.ts'

/** Reveals nothing about users: the browser knows which passkeys it has. */
export const beginSignIn = defineCommand(passkeySignInSignatures.beginSignIn, {
  allow: anyone,
  handlesSecret: true,
  async handle(context) {
    await admitFromNetwork(context, 'passkeySignIn')
    const nonce = newNonce(context)
    const { text, expiresAt } = beginChallenge(context, { purpose: 'passkeySignIn', userId: null, payload: { nonce } })
    const { id: rpId } = relyingPartyOf(context.settings)
    const options = { challenge: nonce, rpId, timeout: challengeLifetime, userVerification: 'required' as const }
    return { challenge: text, options, expiresAt }
  },
})

interface PasskeyOwner {
  /** The owner of the passkey, if it is known. Checked again in the transaction. */
  readonly userId: UserId | null
  readonly throttle: ThrottleKeys
}

/**
 * A passkey with user verification (a PIN, a finger) is something that
 * the user has and something that they know or are: no other factor is asked for.
 */
export const finishSignIn = defineCommand(passkeySignInSignatures.finishSignIn, {
  allow: anyone,
  handlesSecret: true,
  locks: ({ userId }) => (userId === null ? [] : [userId]),
  prepare: findPasskey,
  async handle(context, input, { userId, throttle }) {
    const { em, origin } = context
    await admit(context, throttle)
    const user = userId === null ? null : await em.findOne(UserRow, { id: userId })
    if (user !== null) context.note({ target: { type: 'user', id: user.id } })
    const proved = await proves(context, input, user)
    const outcome = user === null ? 'unknownUser' : !proved ? 'wrongFactor' : userOutcome(user, origin)
    const identifier = user?.username ?? 'passkey'
    if (user === null || outcome !== 'succeeded') {
      await countFailure(context, throttle)
      await recordRefusal(context, { identifier, userId: user?.id ?? null, method: 'passkey', outcome })
      return context.refuse(invalidCredentials({}))
    }
    await forgetFailures(context, throttle)
    return createSession(context, user, { method: 'passkey', authMethods: ['hwk', 'user'], assurance: 'aal2', identifier })
  },
})

async function findPasskey(
  { reader, ports, origin }: PrepareContext,
  { response }: ParsedInputOf<typeof passkeySignInSignatures.finishSignIn>,
): Promise<PasskeyOwner> {
  const passkey = await reader.findOne(PasskeyRow, { credentialId: response.id })
  const userId = passkey?.userId ?? null
  return { userId, throttle: await throttleKeys(ports, origin, [response.id], { guessed: 'passkey', userId }) }
}

/** Whether the user's passkey signed the challenge. Each challenge is answered once. */
async function proves(
  context: CommandContext,
  { challenge: text, response }: ParsedInputOf<typeof passkeySignInSignatures.finishSignIn>,
  user: UserRow | null,
): Promise<boolean> {
  const challenge = await tryChallenge(context, 'passkeySignIn', text)
  const nonce = challenge?.payload['nonce']
  if (challenge === null || typeof nonce !== 'string') return context.refuse(challengeOver({}))
  const asserted = await verifyAssertion(context, { userId: null, challenge: nonce, response })
  if (asserted === null || asserted.userId !== user?.id) return false
  return (await finishChallenge(context, challenge)) || context.refuse(challengeOver({}))
}
