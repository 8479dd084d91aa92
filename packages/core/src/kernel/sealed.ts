import type { Cipher } from '../ports/cipher.ts'
import { sealedElsewhere } from './errors.ts'

/**
 * Opens what this installation has sealed and kept. Throws `request.sealedElsewhere` where it cannot: that is never an answer
 * about what a caller brought, and no guess of theirs.
 */
export async function openSealed(cipher: Cipher, context: string, sealed: string): Promise<string> {
  const opened = await cipher.open(context, sealed)
  if (opened === null) throw sealedElsewhere({})
  return opened
}
