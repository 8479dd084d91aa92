import { setTimeout as sleep } from 'node:timers/promises'
import { paceNow, paceOfRun } from './pace.ts'

/** Something did not happen in time. It says nothing of what Denizen does: the machine may be slow, so CI runs such a file once more. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/** Milliseconds of a quiet machine as kind as ours, on this one as it was at the start of the run. */
export function scaled(milliseconds: number): number {
  return Math.ceil(milliseconds * paceOfRun())
}

/** The work's result; past the deadline (see `scaled`), an error that says what did not happen. */
export async function within<T>(milliseconds: number, what: string, work: Promise<T>): Promise<T> {
  const deadline = startDeadline(milliseconds, what)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const look = (): void => {
      const failure = deadline.failure()
      if (failure === null) timer = setTimeout(look, deadline.left())
      else reject(failure)
    }
    timer = setTimeout(look, deadline.left())
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Asks again and again until the answer is neither undefined, null nor false. */
export async function eventually<T>(
  milliseconds: number,
  what: string,
  ask: () => Promise<T | undefined | null | false>,
  pause = 10,
): Promise<T> {
  const deadline = startDeadline(milliseconds, what)
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== null && answer !== false) return answer
    const failure = deadline.failure()
    if (failure !== null) throw failure
    await sleep(pause)
  }
}

/** In so many parts a deadline is counted. */
const parts = 5

interface Clock {
  /** Milliseconds. */
  now(): number
  /** How many times as long as on a quiet machine things take at this moment. */
  pace(): number
}

const clock: Clock = { now: () => performance.now(), pace: () => Math.max(paceOfRun(), paceNow()) }

/**
 * Time that passes as slowly as the machine is: every part of it counts by how fast the machine is at its end, so what
 * others kept the processor from is not held against whoever waits, even though they may be gone when the time is up.
 */
export function startDeadline(milliseconds: number, what: string, { now, pace }: Clock = clock) {
  const startedAt = now()
  let partStartedAt = startedAt
  let used = 0
  const left = () => Math.max(1, partStartedAt + milliseconds / parts - now())
  return {
    /** Until it is worth asking for a failure. */
    left,
    failure(): DeadlineError | null {
      const elapsed = now() - partStartedAt
      if (elapsed < milliseconds / parts) return null
      used += elapsed / pace()
      if (used >= milliseconds) return new DeadlineError(`${what}: not within ${Math.round(now() - startedAt)} ms`)
      partStartedAt = now()
      return null
    },
  }
}
