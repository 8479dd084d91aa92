import { callerId, isStranger } from '../kernel/actor.ts'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { auditInsert, auditParameters, type NewAuditEntry } from '../audit/index.ts'
import { deliveriesOf, eventInsert, eventParameters } from '../events/index.ts'
import { invalidationInsert, invalidationParameters, wakeReaders } from '../invalidation/index.ts'
import type { ErrorKind } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { sendStatement, statement } from '../kernel/statement.ts'
import type { Assembly } from './assembly.ts'
import type { Recorder } from './recorder.ts'

/**
 * Queues the jobs of a command, wakes other processes if something was invalidated, and records it in one statement of its transaction:
 * audit entry, events and invalidations. The statement is pipelined with the commit; the caller waits for both.
 */
export async function record(
  { ports, subscribers }: Assembly,
  em: SqlEntityManager,
  recorder: Recorder,
  entry: NewAuditEntry,
): Promise<{ readonly answer: Promise<unknown> }> {
  const { now, soon } = recorder.keys
  const events = recorder.events.map((event) => ({ ...event, id: newId('evt', entry.at, ports.random.bytes(10)) }))
  const jobs = [...recorder.jobs, ...deliveriesOf(events, subscribers)]
  if (jobs.length > 0) await ports.jobs.enqueue(em, jobs)
  if (now.length > 0 && !ports.invalidation.soleProcess) await wakeReaders(em, now)
  return sendStatement(em, recording, [
    ...eventParameters(events, callerId(entry.actor), entry.at),
    ...invalidationParameters([...now, ...soon], entry.at),
    ...auditParameters(entry),
  ])
}

/** Queues the jobs of a command of which nothing is recorded. */
export async function queueOnly({ ports }: Assembly, em: SqlEntityManager, { jobs }: Recorder): Promise<void> {
  if (jobs.length > 0) await ports.jobs.enqueue(em, jobs)
}

/**
 * Whether something is to be recorded at all. What strangers are refused, and what they only begin or look at, is counted by the monitors
 * and not kept: they could fill the audit log as fast as they can ask. Kept is what has changed something, and what was about an account
 * or another target that the handler named: guesses at it, of which throttling lets through only so many. A mail that somebody without a
 * credential asks for is only begun, whoever has the address: an entry for those who exist would take time that tells. What anonymous users do
 * is kept; what they are refused is not.
 */
export function isKept({ events, jobs, invalidations, facts }: Recorder, { actor }: NewAuditEntry, refusal: ErrorKind | null): boolean {
  if (!isStranger(actor) || events.length + invalidations.length > 0) return true
  if (refusal === null && actor.kind !== 'anonymous') return true
  if (jobs.length > 0) return false
  return facts.target !== undefined && facts.looked !== true && refusal !== 'limited'
}

/** Without events or invalidations the first two parts insert nothing. */
const recording = statement(
  'record',
  `with recorded_events as (${eventInsert}), recorded_invalidations as (${invalidationInsert}) ${auditInsert}`,
)
