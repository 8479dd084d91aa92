import type { AuditFacts } from '../kernel/context.ts'
import type { DomainEvent, Job } from '../kernel/event.ts'
import type { Invalidation, InvalidationKey } from '../kernel/invalidation.ts'
import type { ChangedRows, FailedItem } from '../kernel/plan.ts'

/** Collects what a handler wants to be recorded with its change. */
export class Recorder {
  readonly events: DomainEvent[] = []
  readonly jobs: Job[] = []
  readonly invalidations: Invalidation[] = []
  facts: AuditFacts = {}
  /** The items of a batch that failed. */
  readonly failed: FailedItem[] = []
  /** Only for plans: changes of failed items, which were rolled back. PostgreSQL's counters still contain them. */
  readonly undone: { readonly before: ChangedRows; readonly after: ChangedRows }[] | null

  constructor({ planning }: { planning: boolean }) {
    this.undone = planning ? [] : null
  }

  note(facts: AuditFacts): void {
    this.facts = { ...this.facts, ...facts }
  }

  /** Remembers the lengths of all lists, to undo a failed item of a batch. */
  mark(): () => void {
    const { events, jobs, invalidations, facts } = this
    const lengths = [events.length, jobs.length, invalidations.length] as const
    return () => {
      events.length = lengths[0]
      jobs.length = lengths[1]
      invalidations.length = lengths[2]
      this.facts = facts
    }
  }

  /** The keys to invalidate: at once, and at the next heartbeat. */
  get keys(): { readonly now: readonly InvalidationKey[]; readonly soon: readonly InvalidationKey[] } {
    const keysOf = (wanted: Invalidation['when']) => this.invalidations.flatMap(({ key, when }) => (when === wanted ? [key] : []))
    return { now: keysOf('now'), soon: keysOf('soon') }
  }
}
