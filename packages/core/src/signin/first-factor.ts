import type { CommandContext } from '../kernel/context.ts'
import type { UserRow } from '../users/index.ts'
import { recordLoginAttempt } from '../login-history/index.ts'
import { beginChallenge, newNonce } from '../challenges/index.ts'
import { secondFactorMethodsOf } from './mfa/methods.ts'
import type { SignInAnswer } from './model.ts'
import { createSession } from './create-session.ts'
import type { SessionRequest } from './session-request.ts'
import { passkeyRequest } from './passkey/request-options.ts'

/** The first factor that was proved. */
export type FirstFactor = Pick<SessionRequest, 'method' | 'authMethods' | 'identifier'>

/** The payload of a second-factor challenge: the first factor, and the nonce that a passkey signs. */
export interface FactorPayload extends FirstFactor {
  readonly nonce: string
}

/**
 * Continues after the first factor (a password, a mailed link, a
 * provider's token): asks for the second factor if the user has one, else creates the
 * session. Every sign-in with one factor goes through here.
 */
export async function afterFirstFactor(context: CommandContext, user: UserRow, first: FirstFactor): Promise<SignInAnswer> {
  const { em, settings } = context
  const methods = await secondFactorMethodsOf(em, user.id)
  if (methods.length === 0) return createSession(context, user, { ...first, assurance: 'aal1' })
  recordLoginAttempt(context, { ...first, userId: user.id, outcome: 'factorRequired' })
  const nonce = newNonce(context)
  const payload = { method: first.method, authMethods: [...first.authMethods], identifier: first.identifier, nonce }
  const { text, expiresAt } = beginChallenge(context, { purpose: 'factor', userId: user.id, payload })
  const passkey = methods.includes('passkey') ? await passkeyRequest(em, settings, user.id, nonce) : null
  return { status: 'factorRequired', challenge: text, methods, passkey, expiresAt }
}
