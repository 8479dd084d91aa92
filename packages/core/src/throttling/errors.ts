import { defineError } from '../kernel/errors.ts'

export const tooManyAttempts = defineError<{ retryAfter: number }>(
  'auth.tooManyAttempts',
  'limited',
  ({ retryAfter }) => `Too many failed attempts. Try again in ${retryAfter} s.`,
)
