import { DenizenError } from '../kernel/errors.ts'

/** A page to await, or all items from there on to iterate over. */
export interface Paged<Page, Item> extends Promise<Page>, AsyncIterable<Item> {}

interface PageLike {
  readonly items: readonly unknown[]
  readonly nextCursor: string | null
}

/**
 * The first page as a promise, and an iterator that fetches the following ones on demand. A cursor that comes again would lead round for
 * ever: `client.unexpectedAnswer`.
 */
export function pagesOf(fetch: (cursor?: string) => Promise<unknown>): Paged<unknown, unknown> {
  const first = fetch()
  async function* items(): AsyncGenerator<unknown> {
    const seen = new Set<string>()
    for (let page = (await first) as PageLike; ; page = (await fetch(page.nextCursor ?? undefined)) as PageLike) {
      yield* page.items
      const { nextCursor } = page
      if (nextCursor === null) return
      if (seen.has(nextCursor)) throw new DenizenError('client.unexpectedAnswer', 'unavailable', 'The server gave a cursor twice.')
      seen.add(nextCursor)
    }
  }
  return Object.assign(first, { [Symbol.asyncIterator]: items })
}
