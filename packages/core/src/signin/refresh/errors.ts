import { defineError } from '../../kernel/errors.ts'

/** One answer for a token that never was, is over, was revoked, or was exchanged before: only whoever has it would gain from the difference. */
export const invalidRefreshToken = defineError(
  'auth.invalidRefreshToken',
  'unauthenticated',
  'This refresh token opens no session: it is over, was ended, or was exchanged before. Sign in again.',
)
