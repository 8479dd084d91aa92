import type { Id } from './id.ts'

/** Something that happened, named `<feature>.<past participle>`; its payload holds ids and plain facts, never secrets. */
export interface DomainEvent {
  readonly type: string
  readonly subject: string | null
  readonly organizationId: Id<'org'> | null
  readonly payload: Readonly<Record<string, unknown>>
}

/** Work to be done after the commit, queued in the same transaction as the change that asks for it. */
export interface Job {
  readonly name: string
  readonly payload: Readonly<Record<string, unknown>>
}
