/**
 * SQL for a text as it is searched: in lower case, and without the differences
 * that lower case itself makes (the two small sigmas; the dot that is left over
 * of İ). Both sides of a comparison go through it, so that they agree whatever
 * the locale of the database makes of a letter.
 */
export function folded(text: string): string {
  return `translate(lower(${text}), 'ς' || chr(775), 'σ')`
}

/**
 * All that a search looks through, each part behind a line break of its own:
 * after a break something begins, and no break is in a search, so that no match
 * reaches over two parts. Stored, because computing it costs five times as much
 * as looking through it (10 000 rows: 19 ms against 4 ms).
 */
export const searchTextExpression = folded(
  `(chr(10) || username || chr(10) || coalesce(email, '') || chr(10) || coalesce(full_name, '')) collate "default"`,
)

/** A full name as it is compared: by code points, so that an index can find beginnings. */
export const foldedFullName = `(${folded('full_name')} collate "C")`
