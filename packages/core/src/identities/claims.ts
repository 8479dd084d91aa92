import type { IdentityProvider } from '../kernel/settings.ts'
import type { JsonObject } from '../kernel/json.ts'
import { cleanLine } from '../text/index.ts'
import { avatarUrl, email, fullName, locale } from '../users/model.ts'

/** The claims of a provider about a user, as far as they are used. */
export interface Claims {
  readonly issuer: string
  readonly subject: string
  /** Normalized; null: none, or not a valid address. */
  readonly email: string | null
  readonly emailVerified: boolean
  /** The preferred username, as the provider has it. */
  readonly username: string | null
  readonly profile: ProviderProfile
  /** The role names in the token; null: the provider sends no roles. */
  readonly roles: readonly string[] | null
  /** When the token expires. */
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

/** Reads the claims of a verified token. null: it has no valid subject. */
export function claimsOf(payload: Payload, { issuer, roles }: IdentityProvider): Claims | null {
  const { sub: subject, exp } = payload
  if (!isSubject(subject) || typeof exp !== 'number') return null
  const address = email.safeParse(payload['email'])
  return {
    issuer,
    subject,
    email: address.success ? address.data : null,
    emailVerified: address.success && isTrue(payload['email_verified']),
    username: textIn(payload['preferred_username']),
    profile: profileOf({ fullName: payload['name'], avatarUrl: payload['picture'], locale: payload['locale'] }),
    roles: roles === null ? null : rolesIn(payload[roles.claim]),
    expiresAt: new Date(exp * 1000),
  }
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
