import { counted } from '../text/index.ts'
import { defineError } from '../kernel/errors.ts'

export const archiveFirst = defineError(
  'users.archiveFirst',
  'conflict',
  'Only an archived user can be purged. Archive it first (users.archive).',
)
export const onLegalHold = defineError(
  'users.onLegalHold',
  'conflict',
  'This user is on legal hold: none of its data may be purged. Lift the hold first (users.setLegalHold).',
)
export const ownsResources = defineError<{ count: number }>(
  'users.ownsResources',
  'conflict',
  ({ count }) =>
    `The user owns ${counted(count, 'resource')} outside of organizations. Say what becomes of them: "resources" is "transfer", with the new owner in "transferTo", or "delete".`,
)
