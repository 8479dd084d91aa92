import { folded } from '../text/index.ts'

/** What is wrong with a password. */
export type Weakness = 'tooShort' | 'tooCommon' | 'tooPersonal'

export interface PasswordRules {
  /** Characters; each code point counts as one (NIST SP 800-63B-4: 3.1.1.2). */
  readonly least: number
  /** Words that the password must not consist of: the user's names, their address, the service. */
  readonly words: readonly string[]
  /** Whether a text, folded, is on the block list. */
  readonly isCommon: (text: string) => boolean
}

/**
 * What is wrong with a password, or null. No rules of composition: they make people
 * write `Password1!`. What is refused is what is guessed first.
 */
export function weaknessOf(password: string, { least, words, isCommon }: PasswordRules): Weakness | null {
  const text = folded(password)
  if ([...text].length < least) return 'tooShort'
  if (isGuessedFirst(text, isCommon)) return 'tooCommon'
  return isMadeOf(text, words, least, isCommon) ? 'tooPersonal' : null
}

/** On the list, nothing but repetition or counting, or something on the list with such a thing put before or after it. */
function isGuessedFirst(text: string, isCommon: (text: string) => boolean): boolean {
  if (isCommon(text) || isRegular(text)) return true
  const [, before = '', core = '', after = ''] = /^([^\p{L}]*)(.*?)([^\p{L}]*)$/su.exec(text) ?? []
  const isTrimming = (part: string) => part.length <= shortTrimming || isCommon(part) || isRegular(part)
  return core !== '' && (isCommon(core) || isRegular(core)) && isTrimming(before) && isTrimming(after)
}

/** A year, an exclamation mark. */
const shortTrimming = 4
/** What is repeated to make a password longer without making it harder. */
const shortUnit = 8

/** `abababab`, `123456789`, `zyxwvu`. */
function isRegular(text: string): boolean {
  const points = [...text]
  const period = periodOf(points)
  return (period <= shortUnit && points.length >= 2 * period) || counts(points)
}

/** After how many characters a text begins anew (Knuth, Morris, Pratt); its length, when it does not. */
function periodOf(points: readonly string[]): number {
  const borders = [0]
  for (let index = 1, border = 0; index < points.length; index++) {
    while (border > 0 && points[index] !== points[border]) border = borders[border - 1] ?? 0
    if (points[index] === points[border]) border++
    borders.push(border)
  }
  return points.length - (borders.at(-1) ?? 0)
}

/** Whether each character follows the one before, all upwards or all downwards; after 9 comes 0. */
function counts(points: readonly string[]): boolean {
  if (points.length < 4) return false
  const codes = points.map((point) => point.codePointAt(0) ?? 0)
  const follows = (step: 1 | -1) =>
    codes.every((code, index) => {
      const before = codes[index - 1]
      return before === undefined || code === before + step || (isDigit(code) && isDigit(before) && (before - code) * step === 9)
    })
  return follows(1) || follows(-1)
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39

/** Whether too little is left of it without the words. */
function isMadeOf(text: string, words: readonly string[], least: number, isCommon: (text: string) => boolean): boolean {
  const parts = new Set(words.flatMap((word) => [folded(word), ...folded(word).split(/[^\p{L}\p{N}]+/u)]))
  let rest = text
  for (const part of [...parts].filter(({ length }) => length >= shortestWord).toSorted((one, other) => other.length - one.length))
    rest = rest.replaceAll(part, ' ')
  if (rest === text) return false
  const left = rest.replaceAll(/[^\p{L}\p{N}]+/gu, '')
  return [...left].length < Math.ceil(least / 2) || isGuessedFirst(left, isCommon)
}

/** Shorter ones stand in too many words by chance. */
const shortestWord = 4
