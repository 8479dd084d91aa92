import type { AuditFacts } from '../kernel/context.ts'
import type { DenizenError } from '../kernel/errors.ts'

/** What is known of a call so far, for the audit entry of a failure: the transaction is gone by then. */
export interface Trace {
  facts: AuditFacts
}

/** A refusal on its way out: what the handler wrote is committed, so it is a result and not a failure. */
export class Refused extends Error {
  readonly reason: DenizenError
  constructor(reason: DenizenError) {
    super(reason.message)
    this.reason = reason
  }
}
