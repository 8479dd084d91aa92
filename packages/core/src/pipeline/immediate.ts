import type { Query } from '../kernel/action.ts'
import { isLimitedToAddresses, type Principal } from '../kernel/actor.ts'
import type { ImmediateContext } from '../kernel/context.ts'
import { DenizenError } from '../kernel/errors.ts'
import { isImmutable, writeOutput, type SerializedAnswer } from '../serialization/index.ts'
import { checkActor } from './current-actor.ts'
import type { Assembly } from './assembly.ts'
import { checkAllowed, findTargetImmediately } from './target.ts'

/** A query that is answered from memory. Its input is parsed once for all who ask the same; null: it is invalid, and `run` says why. */
export type ImmediateQuery<Sent> = (input: unknown) => ImmediateAnswer<Sent> | null

/** The answer for a principal, without waiting. undefined: use `run`, which also says why it may be refused. */
export type ImmediateAnswer<Sent> = (principal: Principal, requestId: string) => Sent | undefined

/** Only the token is known of the call: whoever is limited to some addresses goes through `run`. */
const unknownOrigin = { requestId: '', ip: null, userAgent: null, remote: true } as const

/** See `Core.immediate`. */
export function immediateQuery<Sent extends string | object>(
  assembly: Assembly,
  name: string,
  write: (answer: SerializedAnswer) => Sent,
): ImmediateQuery<Sent> | undefined {
  const action = assembly.actions.get(name)
  if (action?.kind !== 'query' || action.immediate === undefined) return undefined
  if (action.target !== undefined || action.requiresRecentAuth === true)
    throw new TypeError(`${name} cannot be answered from memory: whether it may be called depends on the database or on the time.`)
  const query: CachedQuery<Sent> = { action, write, cached: new WeakMap() }
  return (input) => {
    const parsed = action.signature.input.safeParse(input ?? {})
    return parsed.success ? (principal, requestId) => answer(assembly, query, { input: parsed.data, principal, requestId }) : null
  }
}

interface CachedQuery<Sent> {
  readonly action: Query
  readonly write: (answer: SerializedAnswer) => Sent
  /** What is sent, by principal or by immutable answer. */
  readonly cached: WeakMap<object, Sent>
}

interface ImmediateCall {
  readonly input: unknown
  readonly principal: Principal
  readonly requestId: string
}

/** Does for a call what `run` does. It is counted last: what cannot be answered is counted by `run`. */
function answer<Sent>(assembly: Assembly, query: CachedQuery<Sent>, call: ImmediateCall): Sent | undefined {
  const { action, cached } = query
  const { principal, requestId } = call
  const { monitors, ports, rate } = assembly
  const startedAt = ports.clock.monotonic()
  const sent = (action.perPrincipal === true ? cached.get(principal) : undefined) ?? allowedAnswer(assembly, query, call)
  if (sent === undefined || !rate.countImmediately(principal)) return undefined
  const durationMs = ports.clock.monotonic() - startedAt
  const report = { action: action.signature.name, kind: 'query', actorKind: 'user', outcome: 'ok', durationMs, requestId } as const
  for (const monitor of monitors) monitor.observe(report)
  return sent
}

/** undefined: it is refused, or not everything is cached. */
function allowedAnswer<Sent>(assembly: Assembly, query: CachedQuery<Sent>, { input, principal }: ImmediateCall): Sent | undefined {
  const { action } = query
  const { catalogue, decisions, ports, uses } = assembly
  const now = ports.clock.now()
  if (principal.validUntil <= now || dependsOnAddress(action, principal)) return undefined
  const actor = { kind: 'user', principal, at: now } as const
  const context: ImmediateContext = { actor, catalogue, uses, facts: (request) => decisions.cached(request, now) }
  try {
    checkActor(action, actor, unknownOrigin, now)
    const found = findTargetImmediately(action.cachedTarget, context, input)
    if (found === undefined) return undefined
    checkAllowed(action, actor, input, found, uses)
    return sentOf(query, principal, action.immediate?.(context, input))
  } catch (error) {
    if (error instanceof DenizenError) return undefined
    throw error
  }
}

/** Whether an answer depends on where the call comes from, or whether there is one. */
function dependsOnAddress(action: Query, principal: Principal): boolean {
  return isLimitedToAddresses(principal) || (principal.conditionalGrants !== null && action.perPrincipal !== true)
}

/** Answers that stay the same are written once: those of a principal, and immutable ones. */
function sentOf<Sent>({ action, write, cached }: CachedQuery<Sent>, principal: Principal, given: unknown): Sent | undefined {
  if (given === undefined) return undefined
  const key = action.perPrincipal === true ? principal : isImmutable(given) ? given : null
  const known = key === null ? undefined : cached.get(key)
  if (known !== undefined) return known
  const serialized = writeOutput(action.signature.output, given)
  if (serialized === null) return undefined
  const sent = write(serialized)
  if (key !== null) cached.set(key, sent)
  return sent
}
