/** A page to await, or all items from there on to iterate over. */
export interface Paged<Page, Item> extends Promise<Page>, AsyncIterable<Item> {}

interface PageLike {
  readonly items: readonly unknown[]
  readonly nextCursor: string | null
}

/** The first page as a promise, and an iterator that fetches the following ones on demand. */
export function pagesOf(fetch: (cursor?: string) => Promise<unknown>): Paged<unknown, unknown> {
  const first = fetch()
  async function* items(): AsyncGenerator<unknown> {
    for (let page = (await first) as PageLike; ; page = (await fetch(page.nextCursor ?? undefined)) as PageLike) {
      yield* page.items
      if (page.nextCursor === null) return
    }
  }
  return Object.assign(first, { [Symbol.asyncIterator]: items })
}
