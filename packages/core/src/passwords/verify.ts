import { DenizenError } from '../kernel/errors.ts'
import type { Hasher } from '../ports/hasher.ts'
import { passwordsBusy } from './errors.ts'

/** Passwords are hashed in NFC: the same key strokes make different code points on different systems (NIST SP 800-63B-4). */
export function hashPassword(hasher: Hasher, password: string): Promise<string> {
  return hasher.hash(password.normalize('NFC'))
}

/** As above, for batches: if the queue is full, it waits instead of failing. */
export async function hashPatiently(hasher: Hasher, password: string): Promise<string> {
  for (;;) {
    try {
      return await hashPassword(hasher, password)
    } catch (error) {
      if (!(error instanceof DenizenError) || error.code !== passwordsBusy.code) throw error
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }
}

/** What is compared with a hash: the password in NFC, and as it was typed if that is another text, which other systems hashed. */
export function spellings(password: string): readonly string[] {
  return [...new Set([password.normalize('NFC'), password])]
}

/** Whether the password made the hash, whichever system made it. */
export async function verifyPassword(hasher: Hasher, hash: string, password: string): Promise<boolean> {
  for (const spelling of spellings(password)) if (await hasher.verify(hash, spelling)) return true
  return false
}

/** Whether the password should be hashed again at the next sign-in. */
export function isOutdated(hasher: Hasher, hash: string): boolean {
  return hasher.isOutdated(hash)
}

/** Bounded by the hashers: one for each installation. */
const decoys = new WeakMap<Hasher, Promise<string>>()

/** A hash of a random password: verifying against it costs as much as against a real one. */
export function decoyHash(hasher: Hasher): Promise<string> {
  const made = decoys.get(hasher) ?? hasher.hash(crypto.randomUUID())
  decoys.set(hasher, made)
  made.catch(() => decoys.delete(hasher))
  return made
}

/**
 * Whether the password made the hash; null: there is none, and a decoy is compared instead. The decoy is made for known users as well: a hasher
 * whose queue is full before there is one refuses all alike.
 */
export async function verifyOrDecoy(hasher: Hasher, hash: string | null, password: string): Promise<boolean> {
  const decoy = await decoyHash(hasher)
  return (await verifyPassword(hasher, hash ?? decoy, password)) && hash !== null
}
