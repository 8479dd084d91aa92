import { z } from 'zod'
import { failedItems, isSelection, selectionRule, userFilter } from '../accounts/model.ts'
import { organizationId, userId } from '../kernel/ids.ts'
import { placeInInput } from '../kernel/input.ts'
import { tooManyUsers } from '../users/errors.ts'
import { secret } from '../kernel/secret.ts'
import { changes, group } from '../kernel/signature.ts'
import { versionRead } from '../kernel/version.ts'
import { lastOwner } from '../organizations/errors.ts'
import { keyTaken, tooManyResources } from '../resources/errors.ts'
import { archiveFirst, onLegalHold, ownsResources } from './errors.ts'

const rows = z.array(z.record(z.string(), z.json()))

const PersonalSection = z.object({
  table: z.string(),
  purpose: z.string().meta({ description: 'what it is kept for' }),
  // Not a secret of the person's: but no copy of it is kept as the answer of an idempotency key.
  rows: secret(rows).meta({ description: 'the last first; times in UTC' }),
  withheld: z
    .array(z.object({ fields: z.array(z.string()), why: z.string() }))
    .meta({ description: 'what is kept and not told, in all rows (then the field is missing) or in some (then it is null)' }),
  complete: z.boolean().meta({ description: 'false: there are more rows, from nextCursor on' }),
  nextCursor: z.string().nullable(),
})

const counts = z.object({
  deleted: z.int(),
  forgotten: z.int().meta({ description: 'rows that stay, as history of others, without what named or described the user' }),
})

/** The most users that one call purges: for each of them the whole history is gone through. */
export const largestPurge = 100

const Purged = z.object({
  userId,
  tables: z.record(z.string(), counts).meta({ description: 'what was erased, by table' }),
  resources: z.object({ transferred: z.int(), deleted: z.int() }),
  receipt: z.string().meta({ description: 'a signed statement (JWS) of what was erased, for `denizen users verify-receipt`' }),
  salt: secret(z.string()).meta({ description: 'shows, with the id, whose receipt it is; it is told once, and kept nowhere' }),
})

const disposal = {
  resources: z
    .enum(['transfer', 'delete'])
    .optional()
    .meta({ description: 'what becomes of resources outside of organizations; those in one stay there' }),
  transferTo: userId.optional().meta({ description: 'their new owner, also of those in organizations where they are a member' }),
}

const disposalRule = { path: ['transferTo'], error: 'name the new owner with `resources` "transfer", and only with it' }
const isDisposal = (said: { resources?: unknown; transferTo?: unknown }) =>
  (said.resources === 'transfer') === (said.transferTo !== undefined)

/** The actions of `users` that are made here. */
export const personalDataSignatures = group('users', {
  exportData: changes({
    summary: 'Export everything that is held about a user: a section for each table, with what it is for',
    grantedTo: ['admin'],
    input: z.strictObject({
      userId: userId.optional().meta({ description: 'whose data (default: yours)' }),
      limit: z.int().min(1).max(1000).default(200).meta({ description: 'the most rows of each section, 1 to 1000' }),
      cursor: z
        .string()
        .max(2048)
        .optional()
        .meta({ description: 'where a section goes on (its nextCursor): the answer has that section only' }),
    }),
    output: z.object({
      userId,
      at: z.date().meta({ description: 'all sections are as they were at this moment' }),
      organizationId: organizationId.nullable().meta({
        description: 'only what is about the account itself, and about the user in this organization, which manages it; null: everything',
      }),
      complete: z.boolean().meta({ description: 'false: at least one section has more rows' }),
      sections: z.array(PersonalSection),
      omitted: z.array(z.object({ table: z.string(), purpose: z.string(), why: z.string() })).meta({
        description: 'tables in which the user can stand, and of which nothing is exported',
      }),
    }),
  }),
  purge: changes({
    summary: 'Erase an archived user for good: the account and everything that is held about it; gives a signed receipt',
    errors: [archiveFirst, onLegalHold, ownsResources, lastOwner, tooManyResources, keyTaken],
    input: z.strictObject({ userId, ...disposal, version: versionRead }).refine(isDisposal, disposalRule),
    output: Purged.extend({ at: z.date() }),
  }),
  bulkPurge: changes({
    summary: 'Erase many archived users for good, and give a receipt for each',
    errors: [archiveFirst, onLegalHold, ownsResources, lastOwner, tooManyResources, keyTaken, tooManyUsers],
    input: z
      .strictObject({ userIds: z.array(userId).min(1).max(largestPurge).optional(), filter: userFilter.optional(), ...disposal })
      .refine(isSelection, selectionRule)
      .refine(isDisposal, disposalRule),
    output: z.object({ succeeded: z.array(Purged.extend({ index: placeInInput })), failed: failedItems }),
  }),
})
