/** Milliseconds of work after which others have their turn. */
const longest = 10

/**
 * For long work: await what it gives between one piece and the next, and the event loop comes round whenever some milliseconds have
 * passed, so that nobody else waits until all is done.
 */
export function takingTurns(): () => Promise<void> {
  let began = performance.now()
  return async () => {
    if (performance.now() - began < longest) return
    await new Promise<void>((resolve) => setTimeout(resolve))
    began = performance.now()
  }
}
