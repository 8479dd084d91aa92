import { z } from 'zod'

/** Milliseconds that a link works which confirms an address: long enough for slow mail. */
export const linkLifetime = 24 * 60 * 60 * 1000

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
