import type { AuditFacts } from '../kernel/context.ts'
import type { DenizenError } from '../kernel/errors.ts'
import type { Place } from './few-at-once.ts'

/** What is known of a call so far, for the audit entry of a failure: the transaction is gone by then. */
export interface Trace {
  facts: AuditFacts
  /** Of an action of which only few run at once. */
  readonly place?: Place | undefined
}

/** A refusal on its way out: what the handler wrote is committed, so it is a result and not a failure. */
export class Refused extends Error {
  readonly reason: DenizenError
  constructor(reason: DenizenError) {
    super(reason.message)
    this.reason = reason
  }
}
