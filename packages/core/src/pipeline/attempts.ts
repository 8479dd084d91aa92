import { isLockTimeout, isTransient, toDomainError } from '../database/conflict.ts'
import type { ChangingAction } from '../kernel/action.ts'
import { retriesExhausted } from '../kernel/errors.ts'
import type { Trace } from './trace.ts'

/** How often a transaction is retried after a conflict. Handlers have no outside effects, so that is safe. */
const mostAttempts = 6
/** How often it is after waiting for too long, each time for some tenths of a second: for long enough to outlast others' batches. */
const mostWaits = 200
/**
 * As many for what takes something away in an organization: nobody there keeps that from happening by what they have under way, so it waits in
 * the queue then. With resources of their own, strangers could hold up whomever they name.
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
  readonly action: Pick<ChangingAction, 'takesPrecedence'>
  readonly trace: Pick<Trace, 'facts'>
}

/** As far as the rule was asked already. */
function takesInOrganization({ action, trace }: Retried): boolean {
  return action.takesPrecedence !== undefined && (trace.facts.organizationId ?? null) !== null
}

/** Does a command's transaction until there is no conflict, and no wait for too long. */
export async function retried<T>({ action, trace }: Retried, attempt: (how: Attempt) => Promise<T>): Promise<T> {
  for (let [conflicts, waits] = [0, 0]; ;) {
    try {
      return await attempt({ isPatient: waits >= waitsUntilPatient && takesInOrganization({ action, trace }) })
    } catch (error) {
      if (!isTransient(error)) throw toDomainError(error)
      const isWait = isLockTimeout(error)
      if (isWait ? ++waits === mostWaits : ++conflicts === mostAttempts) throw retriesExhausted({}, error)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * (isWait ? pauseAfterWait : 10 * 2 ** conflicts)))
    }
  }
}
