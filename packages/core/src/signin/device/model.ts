import { z } from 'zod'
import { singleLine } from '../../text/index.ts'

/** Milliseconds that a device waits for its approval. */
export const deviceLoginLifetime = 10 * 60 * 1000

/** Milliseconds that a login is kept after it expired, so that a late device learns the outcome. */
export const deviceLoginMemory = 24 * 60 * 60 * 1000

/** Seconds between two polls, and how many are added when a device polls too fast (RFC 8628: 3.5). */
export const firstInterval = 5
export const slowDown = 5

/** Milliseconds that a poll may come early, because network delays vary. */
export const leeway = 1000

/** Consonants that are not mistaken for each other: no words come of them (RFC 8628: 6.1). */
const letters = 'BCDFGHJKLMNPQRSTVWXZ'
const codeLength = 8

/** The name of a client. It is shown to the user who approves, so it may contain no invisible or direction-changing characters. */
export const clientName = singleLine(100)
  .pipe(
    z
      .string()
      .min(1)
      .regex(/^\P{C}+$/u, 'invisible characters are not allowed'),
  )
  .meta({ description: 'the name of the program, shown to the user who approves' })

/** A user code as typed: spacing and case do not matter. */
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

/** Formats a user code for people. */
export function shownUserCode(code: string): string {
  return `${code.slice(0, codeLength / 2)}-${code.slice(codeLength / 2)}`
}
