import type { Core, Principal } from '@denizen/core'
import type { Fields } from '../answer.ts'
import { laxCookie } from './lax-cookie.ts'
import type { Visitor } from './visitor.ts'

/** What a cookie kept, and until when it does. */
type Kept<Value> = Value & { readonly until: Date }

/**
 * A secret that pages show more than once: while somebody types a code, after a reload and after signing in again. The browser keeps it, sealed
 * for its owner, and brings it along; so it is in no address, in no history and in no form, and nothing that runs in the browser can read it.
 */
export class SealedCookie<Value extends object> {
  readonly #name: string
  readonly #lifetime: number
  readonly #ownerOf: (principal: Principal) => string

  /**
   * @param lifetime in seconds
   * @param ownerOf for whom it is sealed: a user, or one session alone
   */
  constructor(name: string, lifetime: number, ownerOf: (principal: Principal) => string) {
    this.#name = name
    this.#lifetime = lifetime
    this.#ownerOf = ownerOf
  }

  /** null: there is none, its time is over, or it is somebody else's. */
  async read({ principal, jar }: Visitor, { settings, ports }: Core): Promise<Kept<Value> | null> {
    const sealed = jar.get(this.#fullName(settings))
    if (principal === null || sealed === undefined) return null
    const text = await ports.cipher.open(this.#context(principal), sealed)
    if (text === null) return null
    const { value, until } = JSON.parse(text) as { value: Value; until: number }
    return until > ports.clock.now().getTime() ? { ...value, until: new Date(until) } : null
  }

  async set(principal: Principal, value: Value, { settings, ports }: Core): Promise<Fields> {
    const until = ports.clock.now().getTime() + this.#lifetime * 1000
    const sealed = await ports.cipher.seal(this.#context(principal), JSON.stringify({ value, until }))
    return [this.#field(settings, sealed, this.#lifetime)]
  }

  /** Nothing where the browser has none. */
  clear({ jar }: Visitor, { settings }: Core): Fields {
    return jar.has(this.#fullName(settings)) ? [this.#field(settings, '', 0)] : []
  }

  #context(principal: Principal): string {
    return `page/${this.#name}/${this.#ownerOf(principal)}`
  }

  #fullName(settings: Core['settings']): string {
    return `${laxCookie(settings).prefix}denizen-${this.#name}`
  }

  #field(settings: Core['settings'], value: string, age: number): Fields[number] {
    return ['set-cookie', `${this.#fullName(settings)}=${value}; ${laxCookie(settings).attributes}; Max-Age=${age}`]
  }
}
