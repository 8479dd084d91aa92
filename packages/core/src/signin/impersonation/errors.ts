import { counted } from '../../text/index.ts'
import { defineError } from '../../kernel/errors.ts'

export const cannotImpersonate = defineError<{ because: string }>(
  'auth.cannotImpersonate',
  'conflict',
  ({ because }) => `This user cannot be impersonated: ${because}.`,
)
export const tooManyImpersonations = defineError<{ most: number }>(
  'auth.tooManyImpersonations',
  'conflict',
  ({ most }) =>
    `You already act as other users in ${counted(most, 'session')}, which is the limit. Stop one with auth.stopImpersonating, or sign out where you began them, which ends those.`,
)
export const notImpersonating = defineError(
  'auth.notImpersonating',
  'conflict',
  'This session does not impersonate anybody. To end your own session, call auth.signOut.',
)
