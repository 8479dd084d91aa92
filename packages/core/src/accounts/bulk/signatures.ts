import { z } from 'zod'
import { item, placeInInput } from '../../kernel/input.ts'
import { changes, group } from '../../kernel/signature.ts'
import { singleLine } from '../../text/index.ts'
import { lastOwner } from '../../organizations/errors.ts'
import { organizationId, userId } from '../../kernel/ids.ts'
import {
  archivedUser,
  lastSuperadmin,
  lockedByOperator,
  managedAddress,
  tooManyUsers,
  wouldLockOut,
  policyUnknown,
} from '../../users/errors.ts'
import { userFilter } from '../directory/filter.ts'
import { userPatch } from '../profile/signatures.ts'
import { isNamed, newUser, newUserErrors, unnamed } from '../signatures.ts'

/** The most users per call; more take several calls, each with a transaction of its own. */
export const largestBulk = 1000

export const failedItems = z.array(z.object({ index: placeInInput, code: z.string(), message: z.string() }))

const Outcome = {
  succeeded: z.array(z.object({ index: placeInInput, userId })),
  failed: failedItems,
}

/** Users by id, or by a filter. With an organization, only those whom it manages. */
const selectedUsers = {
  userIds: z.array(userId).min(1).max(largestBulk).optional(),
  filter: userFilter.optional(),
  organizationId: organizationId.optional().meta({ description: 'only users that this organization manages' }),
}

export const selectionRule = {
  path: ['userIds'],
  error: 'either `userIds` or a `filter` with at least one condition is needed, and not both',
}

export function isSelection({ userIds, filter }: { userIds?: unknown; filter?: object | undefined }): boolean {
  const filtered = filter !== undefined && Object.keys(filter).length > 0
  return filtered !== (userIds !== undefined) && (filter === undefined || filtered)
}

/** The actions of `users` that are made here. */
export const bulkSignatures = group('users', {
  bulkCreate: changes({
    summary: 'Create many users, and report for each whether it worked',
    inputLimit: 4 * 1024 ** 2,
    mostValues: 100_000,
    grantedTo: ['admin'],
    errors: newUserErrors,
    input: z.strictObject({
      organizationId: organizationId.optional().meta({ description: 'their home: the organization that manages them' }),
      users: z
        .array(item(z.strictObject(newUser).refine(isNamed, unnamed)))
        .min(1)
        .max(largestBulk)
        .meta({ description: 'each as users.create takes it' }),
    }),
    output: z.object(Outcome),
  }),
  bulkUpdate: changes({
    summary: 'Change many users in the same way',
    grantedTo: ['admin'],
    errors: [managedAddress, wouldLockOut, lastSuperadmin, lockedByOperator, tooManyUsers, policyUnknown],
    input: z
      .strictObject({
        ...selectedUsers,
        patch: z
          .strictObject(userPatch)
          .omit({ version: true, username: true, email: true })
          .refine((patch) => Object.keys(patch).length > 0, 'say what to change'),
      })
      .refine(isSelection, selectionRule),
    output: z.object(Outcome),
  }),
  bulkArchive: changes({
    summary: 'Archive many users',
    grantedTo: ['admin'],
    errors: [lastSuperadmin, archivedUser, tooManyUsers, lastOwner],
    input: z.strictObject({ ...selectedUsers, reason: singleLine(500).optional() }).refine(isSelection, selectionRule),
    output: z.object({ ...Outcome, sessionsEnded: z.int(), tokensEnded: z.int() }),
  }),
})
