import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Core } from '@denizen/core'
import type { Fields } from '../answer.ts'
import { cookiesIn } from '../cookies.ts'
import { laxCookie } from './lax-cookie.ts'

/** A sign-in that a browser has started: its challenge, and where to go afterwards. */
export interface PendingSignIn {
  readonly challenge: string
  /** null as long as the server knows it: until a second factor is asked for. */
  readonly redirectTo: string | null
  /** What a guest said who gives up the guest account; empty: nothing. */
  readonly leave: string
}

/** Seconds, as long as a challenge is valid. */
const lifetime = 600

/** Sign-ins that a browser may have open at once, one a tab; above it, the oldest is given up. */
const mostAtOnce = 8

const form = /^(dnz_challenge_\w{1,128})\.([\w-]{0,4096})\.([\w-]{0,22})$/

/** A name for one of the sign-ins that a browser has started. It is of the state, which comes back, and does not reveal it. */
export function attemptOf(state: string): string {
  return createHash('sha256').update(state).digest('base64url').slice(0, 16)
}

/** The cookies that bind sign-ins at providers to the browser that started them, one for each: people start in two tabs. */
export class ProviderCookies {
  readonly #prefix: string
  readonly #attributes: string
  /** By attempt, the oldest first: that is the order in which browsers send them (RFC 6265: 5.4). */
  readonly #pending = new Map<string, PendingSignIn>()

  constructor(settings: Core['settings'], headers: IncomingHttpHeaders) {
    const { prefix, attributes } = laxCookie(settings)
    this.#prefix = `${prefix}denizen-provider-`
    this.#attributes = attributes
    for (const [name, value] of cookiesIn(headers)) {
      const [, challenge, encoded = '', leave = ''] = form.exec(value) ?? []
      if (!name.startsWith(this.#prefix) || challenge === undefined) continue
      this.#pending.set(name.slice(this.#prefix.length), { challenge, redirectTo: decoded(encoded), leave })
    }
  }

  /** The sign-in of an attempt; null: it was not started here, or too long ago. */
  waiting(attempt: string): PendingSignIn | null {
    return this.#pending.get(attempt) ?? null
  }

  set(attempt: string, { challenge, redirectTo, leave }: PendingSignIn): Fields {
    const value = `${challenge}.${Buffer.from(redirectTo ?? '').toString('base64url')}.${leave}`
    const others = [...this.#pending.keys()].filter((other) => other !== attempt)
    const given = others.slice(0, Math.max(0, others.length - mostAtOnce + 1))
    return [...given.flatMap((other) => this.clear(other)), this.#field(attempt, value, lifetime)]
  }

  clear(attempt: string): Fields {
    return [this.#field(attempt, '', 0)]
  }

  #field(attempt: string, value: string, age: number): Fields[number] {
    return ['set-cookie', `${this.#prefix}${attempt}=${value}; ${this.#attributes}; Max-Age=${age}`]
  }
}

function decoded(encoded: string): string | null {
  const text = Buffer.from(encoded, 'base64url').toString('utf8')
  return /^https?:\/\//.test(text) ? text : null
}
