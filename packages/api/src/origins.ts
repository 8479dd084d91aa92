import type { IncomingHttpHeaders } from 'node:http'
import type { Core } from '@denizen/core'
import { foreignPage } from './errors.ts'

/** What pages of other origins may send besides what any page may. */
const allowedHeaders = 'authorization, content-type, denizen-plan, denizen-session, idempotency-key, trpc-accept, x-api-key, x-request-id'
/** What they may read of an answer besides its body. */
const exposedHeaders = 'ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id'
/** Seconds that a browser need not ask again. */
const preflightAge = '600'

/**
 * Which pages may call here from a browser: those of the public address, and of the
 * origins that the operator named. Any other page gets no word that would let a
 * browser show it an answer, and cannot act by the cookie of whoever looks at it.
 */
export class Origins {
  readonly #own: string
  readonly #allowed: ReadonlySet<string>

  constructor({ publicUrl, allowedOrigins }: Core['settings']) {
    this.#own = new URL(publicUrl).origin
    this.#allowed = new Set(allowedOrigins.map((origin) => new URL(origin).origin))
  }

  /** Header fields for an answer to a page of another origin (Fetch Standard: CORS protocol), names and values in turn. */
  fieldsFor(origin: string | undefined): readonly string[] {
    if (origin === undefined || !this.#allowed.has(origin)) return none
    const fields = ['access-control-allow-origin', origin, 'access-control-allow-credentials', 'true', 'vary', 'origin']
    return [...fields, 'access-control-expose-headers', exposedHeaders]
  }

  /** The same for the question that a browser asks before it sends what is more than a form could; null: it is not answered. */
  preflightFor(headers: IncomingHttpHeaders): readonly string[] | null {
    const fields = this.fieldsFor(headers.origin)
    if (fields.length === 0 || headers['access-control-request-method'] === undefined) return null
    const methods = ['access-control-allow-methods', 'GET, POST', 'access-control-allow-headers', allowedHeaders]
    return [...fields, ...methods, 'access-control-max-age', preflightAge]
  }

  /**
   * Throws unless a page of ours sent this: a browser shows its cookies for every
   * page. Browsers always name the origin of a POST; only a page of our own that hides
   * where it is says `null`, and then `Sec-Fetch-Site`, which no page can set, tells.
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

/** Those of an installation. */
export function originsOf(core: Core): Origins {
  const origins = known.get(core) ?? new Origins(core.settings)
  known.set(core, origins)
  return origins
}
