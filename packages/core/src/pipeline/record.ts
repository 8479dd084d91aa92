import { callerId } from '../kernel/context.ts'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { auditInsert, auditParameters, type NewAuditEntry } from '../audit/index.ts'
import { deliveriesOf, eventInsert, eventParameters } from '../events/index.ts'
import { invalidationInsert, invalidationParameters, wakeReaders } from '../invalidation/index.ts'
import { newId } from '../kernel/id.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import type { Assembly } from './assembly.ts'
import type { Recorder } from './recorder.ts'

/**
 * Writes down what a command did, through its own transaction and in one
 * statement: the audit entry, its events, and the principals to be dropped. Then
 * queues its jobs, and wakes other processes only if something was taken away.
 */
export async function record(
  { ports, subscribers }: Assembly,
  em: SqlEntityManager,
  recorder: Recorder,
  entry: NewAuditEntry,
): Promise<void> {
  const { revoked, refreshed } = recorder.keys
  const events = recorder.events.map((event) => ({ ...event, id: newId('evt', entry.at, ports.random.bytes(10)) }))
  const jobs = [...recorder.jobs, ...deliveriesOf(events, subscribers)]
  const actorId = callerId(entry.actor)
  await runStatement(em, recording, [
    ...eventParameters(events, actorId, entry.at),
    ...invalidationParameters([...revoked, ...refreshed], entry.at),
    ...auditParameters(entry),
  ])
  if (jobs.length > 0) await ports.jobs.enqueue(em, jobs)
  if (revoked.length > 0 && !ports.invalidation.soleProcess) await wakeReaders(em, revoked)
}

/** Without events, or without keys, its first two parts write nothing. */
const recording = statement(
  'record',
  `with recorded_events as (${eventInsert}), recorded_invalidations as (${invalidationInsert}) ${auditInsert}`,
)
