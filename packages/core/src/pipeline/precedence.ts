import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Command } from '../kernel/action.ts'
import { unrecordedUses } from '../kernel/context.ts'
import type { Actor } from '../kernel/actor.ts'
import type { Id } from '../kernel/id.ts'
import { isolation } from '../kernel/isolation.ts'
import { askAllToGiveWay, askToGiveWay, isAskedToGiveWay } from '../kernel/locks.ts'
import { actingUsers, checkActor, latestActor } from './actor.ts'
import { forkOf, type Assembly, type Call } from './assembly.ts'
import { checkAllowed, findTarget } from './target.ts'

/** Milliseconds that a command waits before it asks others to give way: what is short ends by itself. */
const patience = 250
/** So many steps of a long command go by between two looks for somebody who waits. */
const stepsBetweenLooks = 5

/** A command, and the users whom it takes power from. */
interface Preceding {
  readonly users: readonly Id<'usr'>[]
  readonly assembly: Assembly
  readonly action: Command
  readonly input: unknown
  readonly call: Call
}

/**
 * Waits for the locks of users; after a while, long commands that stand in the way are begun again behind it. Only callers who may do it now
 * have others give way: a stranger who names somebody could stop everything that they do.
 */
export async function withPrecedence<T>(asking: Preceding, em: SqlEntityManager, wait: () => Promise<T>): Promise<T> {
  const [row] = await em.execute<{ pid: number }[]>('select pg_backend_pid() as pid')
  const over = Promise.withResolvers<void>()
  const askForIt = () =>
    ask(asking, row?.pid ?? 0, over.promise).catch((error: unknown) =>
      asking.assembly.ports.logger.info('nobody was asked to give way', { action: asking.action.signature.name, error }),
    )
  const timer = setTimeout(() => void askForIt(), patience)
  try {
    return await wait()
  } finally {
    clearTimeout(timer)
    over.resolve()
  }
}

async function ask({ assembly, action, input, call, users }: Preceding, pid: number, over: Promise<void>): Promise<void> {
  const actor = await latestActor(assembly, call.actor, call.origin)
  checkActor(action, actor, call.origin, assembly.ports.clock.now())
  const em = forkOf(assembly)
  checkAllowed(action, actor, input, await findTarget(action, async () => em, input, actor), unrecordedUses)
  await em.begin(isolation.changing)
  try {
    if (actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.allowsEverywhere(action.signature.name)))
      await askAllToGiveWay(em, pid)
    else await askToGiveWay(em, users)
    await over
  } finally {
    await em.rollback()
  }
}

/** To the pipeline it is a serialization failure, like those of PostgreSQL. */
class GaveWay extends Error {
  readonly code = '40001'
}

/**
 * What a long command calls between its steps. Throws a serialization failure if it has to give way: all of it is rolled back, and begun
 * again behind whoever takes precedence, with what the actor may then.
 */
export function givingWay(em: SqlEntityManager, actor: Actor): () => Promise<void> {
  const acting = actor.kind === 'user' ? actingUsers(actor.principal) : []
  let steps = 0
  return async () => {
    if (++steps % stepsBetweenLooks !== 0) return
    if (await isAskedToGiveWay(em, acting)) throw new GaveWay('This transaction gave way.')
  }
}
