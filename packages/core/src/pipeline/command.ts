import type { SqlEntityManager } from '@mikro-orm/sql'
import { isLostConnection, isTransient, toDomainError } from '../database/conflict.ts'
import type { ChangingAction } from '../kernel/action.ts'
import { unrecordedUses, type CommandContext } from '../kernel/context.ts'
import type { Actor } from '../kernel/actor.ts'
import { DenizenError, outcomeUnknown, retriesExhausted } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { isolation } from '../kernel/isolation.ts'
import type { Plan } from '../kernel/plan.ts'
import type { Target } from '../kernel/rule.ts'
import { lastOfPipeline } from '../kernel/statement.ts'
import { findUse, takeKey, type IdempotencyKey } from '../idempotency/index.ts'
import { limitsFor } from '../policies/index.ts'
import { checkActor, checkBeforehand, currentActor, factsOf } from './current-actor.ts'
import { forkOf, cachesOf, type Assembly, type Call } from './assembly.ts'
import { retried, type Attempt } from './attempts.ts'
import { keep, keyOf, replay } from './idempotency.ts'
import { changedUsers, lockedUsers, namesOthers, NotLocked, requireLocked } from './locked-users.ts'
import { parseOutput } from './parse.ts'
import { countChanges, planFrom } from './plan.ts'
import { prepareContext } from './prepare-context.ts'
import { givingWay, withPrecedence, type Attempting } from './precedence.ts'
import { isKept, queueOnly, record } from './record.ts'
import { Recorder } from './recorder.ts'
import { checkReplay, replayTerms } from './replay.ts'
import { shareOf } from './shares.ts'
import { writeChanges } from './write-changes.ts'
import { checkAllowed, checkItem, findTarget } from './target.ts'
import { Refused, type Trace } from './trace.ts'

/** A command to run: its parsed input, and its call. */
export interface CommandRequest {
  readonly action: ChangingAction
  readonly input: unknown
  readonly call: Call
  readonly trace: Trace
}

/** One run of a command. */
interface CommandRun extends CommandRequest, Attempt {
  readonly assembly: Assembly
  readonly prepared: unknown
  readonly key: IdempotencyKey | null
  /** The key was used before: nothing was prepared, and the answer of then is given. */
  readonly isReplay: boolean
  readonly startedAt: number
}

/**
 * Runs a command: prepares it, then tries its transaction until there is no conflict. A refusal is a result, because what the handler
 * wrote is committed.
 */
export async function runCommand(assembly: Assembly, requested: CommandRequest): Promise<unknown> {
  const key = keyOf(requested.action, requested.call)
  const run = await prepare(assembly, requested, key)
  let latest = run
  const users = () => changedUsers({ ...latest, actor: run.call.actor })
  return withPrecedence({ ...run, users }, (attempting) =>
    begunAgain(run, (again) => {
      latest = again
      return commit(again, attempting)
    }),
  )
}

/** Runs a command, rolls it back, and returns its effects. */
export async function planCommand(assembly: Assembly, requested: CommandRequest): Promise<Plan> {
  const run = await prepare(assembly, requested)
  return begunAgain(run, planRun)
}

/** Makes a change, rolls it back, and returns the answer. */
export async function dryRun(assembly: Assembly, requested: CommandRequest): Promise<unknown> {
  const run = await prepare(assembly, requested)
  return begunAgain(run, (again) => rolledBack(again, async (_, carryOut) => (await carryOut()).answer))
}

/** Does a command's transaction until there is no conflict; prepared anew where it has to lock others than it was prepared for. */
function begunAgain<T>(run: CommandRun, work: (run: CommandRun) => Promise<T>): Promise<T> {
  let { prepared } = run
  const share = shareOf(run.call.actor, run.call.origin, run.action.takesPrecedence !== undefined)
  return retried(run, async (attempt) => {
    try {
      return await run.assembly.shares.within(share, () => work({ ...run, ...attempt, prepared }))
    } catch (error) {
      if (error instanceof NotLocked) prepared = await run.action.prepare?.(prepareContext(run), run.input)
      throw error
    }
  })
}

async function prepare(assembly: Assembly, requested: CommandRequest, key: IdempotencyKey | null = null): Promise<CommandRun> {
  const { action, input, call, trace } = requested
  const startedAt = assembly.ports.clock.monotonic()
  const { actor, origin } = call
  const isAskedBefore = action.prepare !== undefined || namesOthers(action, input, actor)
  // Whoever repeats a key has nothing prepared: a guess with another input would be slow work that nothing counts.
  const isReplay = key !== null && isAskedBefore && (await findUse(forkOf(assembly), key)) !== null
  const run = { ...requested, assembly, key, isReplay, startedAt, isPatient: false }
  if (isReplay) return { ...run, prepared: undefined }
  if (isAskedBefore) await checkBeforehand(assembly, action, input, { actor, origin }, trace)
  return { ...run, prepared: await action.prepare?.(prepareContext(run), input) }
}

async function commit(run: CommandRun, attempting: Attempting): Promise<unknown> {
  const { assembly, action, input, key } = run
  const keyed = { ports: assembly.ports, action, input }
  const recorder = new Recorder({ planning: false })
  const work = async (em: SqlEntityManager): Promise<Ending<unknown>> => {
    const done = await attempting(em, async () => {
      const actor = await checkedActor(run, em)
      const earlier = key === null ? null : await takeKey(em, key, assembly.ports.clock.now())
      if (earlier !== null) return { replayed: await replay(keyed, earlier, (terms) => checkReplay(run, em, actor, terms)) }
      // Its earlier use was deleted since.
      if (run.isReplay) throw retriesExhausted({})
      const ran = await handle(run, em, actor, recorder)
      await writeChanges(assembly, em, recorder)
      return { ...ran, actor }
    })
    if ('replayed' in done) return { answer: done.replayed, last: null }
    const { actor, handled, target } = done
    const answer = handled instanceof Refused ? handled : parseOutput(action.signature, handled)
    if (key !== null) await keep(em, key, keyed, { answer, terms: await replayTerms(run, em, target, recorder) })
    const entry = entryOf(run, actor, recorder, handled)
    const isToBeKept = isKept(recorder, entry, handled instanceof Refused ? handled.reason.kind : null)
    if (!isToBeKept) await queueOnly(assembly, em, recorder)
    return { answer, last: isToBeKept ? () => record(assembly, em, recorder, entry) : null }
  }
  try {
    return await inTransaction(assembly, work)
  } finally {
    // Also when nobody knows whether it was committed.
    const { now, soon } = recorder.keys
    if (now.length + soon.length > 0) cachesOf(assembly).drop([...now, ...soon])
  }
}

function planRun(run: CommandRun): Promise<Plan> {
  return rolledBack(run, async (em, carryOut) => {
    const before = await countChanges(em)
    const { answer, recorder } = await carryOut()
    const plan = planFrom(before, await countChanges(em), recorder)
    return run.action.plansAnswer === true ? { ...plan, answer } : plan
  })
}

/** Runs work in a transaction that is always rolled back. */
async function rolledBack<T>(
  run: CommandRun,
  work: (em: SqlEntityManager, carryOut: () => Promise<{ readonly answer: unknown; readonly recorder: Recorder }>) => Promise<T>,
): Promise<T> {
  const { assembly, action } = run
  const em = forkOf(assembly)
  await em.begin(isolation.changing)
  try {
    return await work(em, async () => {
      const recorder = new Recorder({ planning: true })
      const actor = await checkedActor(run, em)
      const { handled } = await handle({ ...run, assembly: { ...assembly, uses: unrecordedUses } }, em, actor, recorder)
      if (handled instanceof Refused) throw handled.reason
      await writeChanges(assembly, em, recorder)
      return { answer: parseOutput(action.signature, handled), recorder }
    })
  } finally {
    await em.rollback()
  }
}

/** The actor as it is now, under locks. Throws if it may not act: then it gets no earlier answer either. */
async function checkedActor(run: CommandRun, em: SqlEntityManager): Promise<Actor> {
  const { assembly, action, call } = run
  const actor = await currentActor(assembly, em, call, lockedUsers({ ...run, actor: call.actor }))
  checkActor(action, actor, call.origin, assembly.ports.clock.now())
  return actor
}

/** The answer of a transaction, and its last statement; the commit is pipelined behind that. */
interface Ending<T> {
  readonly answer: T
  readonly last: (() => Promise<{ readonly answer: Promise<unknown> }>) | null
}

async function inTransaction<T>(assembly: Assembly, work: (em: SqlEntityManager) => Promise<Ending<T>>): Promise<T> {
  const em = forkOf(assembly)
  await em.begin(isolation.changing)
  try {
    const { answer, last } = await work(em)
    const sent = await last?.()
    // After a failed statement PostgreSQL commits nothing, even if a commit was sent.
    await (sent === undefined ? em.commit() : lastOfPipeline(sent.answer, em.commit())).catch(lostCommit)
    return answer
  } catch (error) {
    // On a lost connection the rollback fails too; the caller needs the first error.
    await em.rollback().catch(() => undefined)
    throw error
  }
}

/** A connection that breaks now leaves open whether the server has committed. */
function lostCommit(error: unknown): never {
  throw isLostConnection(error) ? outcomeUnknown({}, error) : error
}

async function handle(run: CommandRun, em: SqlEntityManager, actor: Actor, recorder: Recorder) {
  const { assembly, action, input, prepared, trace } = run
  const found = await findTarget(action, async () => em, input, actor)
  const { target } = found
  trace.facts = target === null ? {} : factsOf(target)
  recorder.note(trace.facts)
  checkAllowed(action, actor, input, found, assembly.uses)
  try {
    return { target, handled: await action.handle(contextOf({ run, actor, target }, em, recorder), input, prepared) }
  } catch (error) {
    if (error instanceof Refused) return { target, handled: error }
    throw error
  }
}

/** A command that was let through. */
interface Allowed {
  readonly run: CommandRun
  readonly actor: Actor
  readonly target: Target | null
}

function contextOf({ run, actor, target }: Allowed, em: SqlEntityManager, recorder: Recorder): CommandContext {
  const { action, assembly, call } = run
  const { origin } = call
  const { ports, settings, credentials, catalogue, uses } = assembly
  const now = ports.clock.now()
  const giveWay = givingWay(em, action, actor, target)
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
    limits: { ofUser: (userId) => limitsFor({ em, settings }, userId) },
    newId: (prefix) => newId(prefix, now, ports.random.bytes(10)),
    emit: (event) => void recorder.events.push(event),
    enqueue: (job) => void recorder.jobs.push(job),
    note: (facts) => recorder.note(facts),
    invalidate: (key, options) => void recorder.invalidations.push({ key, ...options }),
    requireLocked: (users) => requireLocked({ ...run, actor: call.actor }, users),
    refuse: (error) => {
      throw new Refused(error)
    },
    giveWay,
    attempt: async (work, index) => {
      await giveWay()
      return inSavepoint(em, recorder, work, index)
    },
    checkItem: (item, itemTarget, type) => checkItem(action, actor, item, { target: itemTarget, type }, uses),
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
