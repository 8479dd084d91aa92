import { fromBase64 } from './hashes/bytes.ts'
import { beyond } from './hashes/scheme.ts'

/** What one comparison may take. Memory in KiB. */
export const mostArgon2 = { memory: 262_144, passes: 16, lanes: 16, memoryTimesPasses: 1_048_576 }

interface Argon2Parts {
  readonly type: string
  /** As argon2 itself writes it: 1.3 is 19. */
  readonly version: string
  /** KiB. */
  readonly memory: number
  readonly passes: number
  readonly lanes: number
  readonly salt: string
  readonly hash: string
}

/** The PHC string (RFC 9106), or why the parts are no hash that hashers verify. They fail on base64 that encodes nothing. */
export function argon2Hash(parts: Argon2Parts): { readonly hash: string } | { readonly problem: string } {
  const { type, version, memory, passes, lanes, salt, hash } = parts
  const problem = costProblem(parts) ?? lengthProblem('salt', salt, 11, 88) ?? lengthProblem('hash', hash, 16, 171)
  if (problem !== null) return { problem }
  const number = version === '1.3' ? 19 : 16
  return { hash: `$argon2${type}$v=${number}$m=${memory},t=${passes},p=${lanes}$${withoutPadding(salt)}$${withoutPadding(hash)}` }
}

function costProblem({ type, memory, passes, lanes }: Argon2Parts): string | null {
  const most = mostArgon2
  const name = `argon2${type}`
  if (lanes < 1 || passes < 1) return `${name} with t=${passes} and p=${lanes}: both have to be at least 1`
  if (memory < 8 * lanes) return `${name} with m=${memory} and p=${lanes}: the least are 8 KiB for each lane`
  if (memory > most.memory) return beyond(`${name} with m=${memory} (KiB)`, most.memory)
  if (passes > most.passes) return beyond(`${name} with t=${passes}`, most.passes)
  if (lanes > most.lanes) return beyond(`${name} with p=${lanes}`, most.lanes)
  return memory * passes > most.memoryTimesPasses
    ? beyond(`${name} with m=${memory} (KiB) and t=${passes}`, `${most.memoryTimesPasses} for both multiplied`)
    : null
}

function lengthProblem(what: string, text: string, least: number, most: number): string | null {
  const letters = withoutPadding(text)
  if (fromBase64(text) === null || !/^[A-Za-z0-9+/]*$/.test(letters)) return `the ${what} is not base64`
  return letters.length < least || letters.length > most ? `the ${what} has ${letters.length} letters: they are ${least} to ${most}` : null
}

function withoutPadding(text: string): string {
  return text.replaceAll('=', '')
}
