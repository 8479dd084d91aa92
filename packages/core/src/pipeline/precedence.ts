import type { SqlEntityManager } from '@mikro-orm/sql'
import type { ChangingAction } from '../kernel/action.ts'
import { unrecordedUses } from '../kernel/context.ts'
import { isGrantedEverywhere, type Actor } from '../kernel/actor.ts'
import type { Id } from '../kernel/id.ts'
import { isolation } from '../kernel/isolation.ts'
import { askAllToGiveWay, askToGiveWay, isAskedToGiveWay, mostNamedLocks } from '../kernel/locks.ts'
import { sendStatement, statement } from '../kernel/statement.ts'
import { actingUsers, checkActor, latestActor } from './actor.ts'
import { forkOf, type Assembly, type Call } from './assembly.ts'
import { checkAllowed, findTarget } from './target.ts'

/** Milliseconds that a command takes before it asks others to give way: what is short ends by itself. */
const patience = 250
/** So many steps of a long command go by between two looks for somebody who waits. */
const stepsBetweenLooks = 5

/** A command, and the users whom it takes power from. */
interface Preceding {
  readonly users: readonly Id<'usr'>[]
  readonly assembly: Assembly
  readonly action: ChangingAction
  readonly input: unknown
  readonly call: Call
}

/**
 * Does the work of a command that takes power from somebody. If it takes a while, it may be waiting for locks: long commands that hold it
 * up are begun again behind it. Only callers who may do it now have others give way: a stranger who names somebody could stop everything
 * that they do.
 */
export async function withPrecedence<T>(asking: Preceding, em: SqlEntityManager, work: () => Promise<T>): Promise<T> {
  if (asking.action.takesPrecedence !== true) return work()
  const { answer } = await sendStatement(em, ownProcess, [])
  const over = Promise.withResolvers<void>()
  const askForIt = () =>
    ask(asking, answer as OwnProcess, over.promise).catch((error: unknown) =>
      asking.assembly.ports.logger.info('nobody was asked to give way', { action: asking.action.signature.name, error }),
    )
  const timer = setTimeout(() => void askForIt(), patience)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
    over.resolve()
  }
}

const ownProcess = statement('own_process', 'select pg_backend_pid() as pid')
type OwnProcess = Promise<{ readonly rows: readonly { readonly pid: number }[] }>

async function ask({ assembly, action, input, call, users }: Preceding, own: OwnProcess, over: Promise<void>): Promise<void> {
  const actor = await latestActor(assembly, call.actor, call.origin)
  checkActor(action, actor, call.origin, assembly.ports.clock.now())
  const em = forkOf(assembly)
  checkAllowed(action, actor, input, await findTarget(action, async () => em, input, actor), unrecordedUses)
  const mayEverywhere = isGrantedEverywhere(actor, action.signature.name)
  // There is room for some thousands of named locks in all: an organization's larger batch waits.
  if (!mayEverywhere && (users.length === 0 || users.length > mostNamedLocks)) return
  const asking = isBatch(action) ? 'batch' : 'one'
  await em.begin(isolation.changing)
  try {
    if (mayEverywhere) await askAllToGiveWay(em, (await own).rows[0]?.pid ?? 0, asking)
    else await askToGiveWay(em, users, asking)
    await over
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
 * again behind whoever takes precedence, with what the actor may then.
 */
export function givingWay(em: SqlEntityManager, { takesPrecedence }: ChangingAction, actor: Actor): () => Promise<void> {
  const acting = actor.kind === 'user' ? actingUsers(actor.principal) : []
  let steps = 0
  return async () => {
    if (++steps % stepsBetweenLooks !== 0) return
    if (await isAskedToGiveWay(em, acting, takesPrecedence === true)) throw new GaveWay('This transaction gave way.')
  }
}
