import type { SqlEntityManager } from '@mikro-orm/sql'
import superjson from 'superjson'
import { storeAnswer, type EarlierUse, type IdempotencyKey } from '../idempotency/index.ts'
import type { ChangingAction } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import type { DenizenErrorCode } from '../kernel/error-codes.ts'
import { alreadyAnswered, DenizenError, idempotencyConflict, invalidInput, type ErrorKind } from '../kernel/errors.ts'
import { holdsSecret, withoutSecrets } from '../kernel/secret.ts'
import type { Ports } from '../ports/index.ts'
import type { Call } from './assembly.ts'
import type { ReplayTerms } from './replay.ts'
import { Refused } from './trace.ts'

/** The stored answer of a key: an output, or the error of a refusal. Versions before these terms stored it without. */
type StoredAnswer = { readonly terms?: ReplayTerms } & (
  | { readonly output: unknown }
  | { readonly error: { code: DenizenErrorCode; kind: ErrorKind; message: string; details: Record<string, unknown> } }
)

/** A call, as far as its key is concerned. */
interface KeyedCall {
  readonly ports: Pick<Ports, 'cipher'>
  readonly action: ChangingAction
  /** As the handler gets it: the same for every face. */
  readonly input: unknown
}

/** The key of a call; null: it has none. */
export function keyOf(action: ChangingAction, { idempotencyKey: key, actor }: Call): IdempotencyKey | null {
  if (key === undefined) return null
  const { name } = action.signature
  if (!/^[\x21-\x7e]{1,200}$/.test(key))
    throw invalidInput({ issues: [{ path: 'idempotencyKey', message: '1 to 200 visible ASCII characters' }] })
  return { scope: scopeOf(actor), key, action: name }
}

function scopeOf(actor: Actor): string {
  if (actor.kind !== 'user') return actor.kind
  const { userId, impersonator, grants } = actor.principal
  return [userId, impersonator?.userId ?? null, grants.onlyIn ?? null].filter((part) => part !== null).join('/')
}

/**
 * The answer to a call whose key was used before.
 * @param check throws if the caller may not have it any more
 */
export async function replay(call: KeyedCall, earlier: EarlierUse, check: (terms: ReplayTerms) => Promise<void>): Promise<unknown> {
  const { name, output } = call.action.signature
  const kept = superjson.parse<StoredAnswer>(earlier.answer ?? '')
  const terms = kept.terms ?? { target: null }
  await check(terms)
  if (earlier.action !== name || earlier.fingerprint !== (await fingerprintOf(call))) {
    // What the first input named says nothing about what this one names: is that not there, it is not found, as without a key.
    await check({ ...terms, target: null })
    throw idempotencyConflict({})
  }
  if ('error' in kept) return new Refused(new DenizenError(kept.error.code, kept.error.kind, kept.error.message, kept.error.details))
  return holdsSecret(output) ? new Refused(alreadyAnswered({ answer: kept.output })) : kept.output
}

/** Stores the answer of a call under its key. */
export async function keep(
  em: SqlEntityManager,
  key: IdempotencyKey,
  call: KeyedCall,
  { answer, terms }: { readonly answer: unknown; readonly terms: ReplayTerms },
): Promise<void> {
  const stored: StoredAnswer = { terms, ...storedOf(call, answer) }
  await storeAnswer(em, key, { fingerprint: await fingerprintOf(call), answer: superjson.stringify(stored) })
}

function storedOf({ action }: KeyedCall, answer: unknown) {
  if (!(answer instanceof Refused)) return { output: withoutSecrets(action.signature.output, answer) }
  const { code, kind, message, details } = answer.reason
  return { error: { code, kind, message, details: { ...details } } }
}

/** Made only of inputs that the rule has let through, now or when the key was used first: it takes time in proportion to them. */
function fingerprintOf({ ports, action, input }: KeyedCall): Promise<string> {
  return ports.cipher.fingerprint('idempotency', `${action.signature.name}\n${JSON.stringify(input)}`)
}
