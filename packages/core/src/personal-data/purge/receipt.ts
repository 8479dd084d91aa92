import { base64url } from 'jose'
import type { CommandContext } from '../../kernel/context.ts'
import type { ReceiptSigner } from '../../kernel/credentials.ts'
import type { Id } from '../../kernel/id.ts'
import { isObject, type JsonObject } from '../../kernel/json.ts'
import { checkReceipt } from '../../tokens/index.ts'
import type { Erased } from './erase.ts'

/** `typ` of the header: a receipt is never taken for a token. */
const receiptType = 'erasure-receipt+jws'

/** Bytes of the salt: nobody finds out whose receipt it is by trying ids. */
const saltBytes = 32

/** What was erased, for the receipt. */
export interface Erasing {
  readonly userId: Id<'usr'>
  readonly tables: Readonly<Record<string, Erased>>
  readonly resources: { readonly transferred: number; readonly deleted: number }
}

/** A receipt, and the salt that shows whose it is: told to the caller, and kept nowhere. */
export interface Receipt {
  readonly receipt: string
  readonly salt: string
}

/** Signs what was erased. It names nobody: it holds a commitment to the id, which only the salt opens. */
export async function receiptFor(
  { em, now, ports, settings }: CommandContext,
  sign: ReceiptSigner,
  { userId, tables, resources }: Erasing,
): Promise<Receipt> {
  const salt = base64url.encode(ports.random.bytes(saltBytes))
  const claims = {
    iss: settings.publicUrl,
    iat: Math.floor(now.getTime() / 1000),
    commitment: ports.digest.sha256(committed(salt, userId)),
    tables: Object.fromEntries(Object.entries(tables).map(([table, counts]) => [table, { ...counts }])),
    resources: { ...resources },
  }
  return { receipt: await sign(em, receiptType, claims), salt }
}

/** The text of which the SHA-256 is the commitment: the salt, a dot and the id. */
function committed(salt: string, userId: string): string {
  return `${salt}.${userId}`
}

/** What a receipt proves. */
export interface VerifiedReceipt {
  readonly issuer: string
  readonly at: Date
  readonly tables: Readonly<Record<string, Erased>>
  readonly resources: { readonly transferred: number; readonly deleted: number }
  readonly keyId: string
  /** `knownKey`: one of the given keys signed it. `keyInReceipt`: only the key that it brings, so it is whole, and by whom is not known. */
  readonly signedBy: 'knownKey' | 'keyInReceipt'
  /** Whether it is the receipt of the named user; null: nobody was named. */
  readonly isOfUser: boolean | null
}

/** Whose it may be, and by whom it may be signed. */
export interface ReceiptCheck {
  /** Public keys (JWK, RFC 7517) of the installation; null: none are known. */
  readonly keys: readonly JsonObject[] | null
  readonly opening: { readonly userId: string; readonly salt: string } | null
  readonly sha256: (text: string) => string
}

/** Verifies a receipt, without asking anybody. null: it is none, it was changed, or none of the keys signed it. */
export async function verifyErasureReceipt(receipt: string, { keys, opening, sha256 }: ReceiptCheck): Promise<VerifiedReceipt | null> {
  const checked = await checkReceipt(receipt.trim(), receiptType, keys)
  if (checked === null) return null
  const { iss, iat, commitment, tables, resources } = checked.claims
  if (typeof iss !== 'string' || typeof iat !== 'number' || !isObject(tables) || !isObject(resources)) return null
  return {
    issuer: iss,
    at: new Date(iat * 1000),
    tables: tables as unknown as VerifiedReceipt['tables'],
    resources: resources as unknown as VerifiedReceipt['resources'],
    keyId: checked.keyId,
    signedBy: checked.signedBy,
    isOfUser: opening === null ? null : sha256(committed(opening.salt, opening.userId)) === commitment,
  }
}
