/** The outcome of an action: done; refused, but the attempt counted; not allowed; failed with an error. */
export type AuditOutcome = 'succeeded' | 'refused' | 'denied' | 'failed'
