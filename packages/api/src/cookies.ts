import type { IncomingHttpHeaders } from 'node:http'
import { DenizenError, sessionEffects, type Core, type SessionEffect } from '@denizen/core'
import type { Fields } from './answer.ts'
import { malformed } from './errors.ts'

/** Placeholder, in answers and inputs, for a token that is in a cookie, where no script can read it. */
const cookiePlaceholder = '(cookie)'

const effects: ReadonlyMap<string, SessionEffect> = new Map(Object.entries(sessionEffects))

type Run = (name: string, input: unknown) => Promise<unknown>

/** The tokens of a session, as in the answer to a sign-in. */
interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly accessTokenExpiresAt: Date
  readonly session: { readonly expiresAt: Date }
}

interface CookieNames {
  readonly access: string
  readonly refresh: string
  readonly attributes: string
}

/**
 * `__Host-` keeps other hosts of the domain from setting these cookies. It requires TLS and
 * Path=/, which is why the refresh cookie has no path of its own. Over plain HTTP to this
 * machine browsers accept no such cookie, so the names have no prefix there.
 */
function namesFor({ publicUrl }: Core['settings']): CookieNames {
  const { protocol, hostname } = new URL(publicUrl)
  const plain = protocol === 'http:' && (hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.'))
  const prefix = plain ? '' : '__Host-'
  const attributes = `Path=/; HttpOnly${plain ? '' : '; Secure'}`
  return { access: `${prefix}denizen`, refresh: `${prefix}denizen-refresh`, attributes }
}

/** The session cookies of a request, and those that its answer sets. */
export class CookieSession {
  readonly #core: Core
  readonly #names: CookieNames
  readonly #refresh: string | null
  /** Whether the call is made with the access token in the cookie, and not with a token that the request shows. */
  readonly #isCredential: boolean
  #fields: Fields = []
  /** The access token; null: there is none. */
  readonly access: string | null
  /** Whether the client wants its tokens in cookies. */
  readonly isRequested: boolean

  constructor(core: Core, headers: IncomingHttpHeaders, { isCredential }: { isCredential: boolean }) {
    this.#core = core
    this.#isCredential = isCredential
    this.#names = namesFor(core.settings)
    const cookies = cookiesIn(headers)
    const access = cookies.get(this.#names.access) ?? null
    // An API token does not belong in a browser.
    this.access = access?.startsWith('dnz_access_') === true ? access : null
    this.#refresh = cookies.get(this.#names.refresh) ?? null
    this.isRequested = wantsCookies(headers)
  }

  /** Whether this browser has a session here, even with an expired access token. */
  get hasSession(): boolean {
    return this.access !== null || this.#refresh !== null
  }

  /** The `Set-Cookie` fields of the answer. */
  get fields(): Fields {
    return this.#fields
  }

  /** Whether the request has a session cookie or asks for one. */
  get usesCookies(): boolean {
    return this.isRequested || this.hasSession
  }

  /**
   * Runs a call: tokens are moved from the cookies into its input, and from its output into cookies. The tokens of a session
   * beside the caller's own (an impersonation) stay in the answer: in the cookies they would replace the caller's own.
   */
  async run(run: Run, name: string, input: unknown): Promise<unknown> {
    const effect = effects.get(name)
    if (effect === undefined || effect === 'opensAnother') return run(name, input)
    try {
      const output = await run(name, effect === 'renews' ? this.#withRefreshToken(input) : input)
      if (effect === 'ends' && this.#isCredential) this.clear()
      return effect !== 'ends' && this.isRequested && holdsTokens(output) ? this.setTokens(output) : output
    } catch (error) {
      const isOver = error instanceof DenizenError && error.kind === 'unauthenticated'
      if (isOver && ((effect === 'ends' && this.#isCredential) || (effect === 'renews' && this.isRequested))) this.clear()
      throw error
    }
  }

  #withRefreshToken(input: unknown): unknown {
    if (!this.isRequested || typeof input !== 'object' || input === null) return input
    const { refreshToken = cookiePlaceholder } = input as { readonly refreshToken?: unknown }
    return refreshToken === cookiePlaceholder && this.#refresh !== null ? { ...input, refreshToken: this.#refresh } : input
  }

  /** Exchanges the refresh token in the cookies. Returns the new access token; null: the session is over, or not good for this address. */
  async renew(run: Run): Promise<string | null> {
    if (this.#refresh === null) return null
    try {
      const answer = (await run('auth.refresh', { refreshToken: this.#refresh })) as Tokens
      this.setTokens(answer)
      return answer.accessToken
    } catch (error) {
      if (!(error instanceof DenizenError) || !['unauthenticated', 'denied'].includes(error.kind)) throw error
      if (error.kind === 'unauthenticated') this.clear()
      return null
    }
  }

  /** Moves the tokens of an answer into cookies. */
  setTokens<Answer extends Tokens>(answer: Answer): Answer {
    const { accessToken, refreshToken, accessTokenExpiresAt, session } = answer
    this.#fields = [
      // Lax: people who follow a link to us are signed in. The refresh token is for calls of our own pages only.
      this.#cookie(this.#names.access, accessToken, 'Lax', accessTokenExpiresAt),
      this.#cookie(this.#names.refresh, refreshToken, 'Strict', session.expiresAt),
    ]
    return { ...answer, accessToken: cookiePlaceholder, refreshToken: cookiePlaceholder }
  }

  clear(): void {
    const { access, refresh } = this.#names
    this.#fields = [this.#cookie(access, '', 'Lax', null), this.#cookie(refresh, '', 'Strict', null)]
  }

  #cookie(name: string, value: string, sameSite: 'Lax' | 'Strict', until: Date | null): Fields[number] {
    const left = until === null ? 0 : until.getTime() - this.#core.ports.clock.now().getTime()
    const seconds = Math.max(0, Math.floor(left / 1000))
    return ['set-cookie', `${name}=${value}; ${this.#names.attributes}; SameSite=${sameSite}; Max-Age=${seconds}`]
  }
}

function wantsCookies({ 'denizen-session': asked }: IncomingHttpHeaders): boolean {
  if (asked === undefined) return false
  if (asked === 'cookie') return true
  throw malformed('Denizen-Session', 'must be cookie, or left out')
}

/** The cookies of a request: the first of each name, as browsers send the most specific first (RFC 6265: 5.4). */
export function cookiesIn({ cookie = '' }: IncomingHttpHeaders): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const pair of cookie.split(';')) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim()
    if (at > 0 && !found.has(name)) found.set(name, pair.slice(at + 1).trim())
  }
  return found
}

function holdsTokens(output: unknown): output is Tokens {
  return typeof output === 'object' && output !== null && 'accessToken' in output && 'refreshToken' in output && 'session' in output
}
