import { z } from 'zod'

const minute = 60 * 1000
const hour = 60 * minute

/** Milliseconds that mailed secrets work: long enough for slow mail, shorter for those that sign in. */
export const linkLifetime = 24 * hour
export const magicLinkLifetime = 15 * minute
export const codeLifetime = 10 * minute

/** The data of a sign-up, sealed until the address is proved. There is no account until then. */
export const SignUpPayload = z.object({
  passwordHash: z.string(),
  username: z.string().nullable(),
  fullName: z.string().nullable(),
  displayName: z.string().nullable(),
  locale: z.string().nullable(),
  timezone: z.string().nullable(),
})
export type SignUpPayload = z.infer<typeof SignUpPayload>

/** null: it was sealed under another master key. */
export function readPayload(text: string | null): SignUpPayload | null {
  return text === null ? null : SignUpPayload.parse(JSON.parse(text))
}
