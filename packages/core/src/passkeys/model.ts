import { z } from 'zod'
import { foreignObject } from '../kernel/input.ts'
import { passkeyId } from '../kernel/ids.ts'
import type { Id } from '../kernel/id.ts'

export type PasskeyId = Id<'psk'>

/** Bytes in base64url, no more than an authenticator has reason to send. */
const bytes = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[\w-]*$/, 'base64url')

const attachment = z.enum(['platform', 'cross-platform']).optional().catch(undefined)
const credential = { id: bytes(1400), rawId: bytes(1400), type: z.literal('public-key') }

/** What `navigator.credentials.get()` gave, after `toJSON()` (WebAuthn Level 3: 5.1.8). */
export const AssertionResponse = foreignObject({
  ...credential,
  response: foreignObject({
    clientDataJSON: bytes(4096),
    authenticatorData: bytes(4096),
    signature: bytes(8192),
    userHandle: bytes(128)
      .nullish()
      .transform((handle) => handle ?? undefined),
  }),
  authenticatorAttachment: attachment,
})
export type AssertionResponse = z.output<typeof AssertionResponse>

/** What `navigator.credentials.create()` gave, after `toJSON()` (WebAuthn Level 3: 5.1.8). */
export const AttestationResponse = foreignObject({
  ...credential,
  response: foreignObject({
    clientDataJSON: bytes(4096),
    attestationObject: bytes(65_536),
    transports: z.array(z.string().max(32)).max(16).default([]),
  }),
  authenticatorAttachment: attachment,
})
export type AttestationResponse = z.output<typeof AttestationResponse>

/** The name of a passkey. */
export const passkeyName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .refine((text) => !/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(text), 'control characters are not allowed')

/** A passkey as its user sees it. */
export const Passkey = z.object({
  id: passkeyId,
  name: z.string(),
  createdAt: z.date(),
  lastUsedAt: z.date().nullable(),
  backedUp: z.boolean().meta({ description: 'kept in more places than one device, such as a password manager' }),
  aaguid: z.string().nullable().meta({ description: 'the model of the authenticator; null: it does not say' }),
})
export type Passkey = z.infer<typeof Passkey>

const descriptor = z.object({ id: z.string(), type: z.literal('public-key'), transports: z.array(z.string()) })

/** For `navigator.credentials.create()`, after `PublicKeyCredential.parseCreationOptionsFromJSON()` (WebAuthn Level 3: 5.1.9). */
export const CreationOptions = z.object({
  rp: z.object({ id: z.string(), name: z.string() }),
  user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
  challenge: z.string(),
  pubKeyCredParams: z.array(z.object({ type: z.literal('public-key'), alg: z.int() })),
  timeout: z.int(),
  excludeCredentials: z.array(descriptor),
  authenticatorSelection: z.object({
    residentKey: z.literal('required'),
    requireResidentKey: z.literal(true),
    userVerification: z.literal('required'),
  }),
  attestation: z.literal('none'),
})

/** For `navigator.credentials.get()`, after `PublicKeyCredential.parseRequestOptionsFromJSON()`. The authenticator shows which passkeys it has. */
export const RequestOptions = z.object({
  challenge: z.string(),
  rpId: z.string(),
  timeout: z.int(),
  userVerification: z.literal('required'),
})
