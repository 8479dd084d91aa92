/** As many as the pool of a world has connections: what nobody works on is not begun, and waits nowhere until it is refused. */
const mostAtOnce = 4

/** The result for each item, some of them at work at a time. The first failure is thrown, and nothing more is begun. */
export async function sideBySide<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  const waiting = items.entries()
  let failed = false
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) {
      if (failed) return
      try {
        results[index] = await work(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: mostAtOnce }, worker))
  for (const one of ended) if (one.status === 'rejected') throw one.reason
  return results
}
