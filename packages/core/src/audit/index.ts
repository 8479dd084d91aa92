export type { AuditOutcome } from './model.ts'
export { auditInsert, auditParameters, writeAuditEntry, type NewAuditEntry } from './repository.ts'
