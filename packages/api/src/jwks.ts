import type { Core } from '@denizen/core'
import type { Answer } from './answer.ts'

export const keysPath = '/.well-known/jwks.json'

/** An hour: a new key is published a day before it signs anything. */
const caching = 'public, max-age=3600'

/** The keys for verifying signed tokens, as a JWK set (RFC 7517). */
export async function answerKeys(core: Core): Promise<Answer> {
  return { status: 200, contentType: 'application/jwk-set+json', caching, body: JSON.stringify({ keys: await core.publishedKeys() }) }
}

export const receiptKeysPath = '/.well-known/erasure-receipt-keys.json'

/** The keys for verifying receipts of purges, of all times, as a JWK set. Tokens are not accepted by them. */
export async function answerReceiptKeys(core: Core): Promise<Answer> {
  return { status: 200, contentType: 'application/jwk-set+json', body: JSON.stringify({ keys: await core.receiptKeys() }) }
}
