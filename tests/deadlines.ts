import { setTimeout as sleep } from 'node:timers/promises'

/** The work's result; past the deadline, an error that says what did not happen. */
export async function within<T>(milliseconds: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${milliseconds} ms`)), milliseconds)
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
  const deadline = performance.now() + milliseconds
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== null && answer !== false) return answer
    if (performance.now() > deadline) throw new Error(`${what}: not within ${milliseconds} ms`)
    await sleep(pause)
  }
}
