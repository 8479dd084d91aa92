import { z } from 'zod'
import { idSchema, type Id } from '../kernel/id.ts'

export const passkeyId = idSchema('psk')
export type PasskeyId = Id<'psk'>

/** Bytes in base64url, no more than an authenticator has reason to send. */
const bytes = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[\w-]*$/, 'base64url')

/** What clients add of their own accord; nothing is decided by it. */
const extensions = z.record(z.string().max(64), z.unknown()).optional()
const attachment = z.enum(['platform', 'cross-platform']).optional().catch(undefined)
const credential = { id: bytes(1400), rawId: bytes(1400), type: z.literal('public-key') }

/** What `navigator.credentials.get()` gave, after `toJSON()` (WebAuthn Level 3: 5.1.8). */
export const AssertionResponse = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: bytes(4096),
    authenticatorData: bytes(4096),
    signature: bytes(8192),
    userHandle: bytes(128)
      .nullish()
      .transform((handle) => handle ?? undefined),
  }),
  authenticatorAttachment: attachment,
  clientExtensionResults: extensions,
})
export type AssertionResponse = z.output<typeof AssertionResponse>
