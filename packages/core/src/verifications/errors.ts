import { defineError } from '../kernel/errors.ts'

/** One answer for a link that never was, was used, taken back or replaced, is too old, or belongs to another browser. */
export const linkInvalid = defineError(
  'auth.linkInvalid',
  'notFound',
  'This link does not work: it was used already, is too old, or was replaced. It works once, for whoever asked for it. Ask for a new one.',
)
/** One answer for a wrong code, one that was used or is too old, and too many guesses. */
export const codeInvalid = defineError(
  'auth.codeInvalid',
  'unauthenticated',
  'This code is wrong, or it was used already, is too old, or was guessed at too often. Ask for a new one.',
)
export const redirectNotAllowed = defineError<{ origins: readonly string[] }>(
  'auth.redirectNotAllowed',
  'invalid',
  ({ origins }) =>
    `People are sent on only to ${origins.join(', ')}. Whoever runs this installation names further origins in DENIZEN_ALLOWED_ORIGINS.`,
)
