import type { SqlEntityManager } from '@mikro-orm/sql'
import { isTransient, toDomainError } from '../database/conflict.ts'
import type { Command } from '../kernel/action.ts'
import { unrecordedUses, type Actor, type CommandContext } from '../kernel/context.ts'
import { DenizenError, retriesExhausted } from '../kernel/errors.ts'
import { newId, type Id } from '../kernel/id.ts'
import type { Plan } from '../kernel/plan.ts'
import { lastOfPipeline } from '../kernel/statement.ts'
import type { Claim } from '../idempotency/index.ts'
import { actorAtTheEnd, checkActor, checkBeforePreparing, currentActor } from './actor.ts'
import { forkOf, memoryOf, type Assembly, type Call } from './assembly.ts'
import { claimOf, keepOutput, keepRefusal, takeKey } from './idempotency.ts'
import { parseOutput } from './parse.ts'
import { countChanges, planFrom } from './plan.ts'
import { record } from './record.ts'
import { Recorder } from './recorder.ts'
import { checkAllowed, checkItem, findTarget } from './target.ts'
import { Refused, type Trace } from './trace.ts'

/** How often a transaction that lost a race is run again. Handlers have no outside effects, so it may be. */
const mostAttempts = 6

/** What is to be run: a command, its input as it came and as it was parsed, and who calls. */
export interface CommandRequest {
  readonly action: Command
  readonly raw: unknown
  readonly input: unknown
  readonly call: Call
  readonly trace: Trace
}

/** One command on its way through. */
interface CommandRun extends CommandRequest {
  readonly assembly: Assembly
  readonly prepared: unknown
  readonly claim: Claim | null
  readonly startedAt: number
}

/**
 * Runs a command: prepare, then as many attempts at its transaction as races
 * demand. A refusal is a result: what led to it has been committed.
 */
export async function runCommand(assembly: Assembly, requested: CommandRequest): Promise<unknown> {
  const passage = await prepare(assembly, requested)
  return retried(() => commit(passage))
}

/** Runs a command to its end, and takes it all back: what it would have done. */
export async function planCommand(assembly: Assembly, requested: CommandRequest): Promise<Plan> {
  const passage = await prepare(assembly, requested)
  return retried(() => planRun(passage))
}

/** Makes a change to its end, takes it all back, and answers what was seen on the way. */
export async function dryRun(assembly: Assembly, requested: CommandRequest): Promise<unknown> {
  const passage = await prepare(assembly, requested)
  return retried(() => rolledBack(passage, async (_, run) => (await run()).answer))
}

async function prepare(assembly: Assembly, requested: CommandRequest): Promise<CommandRun> {
  const { ports, settings, credentials, catalogue } = assembly
  const { action, raw, input, call } = requested
  const startedAt = ports.clock.monotonic()
  const claim = await claimOf(assembly, action.signature, raw, call)
  const { actor, origin } = call
  await checkBeforePreparing(assembly, action, input, { actor, origin })
  const about = { now: ports.clock.now(), actor, origin, ports, settings, credentials, catalogue, reader: forkOf(assembly) }
  const prepared = await action.prepare?.(about, input)
  return { ...requested, assembly, prepared, claim, startedAt }
}

async function retried<T>(attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt()
    } catch (error) {
      if (!isTransient(error)) throw toDomainError(error)
      if (count === mostAttempts) throw retriesExhausted({}, error)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * 2 ** count))
    }
  }
}

async function commit(passage: CommandRun): Promise<unknown> {
  const { assembly, action, claim } = passage
  const recorder = new Recorder({ planning: false })
  const result = await inTransaction(assembly, async (em) => {
    const actor = await currentActor(assembly, em, passage.call, locksOf(passage), { isLong: action.isLong === true })
    const replay = claim === null ? null : await takeKey(em, claim, action.signature, assembly.ports.clock.now())
    if (replay !== null) return { answer: replay.replayed, last: null }
    const handled = await handle(passage, em, actor, recorder)
    await em.flush()
    const answer = handled instanceof Refused ? handled : parseOutput(action.signature, handled)
    if (claim !== null) await keepAnswer(em, claim, action, answer)
    if (action.isLong === true) await checkAtTheEnd(passage, em)
    return { answer, last: () => record(assembly, em, recorder, entryOf(passage, actor, recorder, handled)) }
  })
  const { revoked, refreshed } = recorder.keys
  if (revoked.length + refreshed.length > 0) memoryOf(assembly).drop([...revoked, ...refreshed])
  return result
}

/** Who was suspended, signed out or demoted while a long command ran commits nothing. Whoever is among those it changes was locked from its beginning. */
async function checkAtTheEnd(passage: CommandRun, em: SqlEntityManager): Promise<void> {
  const { assembly, action, input, call } = passage
  if (call.actor.kind === 'user' && locksOf(passage).includes(call.actor.principal.userId)) return
  const actor = await actorAtTheEnd(assembly, em, call)
  checkActor(action, actor, call.origin, assembly.ports.clock.now())
  checkAllowed(action, actor, input, await findTarget(action, async () => em, input, actor), unrecordedUses)
}

function keepAnswer(em: SqlEntityManager, claim: Claim, { signature }: Command, answer: unknown): Promise<void> {
  return answer instanceof Refused ? keepRefusal(em, claim, answer.reason) : keepOutput(em, claim, signature, answer)
}

function planRun(passage: CommandRun): Promise<Plan> {
  return rolledBack(passage, async (em, run) => {
    const before = await countChanges(em)
    const { recorder } = await run()
    return planFrom(before, await countChanges(em), recorder)
  })
}

/** Gives a transaction, and what runs the action in it; whatever happens is rolled back. */
async function rolledBack<T>(
  passage: CommandRun,
  work: (em: SqlEntityManager, run: () => Promise<{ readonly answer: unknown; readonly recorder: Recorder }>) => Promise<T>,
): Promise<T> {
  const { assembly, action } = passage
  const em = forkOf(assembly)
  await em.begin()
  try {
    return await work(em, async () => {
      const recorder = new Recorder({ planning: true })
      const actor = await currentActor(assembly, em, passage.call, locksOf(passage), { isLong: action.isLong === true })
      const handled = await handle({ ...passage, assembly: { ...assembly, uses: unrecordedUses } }, em, actor, recorder)
      if (handled instanceof Refused) throw handled.reason
      await em.flush()
      return { answer: parseOutput(action.signature, handled), recorder }
    })
  } finally {
    await em.rollback()
  }
}

/** The users whose rows the handler will change. */
function locksOf({ action, input, prepared, call }: CommandRun): readonly Id<'usr'>[] {
  return action.locks?.(prepared) ?? action.target?.locks?.(input, call.actor) ?? []
}

/** What a transaction comes to, and what it has to do last: its commit is sent right behind that. */
interface Ending<T> {
  readonly answer: T
  readonly last: (() => Promise<{ readonly answer: Promise<unknown> }>) | null
}

async function inTransaction<T>(assembly: Assembly, work: (em: SqlEntityManager) => Promise<Ending<T>>): Promise<T> {
  const em = forkOf(assembly)
  await em.begin()
  try {
    const { answer, last } = await work(em)
    const sent = await last?.()
    // After a statement that failed nothing is committed, whether the server was asked to or not.
    await (sent === undefined ? em.commit() : lastOfPipeline(sent.answer, em.commit()))
    return answer
  } catch (error) {
    // A rollback on a lost connection fails too; what the caller needs to know is the first error.
    await em.rollback().catch(() => undefined)
    throw error
  }
}

async function handle(
  { assembly, action, input, prepared, call, trace }: CommandRun,
  em: SqlEntityManager,
  actor: Actor,
  recorder: Recorder,
) {
  checkActor(action, actor, call.origin, assembly.ports.clock.now())
  const found = await findTarget(action, async () => em, input, actor)
  const { target } = found
  if (target !== null) trace.facts = { target: { type: target.type, id: target.id }, organizationId: target.organizationId }
  recorder.note(trace.facts)
  checkAllowed(action, actor, input, found, assembly.uses)
  try {
    return await action.handle(contextOf(assembly, action, em, actor, call, recorder), input, prepared)
  } catch (error) {
    if (error instanceof Refused) return error
    throw error
  }
}

function contextOf(
  { ports, settings, credentials, catalogue, uses }: Assembly,
  action: Command,
  em: SqlEntityManager,
  actor: Actor,
  { origin }: Call,
  recorder: Recorder,
): CommandContext {
  const now = ports.clock.now()
  return {
    now,
    actor,
    origin,
    ports,
    settings,
    credentials,
    catalogue,
    uses,
    em,
    newId: (prefix) => newId(prefix, now, ports.random.bytes(10)),
    emit: (event) => void recorder.events.push(event),
    enqueue: (job) => void recorder.jobs.push(job),
    note: (facts) => recorder.note(facts),
    revoke: (revocation) => void recorder.revocations.push(revocation),
    refresh: (userId) => void recorder.refreshed.push(userId),
    refuse: (error) => {
      throw new Refused(error)
    },
    attempt: (work, index) => inSavepoint(em, recorder, work, index),
    checkItem: (item, target, type) => checkItem(action, actor, item, { target, type }, uses),
  }
}

async function inSavepoint<T>(em: SqlEntityManager, recorder: Recorder, work: () => Promise<T>, index: number | undefined) {
  const takeBack = recorder.mark()
  const before = recorder.undone === null ? null : await countChanges(em)
  await em.execute('savepoint item', [], 'run')
  try {
    const value = await work()
    await em.flush()
    await em.execute('release savepoint item', [], 'run')
    em.clear()
    return { ok: true as const, value }
  } catch (thrown) {
    const error = toDomainError(thrown)
    if (!(error instanceof DenizenError) || isTransient(thrown)) throw thrown
    await em.execute('rollback to savepoint item', [], 'run')
    await em.execute('release savepoint item', [], 'run')
    em.clear()
    takeBack()
    if (index !== undefined) recorder.failed.push({ index, code: error.code, message: error.message })
    if (before !== null) recorder.undone?.push({ before, after: await countChanges(em) })
    return { ok: false as const, error }
  }
}

function entryOf({ assembly, action, call, startedAt }: CommandRun, actor: Actor, recorder: Recorder, handled: unknown) {
  const { ports } = assembly
  const at = ports.clock.now()
  return {
    id: newId('aud', at, ports.random.bytes(10)),
    at,
    action: action.signature.name,
    outcome: handled instanceof Refused ? ('refused' as const) : ('succeeded' as const),
    errorCode: handled instanceof Refused ? handled.reason.code : null,
    actor,
    origin: call.origin,
    durationMs: ports.clock.monotonic() - startedAt,
    facts: recorder.facts,
  }
}
