import { passwordsBusy } from './errors.ts'

/** How many may wait; further calls fail with `passwords.busy`. */
const longestQueue = 32

/**
 * Runs work on passwords one after another, for each takes a processor for
 * itself. Between two of them everything else in the process gets its turn: in
 * WebAssembly a hash holds up the thread, and the next would follow at once.
 */
export function passwordQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    if (waiting >= longestQueue) return Promise.reject(passwordsBusy({ retryAfter: 2 }))
    waiting++
    const done = last.then(work).finally(() => waiting--)
    last = done.catch(() => undefined).then(() => new Promise((resolve) => setTimeout(resolve)))
    return done
  }
}
