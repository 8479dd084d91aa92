import type { Id } from '../kernel/id.ts'

export type VerificationId = Id<'ver'>

/** The purpose of a mailed secret. */
export type VerificationPurpose =
  | 'signUp'
  | 'verifyEmail'
  | 'resetPassword'
  | 'magicLink'
  | 'emailCode'
  | 'reauthenticate'
  | 'setup'
  | 'claim'

/** What mailed links are for. */
export const linkPurposes = [
  'signUp',
  'verifyEmail',
  'resetPassword',
  'magicLink',
  'setup',
  'claim',
] as const satisfies VerificationPurpose[]
export type LinkPurpose = (typeof linkPurposes)[number]

/** The page of each, below the public URL. */
export const linkPaths = {
  signUp: '/sign-up/confirm',
  verifyEmail: '/verify-email',
  resetPassword: '/reset-password',
  magicLink: '/sign-in/link',
  setup: '/set-up',
  claim: '/set-up',
} as const satisfies Record<LinkPurpose, string>

/** The links by which a password is chosen. */
export const passwordLinks = ['resetPassword', 'setup', 'claim'] as const satisfies LinkPurpose[]
export type PasswordLink = (typeof passwordLinks)[number]

export function isPasswordLink(purpose: VerificationPurpose): purpose is PasswordLink {
  return (passwordLinks as readonly string[]).includes(purpose)
}

/** The longest redirect URL. */
export const longestRedirect = 2048
