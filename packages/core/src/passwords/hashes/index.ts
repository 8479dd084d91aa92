import { bcryptScheme } from './bcrypt.ts'
import { fromBase64, utf8 } from './bytes.ts'
import { portableDerivations } from './derivations.ts'
import { digestScheme } from './digest.ts'
import { md5CryptScheme } from './md5-crypt.ts'
import { pbkdf2Scheme } from './pbkdf2.ts'
import { phpassScheme } from './phpass.ts'
import type { Derivations, Refusal, Scheme } from './scheme.ts'
import { scryptScheme } from './scrypt.ts'
import { shaCryptScheme } from './sha-crypt.ts'

export type { Derivations }

/** By the family, which is the name at the beginning up to a hyphen. */
const schemes: ReadonlyMap<string, Scheme> = new Map([
  ['pbkdf2', pbkdf2Scheme],
  ['scrypt', scryptScheme],
  ['bcrypt', bcryptScheme],
  ['1', md5CryptScheme],
  ['apr1', md5CryptScheme],
  ['5', shaCryptScheme],
  ['6', shaCryptScheme],
  ['phpass', phpassScheme],
  ['drupal', phpassScheme],
  ['digest', digestScheme],
  ['hmac', digestScheme],
])

/** Longer than any hash that is made. */
const longest = 2048

/** What a hash of another system's is, such as `bcrypt` or `pbkdf2-sha256`; null: it is argon2, or nothing that is read here. */
export function schemeName(hash: string): string | null {
  const name = /^\$([a-z0-9-]{1,32})\$/.exec(hash)?.[1]
  return name !== undefined && schemes.has(familyOf(name)) ? name : null
}

function familyOf(name: string): string {
  return name.replace(/-.*/, '')
}

function schemeOf(hash: string): Scheme | undefined {
  const name = hash.length > longest ? null : schemeName(hash)
  return name === null ? undefined : schemes.get(familyOf(name))
}

/** How much work a comparison is, among hashes of one name; null: the hash is not compared with anything. */
export function workOf(hash: string): number | null {
  const work = schemeOf(hash)?.work(hash)
  return typeof work === 'number' ? work : null
}

/** Why a hash of another system's is compared with nothing; null: it is compared, or is none of theirs. */
export function refusalOf(hash: string): Refusal | null {
  if (schemeName(hash) !== null && hash.length > longest) return `the hash is longer than ${longest} characters`
  const work = schemeOf(hash)?.work(hash)
  return typeof work === 'string' ? work : null
}

/** Whether salt and hash at the end of a PHC string are base64 of something: what compares argon2 fails on others. */
export function isEncoded(hash: string): boolean {
  return hash
    .split('$')
    .slice(-2)
    .every((part) => fromBase64(part) !== null)
}

/** Bytes. crypt(3) and Drupal take no longer password either. */
const longestRepeated = 512
/** Bytes of password in all rounds together: at 700 000 rounds, 95 for each. */
const mostRepeated = 2 ** 26

/** The longest password, in bytes, that is compared with a hash whose rounds hash all of it again; null: its length costs nothing. */
export function longestPassword(hash: string): number | null {
  const scheme = schemeOf(hash)
  const rounds = scheme?.repeatsPassword === true ? workOf(hash) : null
  return rounds === null ? null : Math.min(longestRepeated, Math.floor(mostRepeated / rounds))
}

/**
 * Whether the password made a hash that another system brought here; false for one that is malformed or beyond its bounds. It takes a
 * processor for itself, up to a second or two: let a queue or a thread call it.
 */
export async function verifyImported(hash: string, password: string, derivations: Partial<Derivations> = {}): Promise<boolean> {
  const scheme = schemeOf(hash)
  if (scheme === undefined || workOf(hash) === null) return false
  if (utf8(password).length > (longestPassword(hash) ?? Infinity)) return false
  return scheme.matches(hash, password, { ...portableDerivations, ...derivations })
}
