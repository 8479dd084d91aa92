import type { SqlEntityManager } from '@mikro-orm/sql'
import { decisionsFor } from '../access/index.ts'
import type { Inquiry, Query } from '../kernel/action.ts'
import { isolation } from '../kernel/isolation.ts'
import { selectThrough, type RunSelect } from '../kernel/select.ts'
import { RowCache } from '../kernel/row-cache.ts'
import { forkOf, type Assembly, type Call, type Orm } from './assembly.ts'
import { parseOutput } from './parse.ts'
import { checkAllowed, findTarget, findCachedTarget } from './target.ts'
import type { Trace } from './trace.ts'
import { writeOutput } from './write.ts'

/** Runs a query. Its read-only transaction opens at the first use of the database, if ever. */
export async function runQuery(
  assembly: Assembly,
  action: Query | Inquiry,
  input: unknown,
  { actor, origin, serialized = false }: Call,
  trace: Trace,
): Promise<unknown> {
  const { ports, settings, credentials, catalogue, uses } = assembly
  const now = ports.clock.now()
  let transaction: Promise<SqlEntityManager> | undefined
  const open = (): Promise<SqlEntityManager> => (transaction ??= beginReadOnly(assembly, action))
  const select: RunSelect = async (statement) => selectThrough(transaction === undefined ? forkOf(assembly) : await transaction)(statement)
  try {
    const decisions = decisionsFor(assembly.decisions, action.oneSnapshot === true ? openForNothing : open, now)
    const { cachedTarget } = action
    const found =
      cachedTarget === undefined
        ? await findTarget(action, open, input, actor)
        : await findCachedTarget(cachedTarget, { decisions, catalogue, actor }, input)
    const { target } = found
    if (target !== null) trace.facts = { target: { type: target.type, id: target.id }, organizationId: target.organizationId }
    checkAllowed(action, actor, input, found, uses)
    trace.place?.claim(target?.organizationId ?? null)
    const shared = { now, actor, origin, ports, settings, credentials, catalogue, uses }
    const context = { ...shared, decisions, open, select, cachedRows: serialized ? ports.caches.of(RowCache) : null }
    const answer = await action.handle(context, input)
    return (serialized ? writeOutput(action.signature.output, answer) : null) ?? parseOutput(action.signature, answer)
  } catch (error) {
    throw asBug(error, action.signature.name)
  } finally {
    await (await transaction)?.rollback()
  }
}

/** A query that tries to write (25006) is a mistake of ours; elsewhere that is a database that takes no changes. */
function asBug(error: unknown, name: string): unknown {
  const isWrite = error instanceof Error && 'code' in error && error.code === '25006'
  return isWrite ? new TypeError(`${name} is a query, and tried to write.`) : error
}

/** Decisions are kept in memory, and an old snapshot would bring back what was dropped from it. */
function openForNothing(): never {
  throw new TypeError('An action that reads one snapshot has no decisions: they are cached.')
}

/** Whether the driver's BEGIN sets the access mode: Kysely's for PGlite does not. Bounded by the connected databases. */
const heedsAccessMode = new WeakMap<Orm, boolean>()

/** Opens a read-only transaction, with a statement of its own only where BEGIN does not say so. */
async function beginReadOnly(assembly: Assembly, { oneSnapshot }: Query | Inquiry): Promise<SqlEntityManager> {
  const em = forkOf(assembly)
  await em.begin(oneSnapshot === true ? isolation.readingOneSnapshot : isolation.reading)
  try {
    const heeds = heedsAccessMode.get(assembly.orm) ?? (await becameReadOnly(em))
    if (heeds !== null) heedsAccessMode.set(assembly.orm, heeds)
    if (heeds !== true) await em.execute('set transaction read only', [], 'run')
  } catch (error) {
    await em.rollback()
    throw error
  }
  return em
}

/** null: nobody can tell, because every transaction is read-only now. */
async function becameReadOnly(em: SqlEntityManager): Promise<boolean | null> {
  const [row] = await em.execute<{ mode: string; usual: string }[]>(
    `select current_setting('transaction_read_only') as mode, current_setting('default_transaction_read_only') as usual`,
  )
  return row?.usual === 'on' ? null : row?.mode === 'on'
}
