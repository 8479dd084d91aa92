import type { IncomingHttpHeaders } from 'node:http'
import type { Core } from '@denizen/core'
import type { Fields } from '../answer.ts'

/** What a browser has begun: the challenge that it answers, and where it goes afterwards. */
export interface Waiting {
  readonly challenge: string
  /** Known by the server until a second factor is asked for. */
  readonly redirectTo: string | null
}

/** Seconds; as long as a challenge lasts. */
const lifetime = 600

const form = /^(dnz_challenge_\w{1,128})(?:\.([\w-]{0,4096}))?$/

/**
 * The cookie that binds a sign-in at a provider to the browser that began it. Lax: the
 * provider sends people back by a link, with which browsers show it; a form of another
 * page comes without. `__Host-` keeps other hosts of the domain from planting one.
 */
export class ProviderCookie {
  readonly #name: string
  readonly #attributes: string
  /** null: nothing was begun here, or too long ago. */
  readonly waiting: Waiting | null

  constructor({ publicUrl }: Core['settings'], { cookie = '' }: IncomingHttpHeaders) {
    const isPlain = new URL(publicUrl).protocol === 'http:'
    this.#name = `${isPlain ? '' : '__Host-'}denizen-provider`
    this.#attributes = `Path=/; HttpOnly; SameSite=Lax${isPlain ? '' : '; Secure'}`
    const pair = cookie.split(';').find((one) => one.trim().startsWith(`${this.#name}=`))
    const [, challenge, encoded] = form.exec(pair?.trim().slice(this.#name.length + 1) ?? '') ?? []
    this.waiting = challenge === undefined ? null : { challenge, redirectTo: encoded === undefined ? null : decoded(encoded) }
  }

  set({ challenge, redirectTo }: Waiting): Fields[number] {
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
