import { z } from 'zod'
import { organizationId, userId } from '../kernel/ids.ts'
import { secret } from '../kernel/secret.ts'
import { changes, group } from '../kernel/signature.ts'

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

/** The action of `users` that is made here. */
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
})
