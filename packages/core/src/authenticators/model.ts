import { z } from 'zod'

/** The second factors of a user. */
export const Factors = z.object({
  totp: z.object({ activatedAt: z.date() }).nullable().meta({ description: 'the authenticator app; null: none' }),
  passkeys: z.int(),
  recoveryCodes: z.int().meta({ description: 'how many are left' }),
  required: z.boolean().meta({ description: 'whether a second factor is required, so that the last cannot be removed' }),
})
export type Factors = z.infer<typeof Factors>
