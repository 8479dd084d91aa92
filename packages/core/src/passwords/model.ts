import { z } from 'zod'
import { secret } from '../kernel/secret.ts'

/** The longest password; a phrase of a hundred words fits. */
const longest = 1024

/**
 * A password to be set: any characters, never trimmed, no rules of composition; long
 * ones are welcome. What else it has to be depends on whose it is: `checkNewPassword`.
 */
export const newPassword = secret(
  z
    .string()
    .min(1)
    .max(longest)
    .refine((text) => !text.includes('\u0000'), 'NUL characters are not allowed'),
).meta({ description: 'a phrase is best; 15 characters, or 8 where there is a second factor, if nothing else was configured' })

/**
 * PBKDF2 (RFC 8018) hashes that other systems made, as PHC strings:
 * `$pbkdf2-sha256$i=27500$<salt>$<hash>`, both in base64 without padding, the
 * hash of 15 to 65 bytes: less proves little, more costs a digest for every few bytes.
 * They are only ever verified; the next sign-in replaces them.
 */
const letter = '[A-Za-z0-9+/]'
const base64 = (least: number, most: number) => `((?:${letter}{4}){${least},${most}}(?:${letter}{2,3})?)`
export const pbkdf2Format = new RegExp(`^\\$pbkdf2-(sha1|sha256|sha512)\\$i=([1-9]\\d{0,6})\\$${base64(1, 127)}\\$${base64(5, 21)}$`)

/** More would let an imported file buy minutes of our processor with every sign-in. Keycloak makes 1 300 000 of SHA-1, which cost less. */
export function mostIterations(digest: string): number {
  return digest === 'sha1' ? 1_500_000 : 1_000_000
}

/** The PHC string, or null when the parts are not a hash of bounded cost. */
export function pbkdf2Hash(digest: string, iterations: number, salt: string, hash: string): string | null {
  const text = `$pbkdf2-${digest}$i=${iterations}$${salt.replaceAll('=', '')}$${hash.replaceAll('=', '')}`
  return pbkdf2Format.test(text) && iterations <= mostIterations(digest) ? text : null
}

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

/** The PHC string (RFC 9106), or null when the parts are not a hash of a cost that hashers verify. */
export function argon2Hash({ type, version, memory, passes, lanes, salt, hash }: Argon2Parts): string | null {
  const number = new Map([
    ['1.0', 16],
    ['1.3', 19],
  ]).get(version)
  const fits =
    memory >= 8 * lanes && memory <= 262_144 && passes >= 1 && passes <= 16 && lanes >= 1 && lanes <= 16 && memory * passes <= 1_048_576
  const text = `$argon2${type}$v=${number}$m=${memory},t=${passes},p=${lanes}$${salt.replaceAll('=', '')}$${hash.replaceAll('=', '')}`
  return fits && /^\$argon2(?:id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{11,88}\$[A-Za-z0-9+/]{16,171}$/.test(text) ? text : null
}
