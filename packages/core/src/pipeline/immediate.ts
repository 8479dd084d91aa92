import type { Query } from '../kernel/action.ts'
import type { Principal } from '../kernel/actor.ts'
import type { ImmediateContext } from '../kernel/context.ts'
import { DenizenError } from '../kernel/errors.ts'
import { isImmutable, writeOutput, type SerializedAnswer } from '../serialization/index.ts'
import { checkActor } from './actor.ts'
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
  if (action.target !== undefined) throw new TypeError(`${name} cannot be answered from memory: its target is in the database.`)
  const answer = answerFrom(action, write)
  return (input) => {
    const parsed = action.signature.input.safeParse(input ?? {})
    return parsed.success ? (principal, requestId) => call(assembly, { action, input: parsed.data, answer, principal, requestId }) : null
  }
}

interface ImmediateCall<Sent> {
  readonly action: Query
  readonly input: unknown
  readonly answer: (context: ImmediateContext, input: unknown) => Sent | undefined
  readonly principal: Principal
  readonly requestId: string
}

/** Does for a call what `run` does. It is counted last: what cannot be answered is counted by `run`. */
function call<Sent>(assembly: Assembly, called: ImmediateCall<Sent>): Sent | undefined {
  const { action, principal, requestId } = called
  const { monitors, ports, rate } = assembly
  const startedAt = ports.clock.monotonic()
  const now = ports.clock.now()
  if (principal.validUntil <= now || dependsOnAddress(action, principal)) return undefined
  const sent = allowedAnswer(assembly, called, now)
  if (sent === undefined || !rate.countImmediately(principal)) return undefined
  const durationMs = ports.clock.monotonic() - startedAt
  const report = { action: action.signature.name, kind: 'query', actorKind: 'user', outcome: 'ok', durationMs, requestId } as const
  for (const monitor of monitors) monitor.observe(report)
  return sent
}

/** Whether an answer depends on where the call comes from, or whether there is one. */
function dependsOnAddress(action: Query, { allowedIps, tokenIps, impersonatorIps, conditionalGrants }: Principal): boolean {
  if (allowedIps.length + tokenIps.length + impersonatorIps.length > 0) return true
  return conditionalGrants !== null && action.perPrincipal !== true
}

/** undefined: it is refused, or not everything is cached. */
function allowedAnswer<Sent>(assembly: Assembly, { action, input, answer, principal }: ImmediateCall<Sent>, now: Date): Sent | undefined {
  const { catalogue, decisions, uses } = assembly
  const actor = { kind: 'user', principal, at: now } as const
  const context: ImmediateContext = { actor, catalogue, uses, facts: (request) => decisions.cached(request, now) }
  try {
    checkActor(action, actor, unknownOrigin, now)
    const found = findTargetImmediately(action.cachedTarget, context, input)
    if (found === undefined) return undefined
    checkAllowed(action, actor, input, found, uses)
    return answer(context, input)
  } catch (error) {
    if (error instanceof DenizenError) return undefined
    throw error
  }
}

/** Answers that stay the same are written once: those of a principal, and immutable ones. */
function answerFrom<Sent extends string | object>(action: Query, write: (answer: SerializedAnswer) => Sent): ImmediateCall<Sent>['answer'] {
  const cached = new WeakMap<object, Sent>()
  const written = (answer: unknown, key: object | null): Sent | undefined => {
    const serialized = answer === undefined ? null : writeOutput(action.signature.output, answer)
    if (serialized === null) return undefined
    const sent = write(serialized)
    if (key !== null) cached.set(key, sent)
    return sent
  }
  return (context, input) => {
    const { principal } = context.actor
    if (action.perPrincipal === true) return cached.get(principal) ?? written(action.immediate?.(context, input), principal)
    const answer: unknown = action.immediate?.(context, input)
    return isImmutable(answer) ? (cached.get(answer) ?? written(answer, answer)) : written(answer, null)
  }
}
