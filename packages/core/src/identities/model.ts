import { z } from 'zod'
import { identityId } from '../kernel/ids.ts'
import type { Id } from '../kernel/id.ts'
import { secret } from '../kernel/secret.ts'

export type IdentityId = Id<'idn'>

/** The name of a provider in the configuration. */
export const providerName = z
  .string()
  .min(1)
  .max(64)
  .meta({ description: 'the name of the provider in the configuration, for example google' })

/** A signed token of a provider (RFC 7519); real ones take one or two KiB. */
export const providerToken = secret(z.string().min(1).max(16_384)).meta({
  description: 'the ID token or session token that the provider signed',
})

/** The identity of a user at an external provider. */
export const Identity = z.object({
  id: identityId,
  provider: z.string().nullable().meta({ description: 'null: it is not configured any more' }),
  issuer: z.string(),
  subject: z.string(),
  email: z.string().nullable().meta({ description: 'as the provider sent it' }),
  emailVerified: z.boolean(),
  createdAt: z.date(),
  lastUsedAt: z.date().nullable(),
})
export type Identity = z.infer<typeof Identity>
