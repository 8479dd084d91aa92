import { answerAuthenticator } from './authenticator.ts'
import { answerChangePassword } from './change-password.ts'
import { answerHome, homePath } from './home.ts'
import { answerPasskeys } from './passkeys.ts'
import { answerRecoveryCodes } from './recovery-codes.ts'
import { answerSecondFactors } from './second-factors.ts'
import { answerConfirmAddress, answerSessions, answerSignOut } from './sessions.ts'
import { answerSignIn } from './sign-in.ts'
import type { SessionPage } from './visitor.ts'

/** The pages that know who is signed in in the browser, by path. */
export const sessionPages: ReadonlyMap<string, SessionPage> = new Map([
  [homePath, answerHome],
  ['/sign-in', answerSignIn],
  ['/sign-out', answerSignOut],
  ['/passkeys', answerPasskeys],
  ['/second-factors', answerSecondFactors],
  ['/authenticator', answerAuthenticator],
  ['/recovery-codes', answerRecoveryCodes],
  ['/change-password', answerChangePassword],
  ['/sessions', answerSessions],
  ['/confirm-address', answerConfirmAddress],
])
