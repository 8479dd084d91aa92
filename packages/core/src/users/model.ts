import { z } from 'zod'
import { organizationId, userId } from '../kernel/ids.ts'
import type { Id } from '../kernel/id.ts'
import { jsonObject, type JsonObject } from '../kernel/json.ts'
import { emailForm, multiLine, singleLine, usernameForm, usernameProblem } from '../text/index.ts'

export type UserId = Id<'usr'>

/** Letters and digits of any script, and never an "@": a username cannot be mistaken for an address, nor for an id. In its one spelling. */
export const username = z
  .string()
  .max(256)
  .transform(usernameForm)
  .pipe(
    z
      .string()
      .min(1)
      .max(64)
      .superRefine((form, check) => {
        const problem = usernameProblem(form)
        if (problem !== null) check.addIssue({ code: 'custom', message: problem, input: form })
      }),
  )
  .meta({ description: '1 to 64 letters, digits and . _ + -; unique without regard to case' })

/** Leaves room for a suffix within 64. */
const longestDerived = 50
const longestRead = 256

/**
 * A username for somebody who chose none here: from the first of some texts that gives one, such as what another system calls them,
 * then their address. Of an address the part before the "@" counts; what a username cannot hold is left out.
 */
export function usernameFrom(...texts: readonly (string | null | undefined)[]): string {
  for (const text of texts) {
    const derived = username.safeParse(lettersOf(text ?? ''))
    if (derived.success) return derived.data
  }
  return 'user'
}

function lettersOf(text: string): string {
  const [local = ''] = text.slice(0, longestRead).split('@', 1)
  const letters = usernameForm(local.normalize('NFKC'))
    .replaceAll(/[^\p{L}\p{M}\p{Nd}._+-]|\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/^[^\p{L}\p{Nd}]+/u, '')
  return firstLetters(letters, longestDerived)
}

/** A username with a suffix, for when it is taken. */
export function otherUsername(name: string, id: string): string {
  return `${firstLetters(name, longestDerived)}-${id.slice(-8)}`
}

function firstLetters(text: string, most: number): string {
  return text.slice(0, most).replace(/[\ud800-\udbff]$/, '')
}

/** An email address in its one spelling: in lower case, its domain in Punycode. */
export const email = z
  .string()
  .max(1024)
  .transform((text) => emailForm(text) ?? '')
  .pipe(z.string().min(1, 'not an email address').max(254))
  .meta({ description: 'email address, at most 254 characters; unique without regard to case' })

export const userStatus = z.enum(['active', 'inactive', 'suspended', 'pending', 'temporary', 'archived'])
export type UserStatus = z.infer<typeof userStatus>

export const userKind = z.enum(['human', 'anonymous', 'service'])
export type UserKind = z.infer<typeof userKind>

/** Characters. */
export const longestFullName = 200
export const fullName = singleLine(longestFullName)
export const displayName = singleLine(200)
export const description = multiLine(500)
export const locale = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/, 'a BCP 47 language tag, for example de-CH')
  .refine(isLanguageTag, 'a BCP 47 language tag, for example de-CH')
export const timezone = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/, 'an IANA time zone, for example Europe/Berlin')
  .refine(isTimezone, 'there is no such time zone; an IANA time zone is wanted, for example Europe/Berlin')
export const avatarUrl = z.url({ protocol: /^https$/, error: 'an https URL' }).max(2048)
export const preferences = jsonObject(16_384)

function isLanguageTag(text: string): boolean {
  return isKnown(() => Intl.getCanonicalLocales(text))
}

/** Whether the runtime knows the zone, under any of its names. */
function isTimezone(text: string): boolean {
  return isKnown(() => new Intl.DateTimeFormat('en', { timeZone: text }))
}

/** Intl throws a RangeError for what it does not know. */
function isKnown(ask: () => unknown): boolean {
  try {
    ask()
    return true
  } catch {
    return false
  }
}

/** E.164, as ITU-T writes telephone numbers. */
export const phone = z
  .string()
  .max(64)
  .transform((text) => text.replaceAll(/[\s().-]/g, ''))
  .pipe(z.string().regex(/^\+[1-9]\d{6,14}$/, 'a telephone number with its country code, for example +41446681800'))
export const metadata = jsonObject(16_384)
/** Only its name is kept so far. */
export const resourcePolicy = z
  .string()
  .max(63)
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'the name of a policy: lower case letters, digits and -')

const unixId = z.int().min(0).max(4_294_967_294)
/** Who the user is inside containers and on shared file systems. */
export const Container = z.strictObject({ uid: unixId, mainGid: unixId, gids: z.array(unixId).max(64) })
export type Container = z.infer<typeof Container>

/** A user as shown to those who may see it. */
export const User = z.object({
  id: userId,
  username: z.string(),
  email: z.string().nullable(),
  emailVerified: z.boolean(),
  fullName: z.string().nullable(),
  displayName: z.string().nullable(),
  phone: z.string().nullable(),
  avatarUrl: z.string().nullable(),
  locale: z.string().nullable(),
  timezone: z.string().nullable(),
  description: z.string().nullable(),
  status: userStatus,
  statusReason: z.string().nullable(),
  statusChangedAt: z.date().nullable(),
  statusChangedBy: userId.nullable(),
  kind: userKind,
  needPasswordChange: z.boolean(),
  passwordChangedAt: z.date().nullable(),
  allowedIps: z.array(z.string()).meta({ description: 'CIDR blocks that the user may act from; empty: from anywhere' }),
  resourcePolicy: z.string().nullable(),
  sudoSessionEnabled: z.boolean(),
  container: Container.nullable(),
  preferences: z.record(z.string(), z.json()),
  publicMetadata: z.record(z.string(), z.json()),
  isBot: z.boolean(),
  isScanner: z.boolean(),
  legalHold: z.boolean(),
  archivedAt: z.date().nullable(),
  archivedBy: userId.nullable(),
  archiveReason: z.string().nullable(),
  grantsFrozenAt: z.date().nullable().meta({ description: 'since when its roles and memberships grant nothing (users.contain)' }),
  homeOrganizationId: organizationId.nullable(),
  version: z.int(),
  createdAt: z.date(),
  updatedAt: z.date(),
})
export type User = z.infer<typeof User>

/** A user as shown to themselves. */
export const OwnUser = User.extend({
  pendingEmail: z
    .string()
    .nullable()
    .meta({ description: 'an address that you asked for: it replaces the present one once you follow the link that was mailed to it' }),
  pendingEmailAt: z.date().nullable().meta({ description: 'when you asked for it' }),
})
export type OwnUser = z.infer<typeof OwnUser>

/** A user as shown to those who may change it: with the private metadata that applications keep. */
export const ManagedUser = User.extend({
  privateMetadata: z.record(z.string(), z.json()).nullable().meta({ description: 'null: shown only to those who may change the user' }),
})
export type ManagedUser = z.infer<typeof ManagedUser>

/** A user with all its fields, for whoever may see them all. */
export type Account = ManagedUser & { readonly privateMetadata: JsonObject }
