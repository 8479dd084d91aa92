import type { IdentityProvider } from '../kernel/settings.ts'
import type { JsonObject } from '../kernel/text.ts'
import { avatarUrl, email, fullName, locale, username } from '../users/model.ts'

/** What a provider says of somebody, as far as it is heard. */
export interface Claims {
  readonly issuer: string
  readonly subject: string
  /** In Denizen's spelling; null: none, or none that is an address. */
  readonly email: string | null
  readonly emailVerified: boolean
  /** What they would like to be called. */
  readonly username: string | null
  readonly profile: ProviderProfile
  /** The roles that the provider names; null: it says nothing of roles. */
  readonly roles: readonly string[] | null
  /** Until when it counts. */
  readonly expiresAt: Date
}

export interface ProviderProfile {
  readonly fullName?: string
  readonly avatarUrl?: string
  readonly locale?: string
}

type Payload = Readonly<Record<string, unknown>>

/** A subject as OpenID Connect Core 1.0 bounds it (2): at most 255 characters, here without any that nobody sees. */
export function isSubject(value: unknown): value is string {
  return typeof value === 'string' && /^\P{C}{1,255}$/u.test(value)
}

/** The claims of a token whose signature, issuer and audience hold. null: it names nobody. */
export function claimsOf(payload: Payload, { issuer, roles }: IdentityProvider): Claims | null {
  const { sub: subject, exp } = payload
  if (!isSubject(subject) || typeof exp !== 'number') return null
  const address = email.safeParse(payload['email'])
  return {
    issuer,
    subject,
    email: address.success ? address.data : null,
    emailVerified: address.success && isTrue(payload['email_verified']),
    username: parsed(username, payload['preferred_username']) ?? null,
    profile: profileOf({ fullName: payload['name'], avatarUrl: payload['picture'], locale: payload['locale'] }),
    roles: roles === null ? null : rolesIn(payload[roles.claim]),
    expiresAt: new Date(exp * 1000),
  }
}

/** What of a profile can be taken over: the rest is left out, for a name that is too long is no reason to turn anybody away. */
export function profileOf(told: { readonly [Field in keyof ProviderProfile]: unknown }): ProviderProfile {
  const name = parsed(fullName, told.fullName)
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

/** Some providers write it as text. */
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
