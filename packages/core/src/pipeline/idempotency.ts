import type { SqlEntityManager } from '@mikro-orm/sql'
import superjson from 'superjson'
import { claimKey, storeAnswer, type Claim } from '../idempotency/index.ts'
import type { Actor } from '../kernel/actor.ts'
import type { DenizenErrorCode } from '../kernel/error-codes.ts'
import { alreadyAnswered, DenizenError, idempotencyConflict, invalidInput, type ErrorKind } from '../kernel/errors.ts'
import { holdsSecret, withoutSecrets } from '../kernel/secret.ts'
import type { Signature } from '../kernel/signature.ts'
import type { Assembly, Call } from './assembly.ts'
import { Refused } from './trace.ts'

/** The stored answer of a key: an output, or the error of a refusal. */
type StoredAnswer =
  | { readonly output: unknown }
  | { readonly error: { code: DenizenErrorCode; kind: ErrorKind; message: string; details: Record<string, unknown> } }

/** The claim of a call on its key; null: it has none. */
export async function claimOf({ ports }: Assembly, signature: Signature, rawInput: unknown, call: Call): Promise<Claim | null> {
  const key = call.idempotencyKey
  if (key === undefined) return null
  if (!/^[\x21-\x7e]{1,200}$/.test(key))
    throw invalidInput({ issues: [{ path: 'idempotencyKey', message: '1 to 200 visible ASCII characters' }] })
  const fingerprint = await ports.cipher.fingerprint('idempotency', `${signature.name}\n${superjson.stringify(rawInput ?? null)}`)
  return { scope: scopeOf(call.actor), key, action: signature.name, fingerprint }
}

function scopeOf(actor: Actor): string {
  return actor.kind === 'user' ? actor.principal.userId : actor.kind
}

/** Takes the key, or returns the earlier answer as `replayed`. */
export async function takeKey(
  em: SqlEntityManager,
  claim: Claim,
  signature: Signature,
  now: Date,
): Promise<{ readonly replayed: unknown } | null> {
  const earlier = await claimKey(em, claim, now)
  if (earlier === null) return null
  if (earlier.action !== claim.action || earlier.fingerprint !== claim.fingerprint) throw idempotencyConflict({})
  const kept = superjson.parse<StoredAnswer>(earlier.answer ?? '')
  if ('error' in kept)
    return { replayed: new Refused(new DenizenError(kept.error.code, kept.error.kind, kept.error.message, kept.error.details)) }
  if (holdsSecret(signature.output)) return { replayed: new Refused(alreadyAnswered({ answer: kept.output })) }
  return { replayed: kept.output }
}

export function storeOutput(em: SqlEntityManager, claim: Claim, signature: Signature, output: unknown): Promise<void> {
  return storeAnswer(em, claim, superjson.stringify({ output: withoutSecrets(signature.output, output) } satisfies StoredAnswer))
}

export function storeRefusal(em: SqlEntityManager, claim: Claim, { code, kind, message, details }: DenizenError): Promise<void> {
  return storeAnswer(em, claim, superjson.stringify({ error: { code, kind, message, details: { ...details } } } satisfies StoredAnswer))
}
