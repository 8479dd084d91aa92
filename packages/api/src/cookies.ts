import type { IncomingHttpHeaders } from 'node:http'
import {
  anonymousActor,
  DenizenError,
  sessionEffects,
  userActor,
  type Core,
  type Origin,
  type Principal,
  type SessionEffect,
} from '@denizen/core'
import type { Fields } from './answer.ts'
import { malformed, toDomainError } from './errors.ts'

/** Placeholder, in answers and inputs, for a token that is in a cookie, where no script can read it. */
const cookiePlaceholder = '(cookie)'

const effects: ReadonlyMap<string, SessionEffect> = new Map(Object.entries(sessionEffects))

type Run = (name: string, input: unknown) => Promise<unknown>

/** The tokens of a session, as in the answer to a sign-in. */
interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly accessTokenExpiresAt: Date
  readonly session: { readonly id: string; readonly expiresAt: Date }
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
  const plain = protocol === 'http:' && isThisMachine(hostname)
  const prefix = plain ? '' : '__Host-'
  const attributes = `Path=/; HttpOnly${plain ? '' : '; Secure'}`
  return { access: `${prefix}denizen`, refresh: `${prefix}denizen-refresh`, attributes }
}

const isThisMachine = (hostname: string): boolean => hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')

/** Whether browsers keep a session here: over plain HTTP to another machine they refuse its cookies, which anybody on the way could read. */
export function keepsSessions({ publicUrl }: Core['settings']): boolean {
  const { protocol, hostname } = new URL(publicUrl)
  return protocol === 'https:' || isThisMachine(hostname)
}

/** Who is signed in in a browser. */
interface Found {
  /** null: nobody. */
  readonly principal: Principal | null
  /** Whether the answer brings new tokens. */
  readonly isRenewed: boolean
}

/** The session cookies of a request, and those that its answer sets. */
export class CookieSession {
  readonly #core: Core
  readonly #names: CookieNames
  readonly #refresh: string | null
  /** Whether the call is made with the access token in the cookie, and not with a token that the request shows. */
  readonly #isCredential: boolean
  readonly #origin: Origin
  #fields: Fields = []
  #found: Promise<Found> | undefined
  /** The access token; null: there is none. */
  readonly access: string | null
  /** Whether the client wants its tokens in cookies. */
  readonly isRequested: boolean

  constructor(core: Core, headers: IncomingHttpHeaders, { isCredential, origin }: { isCredential: boolean; origin: Origin }) {
    this.#core = core
    this.#isCredential = isCredential
    this.#origin = origin
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
      if (effect === 'ends' || !this.isRequested || !holdsTokens(output)) return output
      return await (effect === 'opens' ? this.replace(output) : this.setTokens(output))
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

  /** Who is signed in in this browser; null: nobody. An access token that is over is exchanged, so that people stay signed in as long as their session lasts. */
  found(): Promise<Found> {
    return (this.#found ??= this.#find())
  }

  async #find(): Promise<Found> {
    const known = this.access === null ? null : await this.#core.authenticate(this.access)
    if (known !== null) return { principal: known, isRenewed: false }
    const token = await this.#renew()
    return { principal: token === null ? null : await this.#core.authenticate(token), isRenewed: token !== null }
  }

  /**
   * Keeps a new session in this browser, and ends the one before it: no page shows it any more, so nobody would end it. Every way to sign
   * in that sets cookies comes through here.
   */
  async replace<Answer extends Tokens>(answer: Answer): Promise<Answer> {
    const before = this.hasSession ? await this.known() : null
    const kept = this.setTokens(answer)
    if (before !== null && before.sessionId !== answer.session.id) await this.end(before)
    return kept
  }

  /** Who is signed in in this browser, as far as that can be found out: it is no reason to refuse a new session, or to hide another error. */
  async known(): Promise<Principal | null> {
    try {
      return (await this.found()).principal
    } catch (thrown) {
      const { requestId } = this.#origin
      this.#core.ports.logger.warn('the session of a browser could not be looked up', { requestId, error: thrown })
      return null
    }
  }

  /** Ends a session. False: it goes on, because it may do nothing from here; nothing is thrown, because what was asked for is done. */
  async end(principal: Principal): Promise<boolean> {
    try {
      await this.#core.run('auth.signOut', {}, { actor: userActor(principal), origin: this.#origin })
      return true
    } catch (thrown) {
      const { requestId } = this.#origin
      const error = toDomainError(thrown, { path: 'auth.signOut', requestId })
      if (error.kind === 'internal') this.#core.ports.logger.error('a session in a browser was not ended', { requestId, error: thrown })
      return error.kind === 'unauthenticated'
    }
  }

  /** Exchanges the refresh token in the cookies. Returns the new access token; null: the session is over, or not good for this address. */
  async #renew(): Promise<string | null> {
    if (this.#refresh === null) return null
    try {
      const input = { refreshToken: this.#refresh }
      const answer = (await this.#core.run('auth.refresh', input, { actor: anonymousActor, origin: this.#origin })) as Tokens
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
      // Lax: whoever follows a link to us, or comes back from a provider, is known, also when the access token is over: what they sign in
      // with then replaces the session that they had. Other sites' forms and scripts send neither.
      this.#cookie(this.#names.access, accessToken, accessTokenExpiresAt),
      this.#cookie(this.#names.refresh, refreshToken, session.expiresAt),
    ]
    return { ...answer, accessToken: cookiePlaceholder, refreshToken: cookiePlaceholder }
  }

  clear(): void {
    const { access, refresh } = this.#names
    this.#fields = [this.#cookie(access, '', null), this.#cookie(refresh, '', null)]
  }

  #cookie(name: string, value: string, until: Date | null): Fields[number] {
    const left = until === null ? 0 : until.getTime() - this.#core.ports.clock.now().getTime()
    const seconds = Math.max(0, Math.floor(left / 1000))
    return ['set-cookie', `${name}=${value}; ${this.#names.attributes}; SameSite=Lax; Max-Age=${seconds}`]
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
