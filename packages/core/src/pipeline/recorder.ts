import type { AuditFacts, Revocation } from '../kernel/context.ts'
import type { DomainEvent, Job } from '../kernel/event.ts'
import type { Id } from '../kernel/id.ts'
import type { FailedItem } from '../kernel/plan.ts'
import type { Counts } from './plan.ts'

/** Collects what a handler wants to be recorded with its change. */
export class Recorder {
  readonly events: DomainEvent[] = []
  readonly jobs: Job[] = []
  readonly revocations: Revocation[] = []
  readonly refreshed: Id<'usr' | 'rol' | 'team' | 'res'>[] = []
  facts: AuditFacts = {}
  /** The items of a batch that failed. */
  readonly failed: FailedItem[] = []
  /** Only for plans: changes of failed items, which were rolled back. PostgreSQL's counters still contain them. */
  readonly undone: { readonly before: Counts; readonly after: Counts }[] | null

  constructor({ planning }: { planning: boolean }) {
    this.undone = planning ? [] : null
  }

  note(facts: AuditFacts): void {
    this.facts = { ...this.facts, ...facts }
  }

  /** Remembers the lengths of all lists, to undo a failed item of a batch. */
  mark(): () => void {
    const { events, jobs, revocations, refreshed, facts } = this
    const lengths = [events.length, jobs.length, revocations.length, refreshed.length] as const
    return () => {
      events.length = lengths[0]
      jobs.length = lengths[1]
      revocations.length = lengths[2]
      refreshed.length = lengths[3]
      this.facts = facts
    }
  }

  /** The keys to invalidate: at once, and at the next heartbeat. */
  get keys(): { revoked: string[]; refreshed: string[] } {
    const revoked = this.revocations.map((revocation) => {
      if ('organizationId' in revocation) return revocation.organizationId
      return 'changed' in revocation ? revocation.changed : (revocation.sessionId ?? revocation.tokenId ?? revocation.userId)
    })
    return { revoked, refreshed: this.refreshed }
  }
}
