import { DenizenError } from '@denizen/core/calls'

/** The tokens of a session, as they are kept between calls. */
export interface SessionTokens {
  readonly accessToken: string
  readonly refreshToken: string
  /** A text where it went through JSON. */
  readonly accessTokenExpiresAt: Date | string
}

/** Where a client keeps its session: in memory, in a file, in the storage of a browser. */
export interface SessionStore {
  /** null: nobody is signed in. Asked before every request. */
  load(): SessionTokens | null | Promise<SessionTokens | null>
  /** Told of new tokens, and with null that the session is over. */
  save(tokens: SessionTokens | null): void | Promise<void>
}

/** A session that lasts as long as the program. */
export function memorySession(tokens: SessionTokens | null = null): SessionStore {
  let kept = tokens
  return { load: () => kept, save: (next) => void (kept = next) }
}

/** Keeps a session alive: one refresh at a time, however many calls need it. */
export interface Keeper {
  /** Grows with every renewal; taken before a call, it tells whether the call went out with tokens of before. */
  readonly generation: number
  /** The access token to send; null: there is none to send. */
  token(): Promise<string | null>
  /** Whether there are newer tokens than those of that generation; gets them first if need be. Never rejects. */
  renewed(generation: number): Promise<boolean>
  /** Hears of every answer: signing in brings tokens, signing out ends them. */
  heard(name: string, answer: unknown): Promise<void>
}

/** How new tokens are got. */
export type Refresh = (refreshToken: string) => Promise<SessionTokens>

/** Milliseconds before the end of an access token when it is no longer relied upon; and between two tries to do something about it. */
const margin = 30_000

/** One renewal at a time, and how many there were. */
class Renewals {
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

/** The keeper of a session in a store. */
export class StoredSession implements Keeper {
  readonly #store: SessionStore
  readonly #refresh: Refresh
  readonly #renewals = new Renewals(() => this.#renew())
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

  renewed(generation: number): Promise<boolean> {
    return this.#renewals.since(generation)
  }

  async heard(name: string, answer: unknown): Promise<void> {
    if (name === 'auth.signOut') await this.#save(null)
    // Whoever begins to act for somebody else stays signed in as themselves.
    else if (name.startsWith('auth.') && name !== 'auth.impersonate' && holdsTokens(answer)) await this.#save(answer)
  }

  async #renew(): Promise<boolean> {
    const tokens = await this.#load()
    if (tokens === null) return false
    // Somebody else who shares the store was faster.
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

/** The keeper of a session that the browser holds in cookies, where no script reads it. */
export class CookieSession implements Keeper {
  readonly #renewals: Renewals

  constructor(refresh: Refresh) {
    this.#renewals = new Renewals(async () => refresh(inCookie).then(() => true))
  }

  get generation(): number {
    return this.#renewals.generation
  }

  async token(): Promise<null> {
    return null
  }

  renewed(generation: number): Promise<boolean> {
    return this.#renewals.since(generation)
  }

  async heard(): Promise<void> {}
}

/** What the server puts into answers, and takes, for a token that is in a cookie. */
const inCookie = '(cookie)'

function isEnding({ accessTokenExpiresAt }: SessionTokens): boolean {
  return new Date(accessTokenExpiresAt).getTime() - Date.now() < margin
}

function holdsTokens(answer: unknown): answer is SessionTokens {
  return typeof answer === 'object' && answer !== null && 'accessToken' in answer && 'refreshToken' in answer
}

function tokensOf({ accessToken, refreshToken, accessTokenExpiresAt }: SessionTokens): SessionTokens {
  return { accessToken, refreshToken, accessTokenExpiresAt }
}
