import { callerId, type Actor } from '../kernel/actor.ts'
import { tooManyAtOnce } from '../kernel/errors.ts'
import type { Id } from '../kernel/id.ts'

/** Such calls at a time in this process: each may hold a connection for seconds, and the others have to have some left. */
const mostAtOnce = 3
/** Seconds after which it makes sense to try again. */
const retryAfter = 5

/** The place of one call. Throws `request.tooManyAtOnce` if there is none. */
export interface Place {
  /** Takes one of the places of the process, and the only one of the caller. */
  take(): void
  /** The same, if that was not done, and the only one of the organization; null: of the installation. */
  claim(organizationId: Id<'org'> | null): void
  leave(): void
}

/**
 * Long work in one transaction: few at a time in this process, and one for each caller and each organization. Whoever comes above that is
 * refused at once, before it takes a connection: those that wait for the same lock would each keep one from everybody else.
 */
export class FewAtOnce {
  readonly #taken = new Set<string>()
  #running = 0

  placeFor(actor: Actor): Place {
    const caller = callerId(actor)
    const mine: string[] = []
    let isRunning = false
    const hold = (key: string, of: 'you' | 'this organization'): void => {
      if (this.#taken.has(key)) throw tooManyAtOnce({ of, retryAfter })
      this.#taken.add(key)
      mine.push(key)
    }
    const take = (): void => {
      if (isRunning) return
      if (caller !== null) hold(caller, 'you')
      if (this.#running >= mostAtOnce) throw tooManyAtOnce({ of: 'this server', retryAfter })
      this.#running++
      isRunning = true
    }
    return {
      take,
      claim: (organizationId) => {
        take()
        hold(organizationId ?? 'installation', 'this organization')
      },
      leave: () => {
        if (isRunning) this.#running--
        for (const key of mine) this.#taken.delete(key)
      },
    }
  }
}
