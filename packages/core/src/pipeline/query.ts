import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Query } from '../kernel/action.ts'
import { refusal, type Target } from '../kernel/rule.ts'
import { forkOf, type Assembly, type Call } from './assembly.ts'
import { checkPendingSteps } from './actor.ts'
import { parseOutput } from './parse.ts'
import type { Trace } from './trace.ts'

/** Runs a query. Its read-only transaction opens at the first use of the database, if ever. */
export async function runQuery(assembly: Assembly, action: Query, input: unknown, { actor, origin }: Call, trace: Trace): Promise<unknown> {
  const { ports, settings } = assembly
  checkPendingSteps(action, actor)
  let transaction: Promise<SqlEntityManager> | undefined
  const open = (): Promise<SqlEntityManager> => (transaction ??= beginReadOnly(assembly))
  try {
    const target: Target | null = action.target === undefined ? null : await action.target.find(await open(), input, actor)
    if (target !== null) trace.facts = { target: { type: target.type, id: target.id }, organizationId: target.organizationId }
    const request = { actor, action: action.signature.name, target }
    if (!action.allow(request)) throw refusal(request, action.target?.type ?? null)
    const answer = await action.handle({ now: ports.clock.now(), actor, origin, ports, settings, open }, input)
    return parseOutput(action.signature, answer)
  } finally {
    await (await transaction)?.rollback()
  }
}

async function beginReadOnly(assembly: Assembly): Promise<SqlEntityManager> {
  const em = forkOf(assembly)
  await em.begin()
  try {
    // Kysely's PGlite driver drops the access mode of BEGIN; as a statement it holds on both drivers.
    await em.execute('set transaction read only', [], 'run')
  } catch (error) {
    await em.rollback()
    throw error
  }
  return em
}
