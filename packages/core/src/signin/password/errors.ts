import { defineError } from '../../kernel/errors.ts'

export const noSetup = defineError<{ because: string }>(
  'auth.noSetup',
  'conflict',
  ({ because }) => `No link can be sent to this user: ${because}. Change that first.`,
)
