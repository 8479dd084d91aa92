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

/** Time that grows with what the machine has to do besides: when it is up, how fast the machine is now is looked at once more. */
function startDeadline(milliseconds: number, what: string): { left(): number; failure(): DeadlineError | null } {
  const startedAt = performance.now()
  let allowed = scaled(milliseconds)
  const left = () => Math.max(1, startedAt + allowed - performance.now())
  return {
    left,
    failure() {
      if (performance.now() - startedAt < allowed) return null
      allowed = Math.max(allowed, milliseconds * paceNow())
      return performance.now() - startedAt < allowed ? null : new DeadlineError(`${what}: not within ${Math.round(allowed)} ms`)
    },
  }
}
