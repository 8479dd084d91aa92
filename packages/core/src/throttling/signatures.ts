import { z } from 'zod'
import { changes, group } from '../kernel/signature.ts'
import { userId } from '../kernel/ids.ts'

/** The action of `auth` by which an administrator lifts a throttle. */
export const throttlingSignatures = group('auth', {
  unlock: changes({
    summary: 'Let a user sign in again at once after too many failed attempts',
    grantedTo: ['admin'],
    input: z.strictObject({ userId }),
    output: z.object({ failuresForgotten: z.int() }),
  }),
})
