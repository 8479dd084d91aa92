import type { IncomingHttpHeaders } from 'node:http'
import type { Core } from '@denizen/core'
import type { Fields } from '../answer.ts'

/** A sign-in that a browser has started: its challenge, and where to go afterwards. */
export interface PendingSignIn {
  readonly challenge: string
  /** null as long as the server knows it: until a second factor is asked for. */
  readonly redirectTo: string | null
}

/** Seconds, as long as a challenge is valid. */
const lifetime = 600

const form = /^(dnz_challenge_\w{1,128})(?:\.([\w-]{0,4096}))?$/

/**
 * The cookie that binds a sign-in at a provider to the browser that started it. SameSite=Lax:
 * browsers send it with the link by which the provider sends people back, and not with the
 * form of another site. `__Host-` keeps other hosts of the domain from setting it.
 */
export class ProviderCookie {
  readonly #name: string
  readonly #attributes: string
  /** null: no sign-in was started here, or too long ago. */
  readonly waiting: PendingSignIn | null

  constructor({ publicUrl }: Core['settings'], { cookie = '' }: IncomingHttpHeaders) {
    const isPlain = new URL(publicUrl).protocol === 'http:'
    this.#name = `${isPlain ? '' : '__Host-'}denizen-provider`
    this.#attributes = `Path=/; HttpOnly; SameSite=Lax${isPlain ? '' : '; Secure'}`
    const pair = cookie.split(';').find((one) => one.trim().startsWith(`${this.#name}=`))
    const [, challenge, encoded] = form.exec(pair?.trim().slice(this.#name.length + 1) ?? '') ?? []
    this.waiting = challenge === undefined ? null : { challenge, redirectTo: encoded === undefined ? null : decoded(encoded) }
  }

  set({ challenge, redirectTo }: PendingSignIn): Fields[number] {
    const value = redirectTo === null ? challenge : `${challenge}.${Buffer.from(redirectTo).toString('base64url')}`
    return ['set-cookie', `${this.#name}=${value}; ${this.#attributes}; Max-Age=${lifetime}`]
  }

  clear(): Fields[number] {
    return ['set-cookie', `${this.#name}=; ${this.#attributes}; Max-Age=0`]
  }
}

function decoded(encoded: string): string | null {
  const text = Buffer.from(encoded, 'base64url').toString('utf8')
  return /^https?:\/\//.test(text) ? text : null
}
