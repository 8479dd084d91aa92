import { createSHA256 } from 'hash-wasm'
import type { Digest } from '../ports/digest.ts'

/** SHA-256 in WebAssembly, because Web Crypto's is asynchronous. */
export async function wasmDigest(): Promise<Digest> {
  const hasher = await createSHA256()
  return { sha256: (text) => hasher.init().update(text).digest('hex') }
}
