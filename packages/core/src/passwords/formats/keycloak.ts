import { fromBase64 } from '../hashes/bytes.ts'
import { refusalOf } from '../hashes/index.ts'
import { pbkdf2Hash } from '../hashes/pbkdf2.ts'
import type { ReadHash } from './reading.ts'

/** A hash of Keycloak's, salt and value in base64; or why it is not taken over. */
export function keycloakPbkdf2(digest: string, iterations: number, { salt, value }: { salt: string; value: string }): ReadHash {
  const [saltBytes, valueBytes] = [fromBase64(salt), fromBase64(value)]
  if (saltBytes === null || valueBytes === null) return { problem: 'the hash or its salt is not base64' }
  const hash = pbkdf2Hash(digest, iterations, saltBytes, valueBytes)
  const problem = refusalOf(hash)
  return problem === null ? { hash } : { problem }
}
