/** Milliseconds. */
const warmUp = 300
const duration = 2000

/** How often a second something is done, so many at a time, after a warm-up. Each turn has a number of its own. */
export async function ratePerSecond(atOnce: number, work: (turn: number) => Promise<void>): Promise<number> {
  let turn = 0
  const startedAt = performance.now()
  let counted = 0
  const isOver = () => performance.now() - startedAt > warmUp + duration
  const lane = async (): Promise<void> => {
    while (!isOver()) {
      await work(turn++)
      if (performance.now() - startedAt > warmUp) counted++
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return (counted / (performance.now() - startedAt - warmUp)) * 1000
}

/** Milliseconds that nothing else gets to run: what is in memory counts only while heartbeats are heard. */
const slice = 50

/** The same of something so short that waiting for it, or looking at the clock, would cost more than it: a thousand turns between two looks. */
export async function syncRatePerSecond(work: (turn: number) => void): Promise<number> {
  let turn = 0
  const run = async (milliseconds: number): Promise<number> => {
    const first = turn
    let busy = 0
    while (busy < milliseconds) {
      const startedAt = performance.now()
      while (performance.now() - startedAt < slice) for (let count = 0; count < 1000; count++) work(turn++)
      busy += performance.now() - startedAt
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return ((turn - first) / busy) * 1000
  }
  await run(warmUp)
  return run(duration)
}
