import { z } from 'zod'
import type { Cipher } from '../ports/cipher.ts'
import { invalidInput } from './errors.ts'

/** The most rows one page may hold. */
const maximumLimit = 100

/** The input of every paged query. The cursor is sealed: it cannot be read, forged or used with another query. */
export const pageInput = {
  limit: z.int().min(1).max(maximumLimit).default(50).meta({ description: 'rows in the page, 1 to 100' }),
  cursor: z.string().max(2048).optional().meta({ description: 'where the previous page ended (nextCursor)' }),
}

/** One page and the cursor of the next one (null: this is the last). */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() })
}

/** Where a keyset page ended: the values of its sort keys, the last of them unique. */
export type Position = readonly (string | number | null)[]

/** Seals a position for one query: its name, filters and order, and its viewer. */
export function sealCursor(cipher: Cipher, query: CursorScope, position: Position): Promise<string> {
  return cipher.seal(contextOf(query), JSON.stringify(position))
}

/** The cursor of the page after a position; null: there is none. */
export async function nextCursorOf(cipher: Cipher, query: CursorScope, next: Position | null): Promise<string | null> {
  return next === null ? null : sealCursor(cipher, query, next)
}

/** Cuts rows to a page. One row more than the limit was selected, to know whether there is a next page. */
export async function cutPage<Row>(
  cipher: Cipher,
  query: CursorScope,
  { rows, limit, positionOf }: { rows: readonly Row[]; limit: number; positionOf: (row: Row) => Position },
): Promise<{ readonly shown: readonly Row[]; readonly nextCursor: string | null }> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { shown, nextCursor: await nextCursorOf(cipher, query, rows.length > limit && last !== undefined ? positionOf(last) : null) }
}

/** The position of a cursor; throws for a cursor of another query. */
export async function openCursor(cipher: Cipher, query: CursorScope, cursor: string | undefined): Promise<Position | null> {
  if (cursor === undefined) return null
  const opened = await cipher.open(contextOf(query), cursor)
  if (opened === null)
    throw invalidInput({
      issues: [{ path: 'cursor', message: 'this cursor is not from this query; start again without one, with the same filters and order' }],
    })
  return JSON.parse(opened) as Position
}

export interface CursorScope {
  readonly action: string
  /** Everything that decides which rows are listed, and in which order. */
  readonly filters: unknown
  /** Who sees the rows: cursors cannot be used by a viewer with another view. */
  readonly viewer: string
}

function contextOf({ action, filters, viewer }: CursorScope): string {
  return JSON.stringify(['cursor', action, filters, viewer])
}
