import { defineError } from '../kernel/errors.ts'

/** The same error for a link that never existed, was used, revoked or replaced, has expired, or belongs to another browser. */
export const linkInvalid = defineError(
  'auth.linkInvalid',
  'notFound',
  'This link is not valid: it was used already, has expired, was replaced, or was not copied whole. Request a new one.',
)
/** The same error for a wrong, used or expired code, and for too many attempts. */
export const codeInvalid = defineError(
  'auth.codeInvalid',
  'unauthenticated',
  'This code is wrong, was used already, has expired, or had too many attempts. Request a new one.',
)
export const redirectNotAllowed = defineError<{ origins: readonly string[] }>(
  'auth.redirectNotAllowed',
  'invalid',
  ({ origins }) =>
    `Redirects are only allowed to ${origins.join(', ')}. The operator of this installation can allow others in DENIZEN_ALLOWED_ORIGINS.`,
)
