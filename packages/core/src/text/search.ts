/**
 * A text as searches compare it: in lower case, without the differences that lower case itself makes (the two small sigmas; the dot
 * that is left over of İ), in NFC. Made here for what is stored and for what is searched alike: what `lower` makes of a letter in SQL
 * depends on the locale of the database.
 */
export function folded(text: string): string {
  return text.normalize('NFC').toLowerCase().replaceAll('ς', 'σ').replaceAll('\u0307', '').normalize('NFC')
}

/** Escapes the wildcards of LIKE. */
export function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`)
}
