import type { CommandContext } from '../kernel/context.ts'
import type { UserRow } from '../users/index.ts'
import { recordLoginAttempt } from '../login-history/index.ts'
import { beginChallenge, newNonce } from '../challenges/index.ts'
import { secondFactorsOf } from './mfa/methods.ts'
import type { SignInAnswer } from './model.ts'
import { openSession } from './create-session.ts'
import type { Opening } from './session-request.ts'
import { passkeyRequest } from './passkey/request-options.ts'

/** What was proved so far: one factor. */
export type FirstFactor = Pick<Opening, 'method' | 'authMethods' | 'identifier'>

/** What a challenge for a second factor keeps of the first, and what a passkey has to sign. */
export interface FactorPayload extends FirstFactor {
  readonly nonce: string
}

/**
 * Goes on after the first factor, whichever it was (a password, a mailed link, a
 * provider's word): asks for the second where the user has one, else opens the
 * session. Nothing that proves only one factor gets around this.
 */
export async function continueSignIn(context: CommandContext, user: UserRow, first: FirstFactor): Promise<SignInAnswer> {
  const { em, settings } = context
  const methods = await secondFactorsOf(em, user.id)
  if (methods.length === 0) return openSession(context, user, { ...first, assurance: 'aal1' })
  recordLoginAttempt(context, { ...first, userId: user.id, outcome: 'factorRequired' })
  const nonce = newNonce(context)
  const payload = { method: first.method, authMethods: [...first.authMethods], identifier: first.identifier, nonce }
  const { text, expiresAt } = beginChallenge(context, { purpose: 'factor', userId: user.id, payload })
  const passkey = methods.includes('passkey') ? await passkeyRequest(em, settings, user.id, nonce) : null
  return { status: 'factorRequired', challenge: text, methods, passkey, expiresAt }
}
