import type { Bytes } from './bytes.ts'

/** Derivations that a runtime may have faster, or on another thread. */
export interface Derivations {
  pbkdf2(digest: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512', cost: Pbkdf2Cost): Bytes | Promise<Bytes>
  scrypt(cost: ScryptCost): Bytes | Promise<Bytes>
}

export interface Pbkdf2Cost {
  readonly password: Bytes
  readonly salt: Bytes
  readonly iterations: number
  /** Bytes. */
  readonly length: number
}

export interface ScryptCost {
  readonly password: Bytes
  readonly salt: Bytes
  /** The logarithm of N. */
  readonly logN: number
  readonly blockSize: number
  readonly lanes: number
  /** Bytes. */
  readonly length: number
}

/** Why a hash is compared with nothing: what is wrong with it, or the limit that it is beyond. Never the hash itself, or its salt. */
export type Refusal = string

/** The refusal of what would be more work than anybody may ask for. */
export function beyond(what: string, limit: number | string): Refusal {
  return `${what}: the limit is ${limit}`
}

/**
 * A way to make a hash of a password. Its hashes are texts in the shape of the PHC string format
 * (https://github.com/P-H-C/phc-string-format): all that decides about the cost stands before the salt.
 */
export interface Scheme {
  /**
   * Whatever grows with the work of one comparison, comparable within the scheme; or why the hash is compared with nothing. It depends on
   * the costs alone, never on salt or digest: the dearest hash that is held, measured by this, is the decoy whose time every refusal takes.
   */
  work(hash: string): number | Refusal
  /** Each of as many rounds as the work says hashes the whole password again, so a long one would multiply the work. */
  readonly repeatsPassword?: true
  /** For hashes whose work is known. */
  matches(hash: string, password: string, derivations: Derivations): Promise<boolean>
}
