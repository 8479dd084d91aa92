import type { IncomingHttpHeaders } from 'node:http'
import type { Cache, CacheState, Clock, Core, Logger } from '@denizen/core'
import { foreignPage } from './errors.ts'

/** Request headers that pages of allowed origins may send. */
const allowedHeaders = 'authorization, content-type, denizen-session, idempotency-key, trpc-accept, x-api-key, x-request-id'
/** Response headers that they may read. */
const exposedHeaders = 'idempotency-key, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id'
/** Seconds for which a browser may cache the answer to a preflight request. */
const preflightAge = '600'
/** Anybody may name any origin: so many are logged in an hour, and no more. */
const mostLogged = 100
/** Milliseconds after which origins are logged again: what somebody made up must not hide a real one until a restart. */
const loggedFor = 60 * 60 * 1000

/** The origins that were logged within the hour. */
class LoggedOrigins implements Cache {
  readonly #origins = new Set<string>()
  #until = -Infinity

  get state(): CacheState {
    return { name: 'refusedOrigins', entries: this.#origins.size, most: mostLogged }
  }

  /** Whether the origin is to be logged now; it is not again for the rest of the hour. */
  add(origin: string, now: number): boolean {
    if (now >= this.#until) {
      this.#origins.clear()
      this.#until = now + loggedFor
    }
    if (this.#origins.has(origin) || this.#origins.size >= mostLogged) return false
    this.#origins.add(origin)
    return true
  }
}

/**
 * Which pages may make calls from a browser (CORS): those of the public URL and of the
 * allowed origins. For any other page the browser hides the answers, and its calls cannot
 * use the session cookie.
 */
export class Origins {
  readonly #own: string
  readonly #allowed: ReadonlySet<string>
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #logged: LoggedOrigins

  constructor({ settings: { publicUrl, allowedOrigins }, ports, caches }: Core) {
    this.#logger = ports.logger
    this.#clock = ports.clock
    this.#logged = caches.of(LoggedOrigins)
    this.#own = new URL(publicUrl).origin
    this.#allowed = new Set(allowedOrigins.map((origin) => new URL(origin).origin))
  }

  /** CORS header fields for an answer to an allowed origin (Fetch Standard), names and values in turn. */
  fieldsFor(headers: IncomingHttpHeaders): readonly string[] {
    const { origin } = headers
    if (origin === undefined) return none
    if (!this.#allowed.has(origin)) {
      // A script asks for an answer that its browser will hide; a link or a form asks for none.
      if (headers['sec-fetch-mode'] === 'cors' && headers['sec-fetch-site'] !== 'same-origin') this.#noteRefusal(origin)
      return none
    }
    const fields = ['access-control-allow-origin', origin, 'access-control-allow-credentials', 'true', 'vary', 'origin']
    return [...fields, 'access-control-expose-headers', exposedHeaders]
  }

  /** Header fields of the answer to a preflight request; null: this is none, or the origin is not allowed. */
  preflightFor(headers: IncomingHttpHeaders): readonly string[] | null {
    if (headers['access-control-request-method'] === undefined) return null
    const fields = this.fieldsFor(headers)
    if (fields.length === 0) {
      this.#noteRefusal(headers.origin)
      return null
    }
    const methods = ['access-control-allow-methods', 'GET, POST', 'access-control-allow-headers', allowedHeaders]
    return [...fields, ...methods, 'access-control-max-age', preflightAge]
  }

  /**
   * Throws unless the request comes from an allowed page: browsers send cookies whichever
   * page makes the call. They always name the origin of a POST. It is `null` for our own
   * pages, which send no referrer; `Sec-Fetch-Site`, which no page can set, decides then.
   */
  demand(headers: IncomingHttpHeaders): void {
    const { origin, 'sec-fetch-site': site } = headers
    if (site === 'same-origin' && (origin === undefined || origin === 'null')) return
    const isKnown = origin !== undefined && (origin === this.#own || this.#allowed.has(origin))
    if (isKnown && site !== 'cross-site') return
    this.#noteRefusal(origin)
    throw foreignPage({ origin: origin ?? null, publicUrl: this.#own, site: site === 'cross-site' ? 'other' : 'same' })
  }

  /** One line an hour for each origin: in the browser nothing says why. */
  #noteRefusal(origin: string | undefined): void {
    if (origin === undefined || !isOrigin(origin) || origin === this.#own || this.#allowed.has(origin)) return
    if (!this.#logged.add(origin, this.#clock.monotonic())) return
    this.#logger.warn('calls from pages of this origin are refused; if they are yours, add it to DENIZEN_ALLOWED_ORIGINS', {
      origin,
      publicUrl: this.#own,
    })
  }
}

/** Whether it is one as browsers send it (RFC 6454): not `null`, and nothing that somebody made up to stand in a log. */
function isOrigin(text: string): boolean {
  return text.length <= 300 && URL.canParse(text) && new URL(text).origin === text
}

const none: readonly string[] = []
