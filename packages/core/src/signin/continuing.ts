import type { CommandContext } from '../kernel/context.ts'
import type { UserRow } from '../users/index.ts'
import { noteAttempt } from './attempts.ts'
import { beginChallenge } from './challenge.ts'
import { secondFactorsOf } from './factors.ts'
import type { SignInAnswer } from './model.ts'
import { openSession, type Opening } from './opening.ts'

/** What was proved so far: one factor. */
export type FirstFactor = Pick<Opening, 'method' | 'authMethods' | 'identifier'>

/**
 * Goes on after the first factor, whichever it was (a password, a mailed link, a
 * provider's word): asks for the second where the user has one, else opens the
 * session. Nothing that proves only one factor gets around this.
 */
export async function continueSignIn(context: CommandContext, user: UserRow, first: FirstFactor): Promise<SignInAnswer> {
  const methods = await secondFactorsOf(context.em, user.id)
  if (methods.length === 0) return openSession(context, user, { ...first, assurance: 'aal1' })
  noteAttempt(context, { ...first, userId: user.id, outcome: 'factorRequired' })
  const payload = { method: first.method, authMethods: [...first.authMethods], identifier: first.identifier }
  const { text, expiresAt } = beginChallenge(context, { purpose: 'factor', userId: user.id, payload })
  return { status: 'factorRequired', challenge: text, methods, expiresAt }
}
