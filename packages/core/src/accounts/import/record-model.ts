import { z } from 'zod'
import { limitedTo, longList } from '../../kernel/input.ts'
import { secret } from '../../kernel/secret.ts'
import { singleLine } from '../../text/index.ts'

/** Characters of JSON. A larger record is not read. */
export const largestRecord = 64 * 1024

export const recordSource = singleLine(64)
  .refine((name) => name !== '', 'a name is needed')
  .meta({ description: 'where they are from; a repeated import from there finds the users that it made before' })

/** Each is parsed by itself, so that one that cannot be read does not stop the others. */
export const importedRecords = longList(
  secret(limitedTo(largestRecord, z.custom<unknown>())).meta({
    description: 'a user: id, username, email, emailVerified, fullName, enabled, needPasswordChange, password (see docs/moving-in.md)',
  }),
)
  .min(1)
  .max(1000)
