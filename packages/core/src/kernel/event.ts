import type { Id } from './id.ts'

export type { Job } from '../ports/jobs.ts'

/** Something that happened, named `<feature>.<past participle>`. Its payload contains ids and plain facts, never secrets. */
export interface DomainEvent {
  readonly type: string
  readonly subject: string | null
  readonly organizationId: Id<'org'> | null
  readonly payload: Readonly<Record<string, unknown>>
}
