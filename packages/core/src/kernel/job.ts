import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CorePorts } from './context.ts'
import type { Settings } from './settings.ts'
import type { Job } from './event.ts'
import type { Catalogue } from './signature.ts'

/** The context of a job. No transaction is open. */
export interface JobContext {
  readonly now: Date
  readonly em: SqlEntityManager
  readonly ports: CorePorts
  readonly settings: Settings
  readonly catalogue: Catalogue
  /** Calls an action as Denizen itself, with its audit entry and events, in a transaction of its own. */
  call(action: string, input: unknown): Promise<unknown>
}

/** Carries out the jobs of one name. Called again after an error, and possibly twice after success. */
export interface JobHandler {
  readonly name: string
  /** It depends on an external service that may be down for long: it is retried for most of a day, not for a minute. */
  readonly outside?: true
  /** It is never done: it is queued so that a call takes as long as one whose job is. */
  readonly discarded?: true
  run(context: JobContext, payload: Job['payload']): Promise<void>
}
