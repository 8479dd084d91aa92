import type { AuditFacts, Revocation } from '../kernel/context.ts'
import type { DomainEvent, Job } from '../kernel/event.ts'
import type { Id } from '../kernel/id.ts'
import type { FailedItem } from '../kernel/plan.ts'
import type { Counts } from './plan.ts'

/** What a handler said should be recorded with its change. */
export class Recorder {
  readonly events: DomainEvent[] = []
  readonly jobs: Job[] = []
  readonly revocations: Revocation[] = []
  readonly refreshed: Id<'usr' | 'rol' | 'team' | 'res'>[] = []
  facts: AuditFacts = {}
  /** The items of a batch that failed. */
  readonly failed: FailedItem[] = []
  /** Only in a plan: what items of a batch changed that were then undone. PostgreSQL's counters do not forget them. */
  readonly undone: { readonly before: Counts; readonly after: Counts }[] | null

  constructor({ planning }: { planning: boolean }) {
    this.undone = planning ? [] : null
  }

  note(facts: AuditFacts): void {
    this.facts = { ...this.facts, ...facts }
  }

  /** Where the lists stand, so that a failed item of a batch can be taken back. */
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

  /** The keys to drop from principal caches: what was taken away, and what only looks different now. */
  get keys(): { revoked: string[]; refreshed: string[] } {
    const revoked = this.revocations.map((revocation) => {
      if ('organizationId' in revocation) return revocation.organizationId
      return 'changed' in revocation ? revocation.changed : (revocation.sessionId ?? revocation.tokenId ?? revocation.userId)
    })
    return { revoked, refreshed: this.refreshed }
  }
}
