/**
 * Usernames as RFC 8265 has them (UsernameCaseMapped, of RFC 8264's IdentifierClass), with fewer signs: letters, digits and `. _ + -`.
 */

/** The one spelling of a username: width mapping, case mapping, NFC, in this order; lower case after NFC would undo it (ǰ). */
export function usernameForm(text: string): string {
  const narrow = text.replaceAll(/[\u3000\uff01-\uffef]/g, (letter) => letter.normalize('NFKC'))
  return narrow.toLowerCase().normalize('NFD').replaceAll(secondDot, '').normalize('NFC').trim()
}

/** A dot over a letter that has one: lower case leaves it over the i of İ, and nobody sees it (UTS 39, 5.4). */
const secondDot = /(?<=\p{Soft_Dotted}\p{M}*)\u0307/gu

/** What is wrong with a username in its form; null: nothing. */
export function usernameProblem(form: string): string | null {
  return problems.find(([isSo]) => isSo(form))?.[1] ?? null
}

const letters = /^[\p{L}\p{Nd}][\p{L}\p{M}\p{Nd}._+-]*$/u
const oldHangul = /[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]/
const ignorable = /\p{Default_Ignorable_Code_Point}/u
/** Marks that cover the lines above and below, or each other (UTS 39, 5.4). */
const heaped = /\p{M}{5}|(\p{Mn})\1/u

const problems: readonly (readonly [isSo: (form: string) => boolean, problem: string])[] = [
  [(form) => !letters.test(form), 'letters, digits and . _ + - only, beginning with a letter or a digit'],
  [(form) => ignorable.test(form), 'characters that cannot be seen are not allowed'],
  [
    (form) => oldHangul.test(form) || form.normalize('NFKC') !== form,
    'ligatures, small raised letters and other compatibility characters are not allowed',
  ],
  [(form) => heaped.test(form.normalize('NFD')), 'at most four marks on a letter, each once'],
  [(form) => digitSystems(form).size > 1, 'digits of one script only'],
  [(form) => !hasOneDirection(form), 'letters that are written from right to left cannot stand beside others'],
  [hasFormOfId, 'this has the form of an id; a username is told apart from one by its form'],
]

/** The zeros of the decimal digits in a text: ten code points in a row make up each system. */
function digitSystems(text: string): ReadonlySet<number> {
  return new Set(Array.from(text.matchAll(/\p{Nd}/gu), ([digit]) => zeroOf(digit.codePointAt(0) ?? 0)))
}

function zeroOf(digit: number): number {
  let zero = digit
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--
  return zero
}

/** The blocks of scripts that are written from right to left. */
const rightToLeft = String.raw`\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}`
const anyRightToLeft = new RegExp(`[${rightToLeft}]`, 'u')
const allRightToLeft = new RegExp(
  String.raw`^(?!\p{Nd})[${rightToLeft}](?:[${rightToLeft}\p{M}\p{Nd}._+-]*[${rightToLeft}\p{Nd}])?\p{M}*$`,
  'u',
)

/** The Bidi Rule (RFC 5893, 2), for the signs that are allowed here: no name changes its order beside another. */
function hasOneDirection(form: string): boolean {
  return !anyRightToLeft.test(form) || allRightToLeft.test(form)
}

/** Ids of Denizen, of whatever kind, and UUIDs (RFC 9562), also without hyphens. */
function hasFormOfId(text: string): boolean {
  return /^(?:[a-z]{1,63}_[0-9a-z]{26}|[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})$/i.test(text)
}
