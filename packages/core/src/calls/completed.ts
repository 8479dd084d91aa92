import { factorRequired } from '../signin/errors.ts'
import type { SignedIn, SignInAnswer } from '../signin/model.ts'

/**
 * The tokens of a sign-in, for programs whose user has one factor only. Throws `auth.factorRequired` if a second one is required: answer
 * it with `auth.completeSignIn`.
 */
export function completed(answer: SignInAnswer): SignedIn {
  if (answer.status === 'factorRequired') throw factorRequired({ methods: answer.methods })
  return answer
}
