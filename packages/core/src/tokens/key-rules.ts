/** What is known of a signing key without opening it. */
export interface KeyTimes {
  readonly id: string
  /** It signs from here on, and is published before. */
  readonly activeFrom: Date
  /** It signs no more from here on; null: no other key has been made yet. */
  readonly retiredAt: Date | null
}

const hour = 60 * 60 * 1000
const day = 24 * hour

/** Milliseconds that a key signs. */
export const keyLifetime = 30 * day
/** Milliseconds that a key is published before it signs: whoever keeps the JWKS for a while knows it by then. */
export const publishedAhead = day
/** Milliseconds that a key stays published after it has signed for the last time: longer than any token lasts that it signed. */
export const publishedAfter = hour

/** What is to be done about the keys now. */
export interface KeySteps {
  /** When the key begins to sign that is to be made; null: none is. */
  readonly add: Date | null
  /** The key that stops signing then. */
  readonly retire: string | null
  /** Keys that verify nothing any more. */
  readonly drop: readonly string[]
}

/** What rotation does at a moment; done late, or twice, it comes to the same. */
export function keySteps(keys: readonly KeyTimes[], now: Date): KeySteps {
  const drop = keys.filter((key) => !isPublished(key, now)).map(({ id }) => id)
  const newest = newestOf(keys.filter(({ retiredAt }) => retiredAt === null))
  if (newest === undefined) return { add: now, retire: null, drop }
  const due = newest.activeFrom.getTime() + keyLifetime
  if (now.getTime() < due - publishedAhead) return { add: null, retire: null, drop }
  return { add: new Date(Math.max(due, now.getTime() + publishedAhead)), retire: newest.id, drop }
}

/**
 * The key that signs now; undefined: one has to be made. To a clock that is behind,
 * the first key seems not to have begun: it signs all the same, for it is published.
 */
export function signingKey<Key extends KeyTimes>(keys: readonly Key[], now: Date): Key | undefined {
  const signing = keys.filter(({ retiredAt }) => retiredAt === null || retiredAt > now)
  return newestOf(signing.filter(({ activeFrom }) => activeFrom <= now)) ?? newestOf(signing)
}

/** Whether what a key signed may still be believed. */
export function isPublished({ retiredAt }: KeyTimes, now: Date): boolean {
  return retiredAt === null || retiredAt.getTime() + publishedAfter > now.getTime()
}

function newestOf<Key extends KeyTimes>(keys: readonly Key[]): Key | undefined {
  return keys.reduce<Key | undefined>((best, key) => (best === undefined || key.activeFrom > best.activeFrom ? key : best), undefined)
}
