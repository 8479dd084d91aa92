import { defineError } from '../kernel/errors.ts'

export const passwordsBusy = defineError<{ retryAfter: number }>(
  'passwords.busy',
  'unavailable',
  ({ retryAfter }) => `Too many passwords are being checked right now. Try again in ${retryAfter} s.`,
)
