import { defineError } from '../kernel/errors.ts'

export const unreadableUser = defineError<{ problem: string }>(
  'users.unreadable',
  'invalid',
  ({ problem }) => `The record cannot be read: ${problem}.`,
)
