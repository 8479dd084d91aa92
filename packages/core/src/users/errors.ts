import { defineError } from '../kernel/errors.ts'

export const emailTaken = defineError('users.emailTaken', 'conflict', 'Another user has this email address.')
export const usernameTaken = defineError('users.usernameTaken', 'conflict', 'Another user has this username.')
export const lastSuperadmin = defineError('users.lastSuperadmin', 'conflict', 'This is the last active superadmin. Make another one first.')
export const lastWayIn = defineError(
  'users.lastWayIn',
  'conflict',
  'This is the only way in that is left: without a password, an identity, a passkey or a verified address nobody could sign in any more. Add another one first.',
)
export const archivedUser = defineError('users.archived', 'conflict', 'This user is archived: its status changes only by restoring it.')
export const notArchived = defineError('users.notArchived', 'conflict', 'This user is not archived: there is nothing to restore.')
export const restoreWindowOver = defineError<{ restorableUntil: Date }>(
  'users.restoreWindowOver',
  'conflict',
  ({ restorableUntil }) => `This user could be restored until ${restorableUntil.toISOString()}. Make a new one.`,
)
export const notPromotable = defineError<{ because: string }>(
  'users.notPromotable',
  'conflict',
  ({ because }) => `Only a person who may act can be a superadmin, and ${because}. Change that first, or promote somebody else.`,
)
export const managedAddress = defineError(
  'users.managedAddress',
  'denied',
  'An organization manages this account, so its address can only be changed to one in a domain that the organization has verified. Whoever administers the whole installation may choose any.',
)
export const wouldLockOut = defineError<{ address: string | null }>(
  'users.wouldLockOut',
  'conflict',
  ({ address }) =>
    `You call from ${address ?? 'an address that is not known'}, which would not be allowed any more: you would shut yourself out. Add it, or, if you mean it, say force in users.updateCurrent.`,
)
export const tooManyUsers = defineError<{ count: number; most: number }>(
  'users.tooMany',
  'invalid',
  ({ count, most }) =>
    `The filter finds ${count} users, and one call takes at most ${most}. Narrow it, for example to those created in a range, and call again for the others.`,
)
export const policyUnknown = defineError(
  'policies.unknown',
  'invalid',
  'There is no policy of this name: create it first with policies.create.',
)
