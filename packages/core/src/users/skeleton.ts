import unhomoglyph from 'unhomoglyph'

/**
 * What a username looks like: two that give the same cannot be told apart by eye. The skeleton of UTS 39 (4), in lower case, and with
 * one difference: letters of ASCII stand for themselves, as comer and corner, or user1 and userl, are different people everywhere.
 * https://www.unicode.org/reports/tr39/#Confusable_Detection
 */
export function skeletonOf(username: string): string {
  if (hasOnlyAscii(username)) return username
  return prototypes(username.replaceAll('ς', 'σ').normalize('NFD')).normalize('NFD').toLowerCase()
}

export function hasOnlyAscii(text: string): boolean {
  return !/[^\u0000-\u007f]/.test(text)
}

function prototypes(text: string): string {
  return text.replaceAll(/[^\u0000-\u007f]/gu, (letter) => unhomoglyph(letter))
}
