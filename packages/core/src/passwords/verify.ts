import { DenizenError } from '../kernel/errors.ts'
import type { Hasher } from '../ports/hasher.ts'
import { isPbkdf2, verifyPbkdf2 } from './pbkdf2.ts'
import { passwordQueue } from './queue.ts'

/** Imported hashes are not verified by the hasher, but use the same kind of queue. */
const queued = passwordQueue()

/** Passwords are compared in NFC: the same key strokes make different code points on different systems (NIST SP 800-63B-4). */
export function hashPassword(hasher: Hasher, password: string): Promise<string> {
  return hasher.hash(password.normalize('NFC'))
}

/** As above, for batches: if the queue is full, it waits instead of failing. */
export async function hashPatiently(hasher: Hasher, password: string): Promise<string> {
  for (;;) {
    try {
      return await hashPassword(hasher, password)
    } catch (error) {
      if (!(error instanceof DenizenError) || error.kind !== 'unavailable') throw error
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }
}

/** Whether the password made the hash, whichever system made it. */
export function verifyPassword(hasher: Hasher, hash: string, password: string): Promise<boolean> {
  const normalized = password.normalize('NFC')
  return isPbkdf2(hash) ? queued(() => verifyPbkdf2(hash, normalized)) : hasher.verify(hash, normalized)
}

/** Whether the password should be hashed again at the next sign-in. */
export function isOutdated(hasher: Hasher, hash: string): boolean {
  return isPbkdf2(hash) || hasher.isOutdated(hash)
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
