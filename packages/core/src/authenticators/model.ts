import { z } from 'zod'

/** What a user has besides a password. */
export const Factors = z.object({
  totp: z.object({ activatedAt: z.date() }).nullable().meta({ description: 'the authenticator app; null: none' }),
  passkeys: z.int(),
  recoveryCodes: z.int().meta({ description: 'how many are left' }),
  required: z.boolean().meta({ description: 'whether one has to be there, so that the last cannot be removed' }),
})
export type Factors = z.infer<typeof Factors>
