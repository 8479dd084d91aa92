import type { Actions } from '../../kernel/action.ts'
import type { mailedSignatures } from './signatures.ts'
import { requestEmailCode, requestEmailVerification, requestMagicLink, signUp } from './requesting.ts'
import { signInWithEmailCode, signInWithMagicLink } from './signing-in.ts'
import { verifyEmail } from './verifying.ts'
import { viewVerification } from './viewing.ts'

/** Signing up, and everything that goes by mail. */
export const mailedActions: Actions<typeof mailedSignatures> = {
  signUp,
  requestEmailVerification,
  viewVerification,
  verifyEmail,
  requestMagicLink,
  signInWithMagicLink,
  requestEmailCode,
  signInWithEmailCode,
}
