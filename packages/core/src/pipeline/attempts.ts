import { isLockTimeout, isTransient, toDomainError } from '../database/conflict.ts'
import type { ChangingAction } from '../kernel/action.ts'
import { retriesExhausted } from '../kernel/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Trace } from './trace.ts'

/** How often a transaction is retried after a conflict. Handlers have no outside effects, so that is safe. */
const mostAttempts = 6
/** How often it is after waiting for too long, each time for a tenth of a second: for long enough to outlast others' batches. */
const mostWaits = 200
/** Milliseconds: no attempt after a wait begins later. Each has a connection while it waits for its turn. */
const longestInAll = 25_000
/**
 * After so many, a command that takes something away in an organization waits for locks without a bound: those whom it is about could
 * hold it off for ever by keeping calls running. All other commands keep their bound: with a resource of their own, strangers could hold up
 * whomever they name.
 */
const waitsUntilPatient = 20
/** Milliseconds, at most, between two waits: whoever was held up has their turn. */
const pauseAfterWait = 20

/** One attempt of several. */
export interface Attempt {
  /** It was begun again often enough, and waits for as long as it takes. */
  readonly isPatient: boolean
}

interface Retried {
  readonly assembly: { readonly ports: { readonly clock: Pick<Clock, 'monotonic'> } }
  readonly action: Pick<ChangingAction, 'takesPrecedence'>
  readonly trace: Pick<Trace, 'facts'>
}

/** As far as the rule was asked already. */
function takesInOrganization(action: Retried['action'], trace: Retried['trace']): boolean {
  return action.takesPrecedence !== undefined && (trace.facts.organizationId ?? null) !== null
}

/** Does a command's transaction until there is no conflict, and no wait for too long. */
export async function retried<T>({ assembly, action, trace }: Retried, attempt: (how: Attempt) => Promise<T>): Promise<T> {
  const { clock } = assembly.ports
  const startedAt = clock.monotonic()
  for (let [conflicts, waits] = [0, 0]; ;) {
    try {
      return await attempt({ isPatient: waits >= waitsUntilPatient && takesInOrganization(action, trace) })
    } catch (error) {
      if (!isTransient(error)) throw toDomainError(error)
      const isWait = isLockTimeout(error)
      const isOver = isWait ? ++waits === mostWaits || clock.monotonic() - startedAt > longestInAll : ++conflicts === mostAttempts
      if (isOver) throw retriesExhausted({}, error)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * (isWait ? pauseAfterWait : 10 * 2 ** conflicts)))
    }
  }
}
