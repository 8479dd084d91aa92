import { defineError } from '../kernel/errors.ts'

export const emailTaken = defineError('users.emailTaken', 'conflict', 'Another user has this email address.')
export const usernameTaken = defineError('users.usernameTaken', 'conflict', 'Another user has this username.')
export const lastSuperadmin = defineError('users.lastSuperadmin', 'conflict', 'This is the last active superadmin. Make another one first.')
export const lastWayIn = defineError(
  'users.lastWayIn',
  'conflict',
  'This is the only way left to sign in: the account needs a password, an identity, a passkey, or a verified address to which a link can be mailed. Add another one first.',
)
export const archivedUser = defineError('users.archived', 'conflict', 'This user is archived. Restore it first (users.restore).')
export const notArchived = defineError('users.notArchived', 'conflict', 'This user is not archived: there is nothing to restore.')
export const restoreWindowOver = defineError<{ restorableUntil: Date }>(
  'users.restoreWindowOver',
  'conflict',
  ({ restorableUntil }) => `This user could be restored until ${restorableUntil.toISOString()}. Create a new user.`,
)
export const lockedByOperator = defineError(
  'users.lockedByOperator',
  'denied',
  'An administrator of this installation took this away, and only an administrator can give it back. Ask one.',
)
export const notPromotable = defineError<{ because: string }>(
  'users.notPromotable',
  'conflict',
  ({ because }) => `Only an active person can be a superadmin, and ${because}. Change that first, or promote somebody else.`,
)
export const managedAddress = defineError(
  'users.managedAddress',
  'denied',
  'An organization manages this account, so its address must stay in a domain that the organization has verified. An administrator of the installation can set any address.',
)
export const wouldLockOut = defineError<{ address: string | null }>(
  'users.wouldLockOut',
  'conflict',
  ({ address }) =>
    `You call from ${address ?? 'an address that is not known'}, which would not be allowed any more: you would lock yourself out. Add it, or set force in users.updateCurrent.`,
)
export const tooManyUsers = defineError<{ count: number; most: number }>(
  'users.tooMany',
  'invalid',
  ({ count, most }) =>
    `The filter matches ${count} users, and one call takes at most ${most}. Narrow it, for example by creation date, and call again for the others.`,
)
export const policyUnknown = defineError(
  'policies.unknown',
  'invalid',
  'There is no policy of this name: create it first with policies.create.',
)
