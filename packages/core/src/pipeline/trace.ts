import type { AuditFacts } from '../kernel/context.ts'
import type { DenizenError } from '../kernel/errors.ts'

/** What is known of a call so far: a failure's audit entry is written from it, for the transaction is gone by then. */
export interface Trace {
  facts: AuditFacts
}

/** A refusal on its way out: what the handler wrote is kept, so it is a result and not a failure. */
export class Refused extends Error {
  readonly reason: DenizenError
  constructor(reason: DenizenError) {
    super(reason.message)
    this.reason = reason
  }
}
