import { hash } from 'node:crypto'
import type { Digest } from '@denizen/core'

/** SHA-256 by Node's own OpenSSL: about 1 µs a token, no object per call. */
export function nodeDigest(): Digest {
  return { sha256: (text) => hash('sha256', text, 'hex') }
}
