import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Actor } from '../kernel/actor.ts'
import type { AuditFacts } from '../kernel/context.ts'
import type { Origin } from '../kernel/origin.ts'
import { uuidOf, type Id } from '../kernel/id.ts'
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

export const auditInsert = `insert into audit_entries (id, at, action, outcome, error_code, actor_kind, actor_id, actor_reason, session_id, impersonator_id,
    target_type, target_id, organization_id, ip, user_agent, request_id, duration_ms, changes)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb)`

const auditStatement = statement('audit', auditInsert)

export function auditParameters(entry: NewAuditEntry): unknown[] {
  const { actor, origin, facts } = entry
  const principal = actor.kind === 'user' ? actor.principal : null
  const organizationId = facts.organizationId ?? principal?.organization?.id ?? null
  return [
    uuidOf(entry.id),
    entry.at,
    entry.action,
    entry.outcome,
    entry.errorCode,
    actor.kind,
    principal === null ? null : uuidOf(principal.userId),
    actor.kind === 'system' ? actor.reason : null,
    principal === null || principal.sessionId === null ? null : uuidOf(principal.sessionId),
    principal === null || principal.impersonator === null ? null : uuidOf(principal.impersonator.userId),
    facts.target?.type ?? null,
    facts.target?.id ?? null,
    organizationId === null ? null : uuidOf(organizationId),
    origin.ip,
    origin.userAgent,
    origin.requestId,
    entry.durationMs,
    facts.changes === undefined ? null : JSON.stringify(facts.changes),
  ]
}
