import type { IdentityProvider } from '../kernel/settings.ts'
import type { DenizenError } from '../kernel/errors.ts'
import type { JsonObject } from '../kernel/json.ts'
import { speaksFor, type ProviderProfile } from './rules.ts'
import { cleanLine } from '../text/index.ts'
import { avatarUrl, email, fullName, locale } from '../users/model.ts'

/** The claims of a provider about a user, as far as they are used. */
export interface Claims {
  readonly issuer: string
  readonly subject: string
  /** Normalized; null: none, or not a valid address. */
  readonly email: string | null
  /** The provider has verified it, and speaks for its domain. */
  readonly emailVerified: boolean
  /** The preferred username, as the provider has it. */
  readonly username: string | null
  readonly profile: ProviderProfile
  /** The role names in the token; null: the provider sends no roles. */
  readonly roles: readonly string[] | null
  /** When the token expires. */
  readonly expiresAt: Date
  /** The provider would say more, but its userinfo endpoint fails at the moment. */
  readonly incomplete?: DenizenError
}

export type Payload = Readonly<Record<string, unknown>>

/** A subject as OpenID Connect Core 1.0 bounds it (2): at most 255 characters, here without any that nobody sees. */
export function isSubject(value: unknown): value is string {
  return typeof value === 'string' && /^\P{C}{1,255}$/u.test(value)
}

/**
 * What the ID token and the userinfo endpoint say together. Each claim is of the ID token where it is
 * there; the address and its proof are of the same document (OpenID Connect Core 1.0: 5.1): the flag
 * of one says nothing about the address in the other.
 */
export function oneDocument(idToken: Payload, userInfo: Payload): Payload {
  const address = saysOfAddress(idToken) || typeof userInfo['email'] !== 'string' ? idToken : userInfo
  return { ...userInfo, ...idToken, email: address['email'], email_verified: address['email_verified'] }
}

/** Whether a document names an address and says whether it was verified. */
export function saysOfAddress({ email: address, email_verified: verified }: Payload): boolean {
  return address !== undefined && verified !== undefined
}

/** Reads the claims of a verified token. null: it has no valid subject. */
export function claimsOf(payload: Payload, provider: IdentityProvider): Claims | null {
  const { issuer, roles } = provider
  const { sub: subject, exp } = payload
  if (!isSubject(subject) || typeof exp !== 'number') return null
  const address = email.safeParse(payload['email'])
  return {
    issuer,
    subject,
    ...addressOf(provider, address.success ? address.data : null, isTrue(payload['email_verified'])),
    username: textIn(payload['preferred_username']),
    profile: profileOf({ fullName: payload['name'], avatarUrl: payload['picture'], locale: payload['locale'] }),
    roles: roles === null ? null : rolesIn(payload[roles.claim]),
    expiresAt: new Date(exp * 1000),
  }
}

/** An address (normalized) and whether it counts as proved, which only a provider that speaks for its domain can say. */
export function addressOf(provider: IdentityProvider, address: string | null, verified: boolean): Pick<Claims, 'email' | 'emailVerified'> {
  return { email: address, emailVerified: address !== null && verified && speaksFor(provider, address) }
}

/** The valid fields of a profile; invalid ones are left out, because a name that is too long must not prevent a sign-in. */
export function profileOf(told: { readonly [Field in keyof ProviderProfile]: unknown }): ProviderProfile {
  const name = parsed(fullName, cleanLine(textIn(told.fullName) ?? ''))
  const avatar = parsed(avatarUrl, told.avatarUrl)
  const language = parsed(locale, told.locale)
  return {
    ...(name !== undefined && name !== '' && { fullName: name }),
    ...(avatar !== undefined && { avatarUrl: avatar }),
    ...(language !== undefined && { locale: language }),
  }
}

/** The profile that was kept with an identity. */
export function keptProfile({ fullName, avatarUrl, locale }: JsonObject): ProviderProfile {
  return profileOf({ fullName, avatarUrl, locale })
}

function textIn(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** Some providers send it as text. */
function isTrue(value: unknown): boolean {
  return value === true || value === 'true'
}

function rolesIn(value: unknown): readonly string[] | null {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter((role): role is string => typeof role === 'string') : null
}

function parsed<Value>(schema: { safeParse(value: unknown): { success: true; data: Value } | { success: false } }, value: unknown) {
  const result = schema.safeParse(value)
  return result.success ? result.data : undefined
}
