import { defineError } from '../kernel/errors.ts'

export const unreadableUser = defineError<{ problem: string }>(
  'users.unreadable',
  'invalid',
  ({ problem }) => `This user record cannot be read: ${problem}. Correct it in the file, and import it again.`,
)
