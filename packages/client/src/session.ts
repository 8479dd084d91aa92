import { DenizenError, sessionEffects, type ActionName } from '@denizen/core/calls'

/** The tokens of a session, as they are stored between calls. */
export interface SessionTokens {
  readonly accessToken: string
  readonly refreshToken: string
  /** A string if it went through JSON. */
  readonly accessTokenExpiresAt: Date | string
}

/** Where a client stores its session: in memory, in a file, in the storage of a browser. */
export interface SessionStore {
  /** null: nobody is signed in. Called before every request. */
  load(): SessionTokens | null | Promise<SessionTokens | null>
  /** Called with new tokens, and with null when the session has ended. */
  save(tokens: SessionTokens | null): void | Promise<void>
}

/** A session store in memory, which lasts as long as the program. */
export function memorySession(tokens: SessionTokens | null = null): SessionStore {
  let kept = tokens
  return { load: () => kept, save: (next) => void (kept = next) }
}

/** Refreshes a session: one refresh at a time, however many calls need it. */
export interface SessionRefresher {
  /** Grows with every refresh. Read before a call, it tells whether the session was refreshed since. */
  readonly generation: number
  /** The access token to send; null: none. */
  token(): Promise<string | null>
  /** Whether there are newer tokens than those of that generation; refreshes if necessary. Never rejects. */
  refreshedSince(generation: number): Promise<boolean>
  /** Called with every answer: signing in brings tokens, signing out ends them. */
  observe(name: ActionName, answer: unknown): Promise<void>
}

/** Gets new tokens. */
export type Refresh = (refreshToken: string) => Promise<SessionTokens>

/** Milliseconds before its expiry when an access token is refreshed, and between two attempts. */
const margin = 30_000

/** Runs one refresh at a time, and counts them. */
class SingleRefresh {
  readonly #renew: () => Promise<boolean>
  #running: Promise<boolean> | undefined
  generation = 0

  constructor(renew: () => Promise<boolean>) {
    this.#renew = renew
  }

  get running(): boolean {
    return this.#running !== undefined
  }

  once(): Promise<boolean> {
    return (this.#running ??= this.#renew()
      .catch(() => false)
      .then((done) => {
        if (done) this.generation++
        this.#running = undefined
        return done
      }))
  }

  async since(generation: number): Promise<boolean> {
    return this.generation !== generation || this.once()
  }
}

/** Refreshes a session whose tokens are in a store. */
export class StoredSession implements SessionRefresher {
  readonly #store: SessionStore
  readonly #refresh: Refresh
  readonly #renewals = new SingleRefresh(() => this.#renew())
  #sent: string | null = null
  #triedAt = -Infinity

  constructor(store: SessionStore, refresh: Refresh) {
    this.#store = store
    this.#refresh = refresh
  }

  get generation(): number {
    return this.#renewals.generation
  }

  async token(): Promise<string | null> {
    const tokens = await this.#load()
    const due = tokens !== null && isEnding(tokens) && Date.now() - this.#triedAt > margin
    if (this.#renewals.running || due) await this.#renewals.once()
    this.#sent = (await this.#load())?.accessToken ?? null
    return this.#sent
  }

  refreshedSince(generation: number): Promise<boolean> {
    return this.#renewals.since(generation)
  }

  async observe(name: ActionName, answer: unknown): Promise<void> {
    const effect = sessionEffects[name]
    if (effect === 'ends') await this.#save(null)
    else if ((effect === 'opens' || effect === 'renews') && holdsTokens(answer)) await this.#save(answer)
  }

  async #renew(): Promise<boolean> {
    const tokens = await this.#load()
    if (tokens === null) return false
    // Another client with the same store has refreshed it already.
    if (tokens.accessToken !== this.#sent && !isEnding(tokens)) return true
    this.#triedAt = Date.now()
    try {
      await this.#save(await this.#refresh(tokens.refreshToken))
      return true
    } catch (error) {
      if (!(error instanceof DenizenError) || error.code !== 'auth.invalidRefreshToken') return false
      const now = await this.#load()
      if (now !== null && now.refreshToken !== tokens.refreshToken) return true
      await this.#save(null)
      return false
    }
  }

  #load(): Promise<SessionTokens | null> {
    return ofStore(async () => this.#store.load())
  }

  #save(tokens: SessionTokens | null): Promise<void> {
    return ofStore(async () => this.#store.save(tokens === null ? null : tokensOf(tokens)))
  }
}

async function ofStore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new DenizenError('client.sessionStore', 'internal', 'The store that keeps the session failed.', {}, error)
  }
}

/** Refreshes a session whose tokens are in cookies, where no script can read them. */
export class CookieSession implements SessionRefresher {
  readonly #renewals: SingleRefresh

  constructor(refresh: Refresh) {
    this.#renewals = new SingleRefresh(async () => refresh(cookiePlaceholder).then(() => true))
  }

  get generation(): number {
    return this.#renewals.generation
  }

  async token(): Promise<null> {
    return null
  }

  refreshedSince(generation: number): Promise<boolean> {
    return this.#renewals.since(generation)
  }

  async observe(): Promise<void> {}
}

/** What the server sends, and accepts, in place of a token that is in a cookie. */
const cookiePlaceholder = '(cookie)'

function isEnding({ accessTokenExpiresAt }: SessionTokens): boolean {
  return new Date(accessTokenExpiresAt).getTime() - Date.now() < margin
}

function holdsTokens(answer: unknown): answer is SessionTokens {
  return typeof answer === 'object' && answer !== null && 'accessToken' in answer && 'refreshToken' in answer
}

function tokensOf({ accessToken, refreshToken, accessTokenExpiresAt }: SessionTokens): SessionTokens {
  return { accessToken, refreshToken, accessTokenExpiresAt }
}
