import { defineError } from '../../kernel/errors.ts'

export const cannotImpersonate = defineError<{ because: string }>(
  'auth.cannotImpersonate',
  'conflict',
  ({ because }) => `This user cannot be impersonated: ${because}.`,
)
export const notImpersonating = defineError(
  'auth.notImpersonating',
  'conflict',
  'Nobody is impersonated in this session. To end a session of your own, call auth.signOut.',
)
