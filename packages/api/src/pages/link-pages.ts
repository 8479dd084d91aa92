import { magicLinkPage, magicLinkPath } from './magic-link.ts'
import type { LinkPage } from './mailed-link.ts'
import { signUpPage, signUpPath } from './sign-up.ts'
import { verifyEmailPage, verifyEmailPath } from './verify-email.ts'

/** The pages behind mailed links, by path. */
export const linkPages: ReadonlyMap<string, LinkPage> = new Map([
  [signUpPath, signUpPage],
  [verifyEmailPath, verifyEmailPage],
  [magicLinkPath, magicLinkPage],
])
