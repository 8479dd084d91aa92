import { z } from 'zod'
import type { IdentityProvider } from '../../kernel/settings.ts'
import { email } from '../../users/model.ts'
import { addressOf, isSubject, profileOf, type Claims } from '../claims.ts'

const subject = z.custom<string>(isSubject)

const ClerkUser = z.looseObject({
  id: subject,
  first_name: z.string().nullish(),
  last_name: z.string().nullish(),
  username: z.string().nullish(),
  image_url: z.string().nullish(),
  has_image: z.boolean().nullish(),
  locale: z.string().nullish(),
  primary_email_address_id: z.string().nullish(),
  email_addresses: z
    .array(z.looseObject({ id: z.string(), email_address: z.string(), verification: z.looseObject({ status: z.string() }).nullish() }))
    .default([]),
  /** Milliseconds since the epoch. */
  updated_at: z.number(),
})

const ClerkEvent = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('user.created'), data: ClerkUser }),
  z.looseObject({ type: z.literal('user.updated'), data: ClerkUser }),
  z.looseObject({ type: z.literal('user.deleted'), data: z.looseObject({ id: subject }) }),
])
type ClerkEvent = z.infer<typeof ClerkEvent>

/** Parses an event of Clerk; null: not about users, or of an unknown shape. */
export function eventIn(body: string): ClerkEvent | null {
  try {
    const parsed = ClerkEvent.safeParse(JSON.parse(body))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** Converts a Clerk user to claims. Only the primary address counts. */
export function claimsOfUser(user: z.infer<typeof ClerkUser>, provider: IdentityProvider, now: Date): Claims {
  const primary = user.email_addresses.find(({ id }) => id === user.primary_email_address_id)
  const address = email.safeParse(primary?.email_address)
  const fullName = [user.first_name, user.last_name].filter((part) => typeof part === 'string' && part !== '').join(' ')
  return {
    issuer: provider.issuer,
    subject: user.id,
    ...addressOf(provider, address.success ? address.data : null, primary?.verification?.status === 'verified'),
    username: user.username ?? null,
    profile: profileOf({ fullName, avatarUrl: user.has_image === false ? undefined : user.image_url, locale: user.locale }),
    roles: null,
    expiresAt: now,
  }
}
