import { fromBase64 } from './hashes/bytes.ts'

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

/** The PHC string (RFC 9106), or null when the parts are not a hash of a cost that hashers verify. They fail on base64 that encodes nothing. */
export function argon2Hash({ type, version, memory, passes, lanes, salt, hash }: Argon2Parts): string | null {
  const number = new Map([
    ['1.0', 16],
    ['1.3', 19],
  ]).get(version)
  const most = mostArgon2
  const isEncoded = fromBase64(salt) !== null && fromBase64(hash) !== null
  const fits =
    isEncoded &&
    memory >= 8 * lanes &&
    memory <= most.memory &&
    passes >= 1 &&
    passes <= most.passes &&
    lanes >= 1 &&
    lanes <= most.lanes &&
    memory * passes <= most.memoryTimesPasses
  const text = `$argon2${type}$v=${number}$m=${memory},t=${passes},p=${lanes}$${salt.replaceAll('=', '')}$${hash.replaceAll('=', '')}`
  return fits && /^\$argon2(?:id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{11,88}\$[A-Za-z0-9+/]{16,171}$/.test(text) ? text : null
}
