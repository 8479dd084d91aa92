import type { ProviderProfile } from './claims.ts'

/** What of a user's profile a provider may fill in. */
export interface OwnProfile {
  readonly fullName: string | null
  readonly displayName: string | null
  readonly avatarUrl: string | null
  readonly locale: string | null
}

/**
 * What of a profile changes when a provider tells of it anew: only what is still as
 * the provider had told it before, or was never set. What somebody chose stays.
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
