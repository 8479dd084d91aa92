import { describe, expect, test } from 'vitest'
import { pagesOf } from './pages.ts'

const book: Readonly<Record<string, { items: readonly number[]; nextCursor: string | null }>> = {
  first: { items: [1, 2], nextCursor: 'second' },
  second: { items: [], nextCursor: 'third' },
  third: { items: [3], nextCursor: null },
}

function reader() {
  const asked: (string | undefined)[] = []
  const pages = pagesOf(async (cursor) => {
    asked.push(cursor)
    return book[cursor ?? 'first']
  })
  return { asked, pages }
}

async function collect(pages: AsyncIterable<unknown>, most = Infinity): Promise<unknown[]> {
  const items: unknown[] = []
  for await (const item of pages) if (items.push(item) >= most) break
  return items
}

describe('pages', () => {
  test('awaited are the first page, and no other is fetched', async () => {
    const { asked, pages } = reader()
    expect(await pages).toBe(book['first'])
    expect(asked).toEqual([undefined])
  })

  test('iterated over are every item of every page, also past an empty one', async () => {
    const { asked, pages } = reader()
    expect(await collect(pages)).toEqual([1, 2, 3])
    expect(asked).toEqual([undefined, 'second', 'third'])
  })

  test('are fetched only when the iteration gets to them', async () => {
    const { asked, pages } = reader()
    expect(await collect(pages, 2)).toEqual([1, 2])
    expect(asked).toEqual([undefined])
  })

  test('can be iterated over twice', async () => {
    const { pages } = reader()
    expect(await collect(pages)).toEqual(await collect(pages))
  })

  test('end with the error of the page that failed', async () => {
    const pages = pagesOf(async (cursor) => {
      if (cursor !== undefined) throw new Error('the second page')
      return book['first']
    })
    const items: unknown[] = []
    await expect(
      (async () => {
        for await (const item of pages) items.push(item)
      })(),
    ).rejects.toThrow('the second page')
    expect(items).toEqual([1, 2])
  })
})
