import type { IdentityProvider } from '../kernel/settings.ts'

export interface ProviderProfile {
  readonly fullName?: string
  readonly avatarUrl?: string
  readonly locale?: string
}

/** Whether a provider's word counts that somebody has this address: its domain, exactly, is one of those that it speaks for. */
export function speaksFor({ domains }: Pick<IdentityProvider, 'domains'>, email: string): boolean {
  return domains.includes('*') || domains.includes(email.slice(email.lastIndexOf('@') + 1))
}

/** The profile fields that a provider may set. */
export interface OwnProfile {
  readonly fullName: string | null
  readonly displayName: string | null
  readonly avatarUrl: string | null
  readonly locale: string | null
}

/**
 * The profile changes for new claims: only fields that are unset, or still
 * as the provider last set them. What the user chose stays.
 */
export function profileChanges(own: OwnProfile, before: ProviderProfile, told: ProviderProfile): Partial<OwnProfile> {
  const changes: { -readonly [Field in keyof OwnProfile]?: string } = {}
  const take = (field: keyof OwnProfile, old: string | undefined, value: string | undefined): void => {
    const isTheirs = own[field] === null || own[field] === old
    if (value !== undefined && isTheirs && own[field] !== value) changes[field] = value
  }
  take('fullName', before.fullName, told.fullName)
  take('displayName', before.fullName, told.fullName)
  take('avatarUrl', before.avatarUrl, told.avatarUrl)
  take('locale', before.locale, told.locale)
  return changes
}
