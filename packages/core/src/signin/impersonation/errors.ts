import { defineError } from '../../kernel/errors.ts'

export const cannotImpersonate = defineError<{ because: string }>(
  'auth.cannotImpersonate',
  'conflict',
  ({ because }) => `This user cannot be impersonated: ${because}.`,
)
export const notImpersonating = defineError(
  'auth.notImpersonating',
  'conflict',
  'This session does not impersonate anybody. To end your own session, call auth.signOut.',
)
