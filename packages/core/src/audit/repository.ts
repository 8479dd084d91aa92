import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Actor } from '../kernel/actor.ts'
import type { AuditFacts } from '../kernel/context.ts'
import type { Origin } from '../kernel/origin.ts'
import { uuidOf, uuidOrNull, type Id } from '../kernel/id.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import type { AuditOutcome } from './model.ts'

/** A new audit entry. */
export interface NewAuditEntry {
  readonly id: Id<'aud'>
  readonly at: Date
  readonly action: string
  readonly outcome: AuditOutcome
  readonly errorCode: string | null
  readonly actor: Actor
  readonly origin: Origin
  readonly durationMs: number
  readonly facts: AuditFacts
}

/** Writes an entry in the transaction of what it records. */
export async function writeAuditEntry(em: SqlEntityManager, entry: NewAuditEntry): Promise<void> {
  await runStatement(em, auditStatement, auditParameters(entry))
}

/** The columns of an entry, each with its value. */
const columns: Readonly<Record<string, (entry: NewAuditEntry) => unknown>> = {
  id: ({ id }) => uuidOf(id),
  at: ({ at }) => at,
  action: ({ action }) => action,
  outcome: ({ outcome }) => outcome,
  error_code: ({ errorCode }) => errorCode,
  actor_kind: ({ actor }) => actor.kind,
  actor_id: ({ actor }) => uuidOrNull(principalOf(actor)?.userId),
  actor_reason: ({ actor }) => (actor.kind === 'system' ? actor.reason : null),
  session_id: ({ actor }) => uuidOrNull(principalOf(actor)?.sessionId),
  impersonator_id: ({ actor }) => uuidOrNull(principalOf(actor)?.impersonator?.userId),
  target_type: ({ facts }) => facts.target?.type ?? null,
  target_id: ({ facts }) => facts.target?.id ?? null,
  organization_id: ({ facts, actor }) => uuidOrNull(facts.organizationId ?? principalOf(actor)?.organization?.id),
  ip: ({ origin }) => origin.ip,
  user_agent: ({ origin }) => origin.userAgent,
  request_id: ({ origin }) => origin.requestId,
  duration_ms: ({ durationMs }) => durationMs,
  changes: ({ facts }) => (facts.changes === undefined ? null : JSON.stringify(facts.changes)),
}

const names = Object.keys(columns)
export const auditInsert = `insert into audit_entries (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`

const auditStatement = statement('audit', auditInsert)

export function auditParameters(entry: NewAuditEntry): unknown[] {
  return Object.values(columns).map((valueOf) => valueOf(entry))
}

function principalOf(actor: Actor) {
  return actor.kind === 'user' ? actor.principal : null
}
