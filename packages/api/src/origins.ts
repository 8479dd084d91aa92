import type { IncomingHttpHeaders } from 'node:http'
import type { Core } from '@denizen/core'
import { foreignPage } from './errors.ts'

/** Request headers that pages of allowed origins may send. */
const allowedHeaders = 'authorization, content-type, denizen-session, idempotency-key, trpc-accept, x-api-key, x-request-id'
/** Response headers that they may read. */
const exposedHeaders = 'idempotency-key, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id'
/** Seconds for which a browser may cache the answer to a preflight request. */
const preflightAge = '600'

/**
 * Which pages may make calls from a browser (CORS): those of the public URL and of the
 * allowed origins. For any other page the browser hides the answers, and its calls cannot
 * use the session cookie.
 */
export class Origins {
  readonly #own: string
  readonly #allowed: ReadonlySet<string>

  constructor({ publicUrl, allowedOrigins }: Core['settings']) {
    this.#own = new URL(publicUrl).origin
    this.#allowed = new Set(allowedOrigins.map((origin) => new URL(origin).origin))
  }

  /** CORS header fields for an answer to an allowed origin (Fetch Standard), names and values in turn. */
  fieldsFor(origin: string | undefined): readonly string[] {
    if (origin === undefined || !this.#allowed.has(origin)) return none
    const fields = ['access-control-allow-origin', origin, 'access-control-allow-credentials', 'true', 'vary', 'origin']
    return [...fields, 'access-control-expose-headers', exposedHeaders]
  }

  /** Header fields of the answer to a preflight request; null: this is none, or the origin is not allowed. */
  preflightFor(headers: IncomingHttpHeaders): readonly string[] | null {
    const fields = this.fieldsFor(headers.origin)
    if (fields.length === 0 || headers['access-control-request-method'] === undefined) return null
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
    if (site === 'cross-site') throw foreignPage({})
    if (site === 'same-origin' && (origin === undefined || origin === 'null')) return
    if (origin === undefined || (origin !== this.#own && !this.#allowed.has(origin))) throw foreignPage({})
  }
}

const none: readonly string[] = []

const known = new WeakMap<Core, Origins>()

/** The origins of a core, made once. */
export function originsOf(core: Core): Origins {
  const origins = known.get(core) ?? new Origins(core.settings)
  known.set(core, origins)
  return origins
}
