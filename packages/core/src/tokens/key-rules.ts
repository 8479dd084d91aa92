/** The times of a signing key. */
export interface KeyTimes {
  readonly id: string
  /** It signs from here on; it is published before. */
  readonly activeFrom: Date
  /** It stops signing here; null: there is no successor yet. */
  readonly retiredAt: Date | null
}

const hour = 60 * 60 * 1000
const day = 24 * hour

/** Milliseconds that a key signs. */
export const keyLifetime = 30 * day
/** Milliseconds that a key is published before it signs, so that cached JWKS have it by then. */
export const publishedAhead = day
/** Milliseconds that a key stays published after its last signature: longer than any token that it signed. */
export const publishedAfter = hour

/** The steps of a rotation. */
export interface KeySteps {
  /** When the new key starts signing; null: no new key is needed. */
  readonly add: Date | null
  /** The key that stops signing then. */
  readonly retire: string | null
  /** Keys whose tokens have all expired. */
  readonly drop: readonly string[]
}

/** The steps of a rotation at a given time. Running it late, or twice, has the same result. */
export function keySteps(keys: readonly KeyTimes[], now: Date): KeySteps {
  const drop = keys.filter((key) => !isPublished(key, now)).map(({ id }) => id)
  const newest = newestOf(keys.filter(({ retiredAt }) => retiredAt === null))
  if (newest === undefined) return { add: now, retire: null, drop }
  const due = newest.activeFrom.getTime() + keyLifetime
  if (now.getTime() < due - publishedAhead) return { add: null, retire: null, drop }
  return { add: new Date(Math.max(due, now.getTime() + publishedAhead)), retire: newest.id, drop }
}

/**
 * The key that signs now; undefined: one must be created. To a clock that is behind,
 * the first key seems not to have begun: it signs all the same, for it is published.
 */
export function signingKey<Key extends KeyTimes>(keys: readonly Key[], now: Date): Key | undefined {
  const signing = keys.filter(({ retiredAt }) => retiredAt === null || retiredAt > now)
  return newestOf(signing.filter(({ activeFrom }) => activeFrom <= now)) ?? newestOf(signing)
}

/** Whether a key's signatures are still accepted. */
export function isPublished({ retiredAt }: KeyTimes, now: Date): boolean {
  return retiredAt === null || retiredAt.getTime() + publishedAfter > now.getTime()
}

function newestOf<Key extends KeyTimes>(keys: readonly Key[]): Key | undefined {
  return keys.reduce<Key | undefined>((best, key) => (best === undefined || key.activeFrom > best.activeFrom ? key : best), undefined)
}
