/** How an action ended: done; refused but counted; not allowed; undone by an error. */
export type AuditOutcome = 'succeeded' | 'refused' | 'denied' | 'failed'
