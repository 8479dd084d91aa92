import type { SqlEntityManager } from '@mikro-orm/sql'
import type { ChangingAction } from '../kernel/action.ts'
import { unrecordedUses } from '../kernel/context.ts'
import { callerId, isGrantedEverywhere, type Actor } from '../kernel/actor.ts'
import type { Id } from '../kernel/id.ts'
import { isolation } from '../kernel/isolation.ts'
import { askAllToGiveWay, askToGiveWay, isAskedToGiveWay, mostNamedLocks } from '../kernel/locks.ts'
import type { Target } from '../kernel/rule.ts'
import { sendStatement, statement } from '../kernel/statement.ts'
import { checkActor, latestActor } from './current-actor.ts'
import { forkOf, type Assembly, type Call, type Orm } from './assembly.ts'
import { actingUsers } from './locked-users.ts'
import { checkAllowed, findTarget } from './target.ts'

/** Milliseconds that a command takes before it asks others to give way: what is short ends by itself. */
const patience = 250
/** After so many steps, a long command looks whether somebody waits. */
const stepsBetweenLooks = 5
/** Milliseconds after which others may ask: by then a long command has looked. */
const turn = 2_000

/** A command, and the users whom it names or takes power from. */
interface Preceding {
  /** As it was prepared last. */
  readonly users: () => readonly Id<'usr'>[]
  readonly assembly: Assembly
  readonly action: ChangingAction
  readonly input: unknown
  readonly call: Call
}

/** The work of a command that takes precedence. */
interface Work {
  readonly over: Promise<void>
  isOver: boolean
  /** The transaction that it is in, until that ends; null: between two. */
  transaction: { readonly process: OwnProcess; readonly over: Promise<void> } | null
}

/** Does one attempt of a command in its transaction. */
export type Attempting = <T>(em: SqlEntityManager, attempt: () => Promise<T>) => Promise<T>

/**
 * Does the work of a command that takes power from somebody, in one or more attempts. If it takes a while, it may be waiting for locks: long
 * commands that hold it up are begun again behind it. Only callers who may do it now have others give way: a stranger who names somebody
 * could stop everything that they do.
 */
export async function withPrecedence<T>(asking: Preceding, work: (attempting: Attempting) => Promise<T>): Promise<T> {
  if (asking.action.takesPrecedence === undefined) return work((_, attempt) => attempt())
  const over = Promise.withResolvers<void>()
  const its: Work = { over: over.promise, isOver: false, transaction: null }
  const timer = setTimeout(() => void askInTurns(asking, its), patience)
  try {
    return await work((em, attempt) => inTransactionOf(its, em, attempt))
  } finally {
    clearTimeout(timer)
    its.isOver = true
    over.resolve()
  }
}

async function inTransactionOf<T>(work: Work, em: SqlEntityManager, attempt: () => Promise<T>): Promise<T> {
  const { answer } = await sendStatement(em, ownProcess, [])
  const over = Promise.withResolvers<void>()
  work.transaction = { process: answer as OwnProcess, over: over.promise }
  try {
    return await attempt()
  } finally {
    work.transaction = null
    over.resolve()
  }
}

const ownProcess = statement('own_process', 'select pg_backend_pid() as pid')
type OwnProcess = Promise<{ readonly rows: readonly { readonly pid: number }[] }>

async function askInTurns(asking: Preceding, work: Work): Promise<void> {
  const { assembly, action, call } = asking
  const isAdministrator = isGrantedEverywhere(call.actor, action.signature.name)
  const leave = takePlace(assembly.orm, isAdministrator, callerId(call.actor) ?? call.actor.kind)
  try {
    if (leave !== null && !(await ask(asking, work))) return
  } catch (error) {
    return assembly.ports.logger.info('nobody was asked to give way', { action: action.signature.name, error })
  } finally {
    leave?.()
  }
  await firstOf(work.over, patience)
  if (!work.isOver) await askInTurns(asking, work)
}

/** Waits for the end of the work, but not longer than that. */
async function firstOf(over: Promise<void>, milliseconds: number): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, milliseconds)
  await Promise.race([over, late.promise])
  clearTimeout(timer)
}

/**
 * Whoever asks keeps a second connection: somebody with a few calls that wait would have all of them. So each caller asks once at a time,
 * and few do; administrators of the installation have places of their own.
 */
const mostAsking = 2
/** Bounded by the connected databases, and for each by `mostAsking`. */
const places = new WeakMap<Orm, Record<'administrators' | 'others', Set<string>>>()

/** Gives the place back; null: there is none. */
function takePlace(orm: Orm, isAdministrator: boolean, caller: string): (() => void) | null {
  const all = places.get(orm) ?? { administrators: new Set(), others: new Set() }
  places.set(orm, all)
  const taken = isAdministrator ? all.administrators : all.others
  if (taken.has(caller) || taken.size >= mostAsking) return null
  taken.add(caller)
  return () => void taken.delete(caller)
}

/** Asks for a turn; false: this caller may not, or it is over. */
async function ask({ assembly, action, input, call, users: usersNow }: Preceding, work: Work): Promise<boolean> {
  const actor = await latestActor(assembly, call.actor, call.origin)
  checkActor(action, actor, call.origin, assembly.ports.clock.now())
  if (work.isOver) return false
  const em = forkOf(assembly)
  const found = await findTarget(action, async () => em, input, actor)
  checkAllowed(action, actor, input, found, unrecordedUses)
  const mayEverywhere = isGrantedEverywhere(actor, action.signature.name)
  const scope = action.takesPrecedence === 'everywhere' ? 'everywhere' : (found.target?.organizationId ?? null)
  // Whoever names somebody for a resource of their own takes nothing from them: they could stop whatever anybody does.
  const users = usersNow()
  const mayNamed = users.length > 0 && scope !== null
  // There is room for some thousands of named locks in all: an organization's larger batch waits.
  if (work.isOver || (!mayEverywhere && (!mayNamed || users.length > mostNamedLocks))) return false
  const asking = isBatch(action) ? 'batch' : 'one'
  await em.begin(isolation.changing)
  try {
    if (mayEverywhere || scope === null) {
      const { transaction } = work
      if (transaction === null) return true
      await askAllToGiveWay(em, (await transaction.process).rows[0]?.pid ?? 0, asking)
      // The process is somebody else's after that.
      await firstOf(transaction.over, turn)
    } else {
      await askToGiveWay(em, users, { scope, asking })
      await firstOf(work.over, turn)
    }
    return true
  } finally {
    await em.rollback()
  }
}

function isBatch({ allowItem }: ChangingAction): boolean {
  return allowItem !== undefined
}

/** To the pipeline it is a serialization failure, like those of PostgreSQL. */
class GaveWay extends Error {
  readonly code = '40001'
}

/**
 * What a long command calls between its steps. Throws a serialization failure if it has to give way: all of it is rolled back, and begun
 * again behind whoever takes precedence, with what the actor may then. An administrator of the installation is not stopped by what others do
 * in one organization.
 */
export function givingWay(em: SqlEntityManager, action: ChangingAction, actor: Actor, target: Target | null): () => Promise<void> {
  const acting = actor.kind === 'user' ? actingUsers(actor.principal) : []
  const organizationId = isGrantedEverywhere(actor, action.signature.name) ? null : (target?.organizationId ?? null)
  const isAsking = action.takesPrecedence !== undefined
  let steps = 0
  return async () => {
    if (++steps % stepsBetweenLooks !== 0) return
    if (await isAskedToGiveWay(em, acting, { organizationId, isAsking })) throw new GaveWay('This transaction gave way.')
  }
}
