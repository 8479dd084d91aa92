import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Principal, SignedLimits } from './actor.ts'
import type { Id } from './id.ts'
import type { JsonObject } from './json.ts'

/** A request for a signed token. */
export interface SigningOrder {
  readonly kind: SignedLimits['kind']
  /** The audience; null: Denizen itself. */
  readonly audience: string | null
  /** null: the scopes of the credential it is issued for. */
  readonly scopes: readonly string[] | null
}

/** What is known about a token. */
export interface Introspected {
  readonly principal: Principal
  /** The claims of a signed token; null: it is opaque. */
  readonly claims: { readonly id: string; readonly audience: string; readonly issuedAt: Date } | null
}

/**
 * Signs what a receipt tells (JWS, RFC 7515), and keeps the public key for good, in the transaction of `em`.
 * @param type of what is signed, for the header
 */
export type ReceiptSigner = (em: SqlEntityManager, type: string, claims: JsonObject) => Promise<string>

/** Issues and introspects tokens. It reads outside of the current transaction: call it before one is open. */
export interface Credentials {
  /** The principal of a valid token; null: the token is not valid. */
  introspect(token: string): Promise<Introspected | null>
  /** Signs a token that is valid for a few minutes, at most as long as the credential it is issued for. */
  sign(principal: Principal, order: SigningOrder): Promise<{ readonly token: string; readonly expiresAt: Date }>
  /** Prepares to sign a receipt: what it tells is known only in the transaction. */
  receiptSigner(): Promise<ReceiptSigner>
  /** The public keys of signed tokens (JWK, RFC 7517). */
  publishedKeys(): Promise<readonly JsonObject[]>
  /** The patterns that match nothing, or more than the principal may do: nobody delegates what they do not have. */
  exceeding(principal: Principal | null, patterns: readonly string[], organizationId: Id<'org'> | null): readonly string[]
}
