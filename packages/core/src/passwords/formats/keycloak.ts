import { fromBase64 } from '../hashes/bytes.ts'
import { workOf } from '../hashes/index.ts'
import { pbkdf2Hash } from '../hashes/pbkdf2.ts'

/** A hash of Keycloak's, salt and value in base64; null: it cannot be read, or costs more than is checked. */
export function keycloakPbkdf2(digest: string, iterations: number, { salt, value }: { salt: string; value: string }): string | null {
  const [saltBytes, valueBytes] = [fromBase64(salt), fromBase64(value)]
  if (saltBytes === null || valueBytes === null) return null
  const hash = pbkdf2Hash(digest, iterations, saltBytes, valueBytes)
  return workOf(hash) === null ? null : hash
}
