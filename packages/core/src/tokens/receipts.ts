import type { SqlEntityManager } from '@mikro-orm/sql'
import { CompactSign, compactVerify, decodeProtectedHeader, errors, importJWK, type JWK } from 'jose'
import type { ReceiptSigner } from '../kernel/credentials.ts'
import { uuidOf } from '../kernel/id.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Ports } from '../ports/index.ts'
import { signingAlgorithm, type KeyRing } from './keyring.ts'

/**
 * Signs receipts with the key that signs now. A receipt has its public key in the header (`jwk`, RFC 7515: 4.1.3), so that it can be
 * looked at alone; whose key that is, the list of `receiptKeys` says.
 */
export async function createReceiptSigner(ring: KeyRing, { clock }: Pick<Ports, 'clock'>): Promise<ReceiptSigner> {
  const { id, key, publicKey } = await ring.signingPair()
  return async (em, type, claims) => {
    await em.execute(
      'insert into receipt_keys (id, public_key, first_used_at) values (?, ?::jsonb, ?) on conflict do nothing',
      [uuidOf(id), JSON.stringify(publicKey), clock.now()],
      'run',
    )
    return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ alg: signingAlgorithm, typ: type, kid: id, jwk: publicKey as JWK })
      .sign(key)
  }
}

/** The public keys of all receipts that were ever given (JWK, RFC 7517), the first first. */
export async function receiptKeys(em: SqlEntityManager): Promise<readonly JsonObject[]> {
  const rows = await em.execute<{ key: string }[]>('select public_key::text as key from receipt_keys order by first_used_at, id')
  return rows.map(({ key }) => JSON.parse(key) as JsonObject)
}

/** What a receipt says, once its signature is checked. */
export interface CheckedReceipt {
  readonly claims: JsonObject
  readonly keyId: string
  /** By whose key the signature is right: one of those that were given, or only the one in the receipt itself, which anybody can put there. */
  readonly signedBy: 'knownKey' | 'keyInReceipt'
}

/**
 * Checks a receipt: its type, and its signature by one of the keys, or where none are given by the key that it brings. null: it is none,
 * was changed, or was signed by another key.
 */
export async function checkReceipt(receipt: string, type: string, known: readonly JsonObject[] | null): Promise<CheckedReceipt | null> {
  try {
    const { kid = '', jwk, typ } = decodeProtectedHeader(receipt)
    const key = known === null ? jwk : (known.find((one) => one['kid'] === kid) as JWK | undefined)
    if (key === undefined || typ !== type) return null
    const { kty = '', crv = '', x = '' } = key
    const { payload } = await compactVerify(receipt, await importJWK({ kty, crv, x }, signingAlgorithm), { algorithms: [signingAlgorithm] })
    const claims: unknown = JSON.parse(new TextDecoder().decode(payload))
    if (claims === null || typeof claims !== 'object') return null
    return { claims: claims as JsonObject, keyId: kid, signedBy: known === null ? 'keyInReceipt' : 'knownKey' }
  } catch (error) {
    // Web Crypto refuses what is no key with a DOMException.
    const isRefusal = error instanceof errors.JOSEError || error instanceof TypeError || error instanceof SyntaxError
    if (isRefusal || error instanceof DOMException) return null
    throw error
  }
}
