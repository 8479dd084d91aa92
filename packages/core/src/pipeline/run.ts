import { writeAuditEntry, type AuditOutcome } from '../audit/index.ts'
import { toDomainError } from '../database/conflict.ts'
import { outageOf } from '../database/outage.ts'
import { takesKey, type Action } from '../kernel/action.ts'
import type { AuditFacts } from '../kernel/context.ts'
import { DenizenError, internal, notPlannable, notRepeatable, onlyCommands, unknownAction } from '../kernel/errors.ts'
import { isStranger, type Actor } from '../kernel/actor.ts'
import { newId } from '../kernel/id.ts'
import type { CallReport } from '../kernel/monitor.ts'
import type { Plan } from '../kernel/plan.ts'
import { refusal } from '../kernel/rule.ts'
import { checkActor, latestActor, withOrigin } from './current-actor.ts'
import { forkOf, type Assembly, type Call } from './assembly.ts'
import { planCommand, dryRun, runCommand } from './command.ts'
import type { Place } from './few-at-once.ts'
import { parseInput } from './parse.ts'
import { runQuery } from './query.ts'
import { Refused, type Trace } from './trace.ts'

/** Runs an action by name: the only entry point, for every face. Throws only DenizenErrors. */
export function run(assembly: Assembly, name: string, input: unknown, given: Call): Promise<unknown> {
  const call = { ...given, actor: withOrigin(given.actor, given.origin, assembly.ports.clock.now()) }
  return withMetrics(assembly, name, call, async (action) => {
    await withAudit(assembly, action, call, async () => checkActor(action, call.actor, call.origin, assembly.ports.clock.now()))
    return inPlace(assembly, action, call, (place) => runAction(assembly, action, input, { call, place }))
  })
}

async function runAction(assembly: Assembly, action: Action, input: unknown, { call, place }: PlacedCall): Promise<unknown> {
  const { name } = action.signature
  if (call.idempotencyKey !== undefined && action.kind !== 'command') throw onlyCommands({ action: name, feature: 'idempotency key' })
  if (call.idempotencyKey !== undefined && !takesKey(action)) throw notRepeatable({ action: name })
  const parsed = parseInput(action.signature, input)
  const result = await withAudit(assembly, action, call, (trace) => runByKind(assembly, action, parsed, call, trace), place)
  if (result instanceof Refused) throw result.reason
  return result
}

function runByKind(assembly: Assembly, action: Action, input: unknown, call: Call, trace: Trace): Promise<unknown> {
  switch (action.kind) {
    case 'query':
    case 'inquiry':
      return runQuery(assembly, action, input, call, trace)
    case 'command':
      return runCommand(assembly, { action, input, call, trace })
    case 'dryRun':
      return dryRun(assembly, { action, input, call, trace })
  }
}

/** A call, and its place if only few of its kind run at once. */
interface PlacedCall {
  readonly call: Call
  readonly place: Place | undefined
}

/** Whoever seems to hold the permission takes a place at once; others once the rule has let them through, so that they keep it from nobody. */
async function inPlace<T>(assembly: Assembly, action: Action, { actor }: Call, work: (place?: Place) => Promise<T>): Promise<T> {
  if (action.fewAtOnce !== true) return work()
  const place = assembly.fewAtOnce.placeFor(actor)
  try {
    const holds = actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.allowsSomewhere(action.signature.name))
    if (holds) place.take()
    return await work(place)
  } finally {
    place.leave()
  }
}

/** The effects that a command would have. Counted and authorized like the command itself, then rolled back. */
export function plan(assembly: Assembly, name: string, input: unknown, given: Call): Promise<Plan> {
  const call = { ...given, actor: withOrigin(given.actor, given.origin, assembly.ports.clock.now()) }
  return withMetrics(assembly, name, call, async (action) => {
    await withAudit(assembly, action, call, async () => checkActor(action, call.actor, call.origin, assembly.ports.clock.now()))
    if (action.kind !== 'command') throw onlyCommands({ action: name, feature: 'plan' })
    if (action.handlesSecret === true) throw notPlannable({ action: name })
    return inPlace(assembly, action, call, async (place) => {
      const parsed = parseInput(action.signature, input)
      return withAudit(assembly, action, call, (trace) => planCommand(assembly, { action, input: parsed, call, trace }), place)
    })
  })
}

/** Whether a caller holds the permission named like the action at all, wherever that is: only from them larger inputs are taken. */
export async function mayUse(assembly: Assembly, name: string, { actor: given, origin }: Call): Promise<boolean> {
  const action = assembly.actions.get(name)
  if (action === undefined) return false
  const now = assembly.ports.clock.now()
  const allows = (actor: Actor): boolean => {
    if (actor.kind !== 'user') return actor.kind === 'system'
    if (!actor.principal.grants.allowsSomewhere(name)) return false
    checkActor(action, actor, origin, now)
    return true
  }
  const actor = withOrigin(given, origin, now)
  return allows(actor) || allows(await latestActor(assembly, actor, origin))
}

/** Rejects as the call would, and is counted and recorded like it, if its caller may not do it whatever the input. */
export function checkUse(assembly: Assembly, name: string, given: Call): Promise<void> {
  const call = { ...given, actor: withOrigin(given.actor, given.origin, assembly.ports.clock.now()) }
  return withMetrics(assembly, name, call, (action) =>
    withAudit(assembly, action, call, async () => {
      const { actor, origin } = call
      checkActor(action, actor, origin, assembly.ports.clock.now())
      const request = { actor, action: name, target: null, input: {} }
      if (!action.allow(request)) throw refusal(request, null)
    }),
  )
}

async function withMetrics<T>(assembly: Assembly, name: string, call: Call, work: (action: Action) => Promise<T>): Promise<T> {
  const { actions, monitors, ports } = assembly
  const action = actions.get(name)
  if (action === undefined) throw unknownAction({ action: name.slice(0, 100) })
  const startedAt = ports.clock.monotonic()
  const report = (outcome: 'ok' | DenizenError['kind'], failure: Pick<CallReport, 'error' | 'fault'> = {}): void => {
    const { requestId } = call.origin
    const durationMs = ports.clock.monotonic() - startedAt
    const told = { action: name, kind: action.signature.kind, actorKind: call.actor.kind, outcome, durationMs, requestId, ...failure }
    for (const monitor of monitors) monitor.observe(told)
  }
  try {
    const counting = countRequest(assembly, action, call)
    if (counting !== undefined) await counting
    const result = await work(action)
    report('ok')
    return result
  } catch (thrown) {
    const { requestId } = call.origin
    const error = failureOf(assembly, thrown, { requestId, what: 'an action', details: { action: name } })
    report(error.kind, { error, ...(error.kind === 'internal' && { fault: thrown }) })
    throw error
  }
}

interface Failing {
  readonly requestId: string
  /** What failed, for the log: `an action`. */
  readonly what: string
  readonly details?: Readonly<Record<string, unknown>>
}

/** The error for whatever was thrown. Failures of the database and bugs are logged, with the reason that the caller is not told. */
function failureOf({ monitors, ports }: Assembly, thrown: unknown, { requestId, what, details = {} }: Failing): DenizenError {
  const error = toDomainError(thrown)
  const outage = outageOf(thrown)
  if (outage !== null) {
    for (const monitor of monitors) monitor.databaseFailed?.(outage.state)
    ports.logger.warn(`the database failed ${what}`, { ...details, requestId, state: outage.state, error: thrown })
  }
  if (error instanceof DenizenError) return error
  ports.logger.error(`${what} failed unexpectedly`, { ...details, requestId, error: thrown })
  return internal({ requestId }, thrown)
}

/** Does what comes before or beside actions; it throws only DenizenErrors, too. */
export async function answering<T>(assembly: Assembly, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw failureOf(assembly, thrown, { requestId: '', what })
  }
}

/** Counts a call against the user's rate limit, before anything else. undefined: no need to wait. */
function countRequest({ rate }: Assembly, { signature }: Action, { actor }: Call): Promise<void> | undefined {
  if (actor.kind !== 'user' || rate.countImmediately(actor.principal)) return undefined
  return rate.count(actor.principal, { reads: signature.kind === 'query' })
}

/** Writes denials and failed commands into the audit log, outside of the transaction, which is rolled back. */
async function withAudit<T>(assembly: Assembly, action: Action, call: Call, work: (trace: Trace) => Promise<T>, place?: Place): Promise<T> {
  const startedAt = assembly.ports.clock.monotonic()
  const trace: Trace = { facts: {}, place }
  try {
    return await work(trace)
  } catch (thrown) {
    const error = toDomainError(thrown)
    const outcome = outcomeOf(action, call, error)
    if (outcome !== null) await auditFailure(assembly, action, call, { error, outcome, startedAt, facts: trace.facts })
    throw thrown
  }
}

/**
 * null: not recorded. Strangers could fill the log for free, refusals are recorded in their own transaction, and without a database
 * nothing can be written.
 */
function outcomeOf(action: Action, { actor }: Call, error: unknown): AuditOutcome | null {
  const kind = error instanceof DenizenError ? error.kind : 'internal'
  if (isStranger(actor) || kind === 'unavailable') return null
  if (kind === 'denied' || kind === 'unauthenticated') return 'denied'
  if (action.kind !== 'command') return null
  return kind === 'notFound' ? 'denied' : 'failed'
}

async function auditFailure(
  assembly: Assembly,
  action: Action,
  { actor, origin }: Call,
  { error, outcome, startedAt, facts }: { error: unknown; outcome: AuditOutcome; startedAt: number; facts: AuditFacts },
): Promise<void> {
  const { ports } = assembly
  const at = ports.clock.now()
  const entry = {
    id: newId('aud', at, ports.random.bytes(10)),
    at,
    action: action.signature.name,
    outcome,
    errorCode: error instanceof DenizenError ? error.code : 'request.internal',
    actor,
    origin,
    durationMs: ports.clock.monotonic() - startedAt,
    facts,
  }
  try {
    await writeAuditEntry(forkOf(assembly), entry)
  } catch (lost) {
    ports.logger.error('an audit entry could not be written', { action: entry.action, requestId: origin.requestId, outcome, error: lost })
  }
}
