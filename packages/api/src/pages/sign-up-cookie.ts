import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Core } from '@denizen/core'
import type { Fields } from '../answer.ts'
import { cookiesIn } from '../cookies.ts'
import { laxCookie } from './lax-cookie.ts'

/** Seconds, as long as the mailed link works. */
const lifetime = 3600

const form = /^([\w-]{22})\.([\w-]{1,256})$/

/**
 * The other half of a sign-up's link, in the browser that signed up: with both, the password that was typed there counts, and nobody
 * types it again. One sign-up at a time: another one takes its place, and then the page behind the link asks for the password.
 *
 * It is only set where this installation's own page sent the form. Another site could otherwise sign somebody up with a password of its
 * choice, which would count once they open the link.
 */
export class SignUpCookie {
  readonly #name: string
  readonly #attributes: string
  /** Whether this installation's own page sent the request. */
  readonly #isOwnForm: boolean
  /** The value that the browser has; null: none. */
  readonly #value: string | null

  constructor(settings: Core['settings'], headers: IncomingHttpHeaders) {
    const { prefix, attributes } = laxCookie(settings)
    this.#name = `${prefix}denizen-sign-up`
    this.#attributes = attributes
    this.#isOwnForm = headers['sec-fetch-site'] === 'same-origin'
    this.#value = cookiesIn(headers).get(this.#name) ?? null
  }

  /** The binding of the sign-up with this address; null: it was not made in this browser. */
  bindingFor(email: string): string | null {
    const [, address, binding] = form.exec(this.#value ?? '') ?? []
    return binding !== undefined && address === digestOf(email) ? binding : null
  }

  set(email: string, binding: string): Fields {
    return this.#isOwnForm ? [this.#field(`${digestOf(email)}.${binding}`, lifetime)] : []
  }

  clear(): Fields {
    return this.#value === null ? [] : [this.#field('', 0)]
  }

  #field(value: string, age: number): Fields[number] {
    return ['set-cookie', `${this.#name}=${value}; ${this.#attributes}; Max-Age=${age}`]
  }
}

function digestOf(email: string): string {
  return createHash('sha256').update(email.trim().toLowerCase()).digest('base64url').slice(0, 22)
}
