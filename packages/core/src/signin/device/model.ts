import { z } from 'zod'
import { singleLine } from '../../kernel/text.ts'

/** Milliseconds that a device waits for its approval. */
export const deviceLoginLifetime = 10 * 60 * 1000

/** Milliseconds after its end that a login is remembered, so that a late device hears what became of it. */
export const deviceLoginMemory = 24 * 60 * 60 * 1000

/** Seconds between two polls, and how many more each time that a device comes too soon (RFC 8628: 3.5). */
export const firstInterval = 5
export const slowDown = 5

/** Milliseconds that a poll may come early: requests do not all take equally long. */
export const leeway = 1000

/** Consonants that are not mistaken for each other: no words come of them (RFC 8628: 6.1). */
const letters = 'BCDFGHJKLMNPQRSTVWXZ'
const codeLength = 8

/** What a program calls itself. People are asked whether they mean it, so nothing in it may hide or turn around. */
export const clientName = singleLine(100)
  .pipe(
    z
      .string()
      .min(1)
      .regex(/^\P{C}+$/u, 'invisible characters are not allowed'),
  )
  .meta({ description: 'what the program calls itself: shown to whoever approves' })

/** A user code as it was typed: however it is spaced, and in capitals or not. */
export const typedUserCode = z
  .string()
  .max(64)
  .transform((text) => text.toUpperCase().replaceAll(/[^A-Z]/g, ''))
  .meta({ description: 'the code that the device shows, like BCDF-GHJK' })

/** Eight letters of twenty: 34 bits, drawn evenly. */
export function newUserCode(random: { bytes(count: number): Uint8Array }): string {
  let code = ''
  while (code.length < codeLength)
    for (const byte of random.bytes(16)) if (byte < 240 && code.length < codeLength) code += letters[byte % letters.length] ?? ''
  return code
}

/** A user code as it is shown. */
export function shownUserCode(code: string): string {
  return `${code.slice(0, codeLength / 2)}-${code.slice(codeLength / 2)}`
}
