/** One word for a POSIX shell, in one line: where it holds what would end that or steer a terminal, in the escapes of `$'…'`. */
export function shellWord(text: string): string {
  if (/\p{Cc}/u.test(text)) return `$'${text.replaceAll(/[\p{Cc}\\']/gu, escaped)}'`
  return /^[\w@%+:,./=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** In octal digits, by byte. */
function escaped(character: string): string {
  return [...new TextEncoder().encode(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}
