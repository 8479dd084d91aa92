import { DenizenError } from '@denizen/core/calls'
import { loginOf, prepareLogin, readLogin, withLoginLock, writeLogin, type Login } from './login-store.ts'
import { serverCalls } from './server-calls.ts'
import { serverFetch } from './server-fetch.ts'

/** Milliseconds before a token expires at which it is refreshed: a call takes a while. */
const margin = 60_000

type Fetch = typeof globalThis.fetch

/** The login that is saved on this machine; its tokens are refreshed as they are used. */
export class SavedLogin {
  readonly #context: string
  #login: Login
  #renewal: Promise<boolean> | null = null

  constructor(context: string, login: Login) {
    this.#context = context
    this.#login = login
  }

  /** The access token, refreshed when it is about to expire. */
  async token(): Promise<string> {
    const { expiresAt, refreshToken } = this.#login
    const ends = expiresAt === undefined ? Infinity : Date.parse(expiresAt)
    if (refreshToken !== undefined && ends - Date.now() < margin) await this.#renew()
    return this.#login.token
  }

  /**
   * Sends a request, and again with a new token when the server does not accept the first.
   * That is safe: nothing was done for an unauthenticated caller.
   */
  over(fetch: Fetch): Fetch {
    return async (input, init) => {
      const answer = await fetch(input, init)
      if (answer.status !== 401 || answer.headers.get('www-authenticate')?.includes('invalid_token') !== true) return answer
      const headers = new Headers(init?.headers)
      const shown = headers.get('authorization')
      if (shown === `Bearer ${this.#login.token}` && !(await this.#renew())) return answer
      await answer.body?.cancel()
      headers.set('authorization', `Bearer ${this.#login.token}`)
      return fetch(input, { ...init, headers })
    }
  }

  /** false: the session has ended, and the user has to sign in again. */
  #renew(): Promise<boolean> {
    this.#renewal ??= renewed(this.#context, this.#login)
      .then((login) => {
        if (login === null) return false
        this.#login = login
        return true
      })
      .finally(() => (this.#renewal = null))
    return this.#renewal
  }
}

/** The login with new tokens, perhaps refreshed by another `denizen` meanwhile; null: it cannot be refreshed. */
async function renewed(context: string, login: Login): Promise<Login | null> {
  // Make sure that the new token can be saved before the old one is used up.
  await prepareLogin(context)
  return withLoginLock(context, async () => {
    const kept = await readLogin(context)
    if (kept === null || kept.url !== login.url) return null
    if (kept.token !== login.token) return kept
    if (kept.refreshToken === undefined) return null
    try {
      const calls = await serverCalls({ url: kept.url, fetch: serverFetch(kept.url, { debug: false }) })
      const next = loginOf(kept.url, await calls.auth.refresh({ refreshToken: kept.refreshToken }))
      await writeLogin(context, next)
      return next
    } catch (error) {
      if (error instanceof DenizenError && (error.kind === 'unauthenticated' || error.kind === 'denied')) return null
      throw error
    }
  })
}
