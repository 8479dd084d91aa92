import { z } from 'zod'
import { showsOnlyWhatIsThere, withoutHidden } from './hidden.ts'

/** PostgreSQL cannot store NUL; control characters forge log lines and headers. */
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/
const controlsButBreaks = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/
const noControls = 'control characters and line breaks are not allowed'

export const brokenText = 'half a character: this is not well-formed Unicode'
const hiddenText = 'characters that cannot be seen, or that turn the direction of text around, are not allowed'
const blankText = 'at least one character that can be seen'

/** One line of text for others to read, in NFC: no control characters, nothing invisible (see `hidden.ts`). */
export function singleLine(maximum: number) {
  return text(maximum, controls, noControls)
}

/** Text of several lines for others to read, in NFC. */
export function multiLine(maximum: number) {
  return text(maximum, controlsButBreaks, 'control characters are not allowed')
}

function text(maximum: number, forbidden: RegExp, message: string) {
  return z
    .string()
    .max(maximum)
    .refine((text) => !forbidden.test(text), message)
    .refine((text) => text.isWellFormed(), brokenText)
    .refine(showsOnlyWhatIsThere, hiddenText)
    .transform((text) => text.normalize('NFC').trim())
    .refine((text) => text === '' || /[^\p{M}\p{Z}\u2800]/u.test(text), blankText)
}

/** One line of text from another system, which nobody can be asked to type again: what must not be shown is left out. */
export function cleanLine(text: string): string {
  const shown = withoutHidden(text.toWellFormed().replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, ' '))
  return shown.normalize('NFC').trim()
}

/** Untrusted text for display and logs: shortened, with U+FFFD for control characters, unpaired surrogates and what cannot be seen. */
export function printable(text: string, most: number): string {
  return text
    .normalize('NFC')
    .slice(0, most)
    .replaceAll(/[\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu, '\uFFFD')
}
