import type { SqlEntityManager } from '@mikro-orm/sql'

/** Work after the commit, queued in the transaction that asks for it. */
export interface Job {
  readonly name: string
  readonly payload: Readonly<Record<string, unknown>>
  /** Of the waiting jobs of a name, those with the highest priority are done first; default: 0. */
  readonly priority?: number
  /** On whose behalf: an organization, a network, a subscriber. Jobs of one group never take all the places. */
  readonly group?: string
}

/** A queue of jobs, filled in the transaction that asks for them: without its commit there is no job. */
export interface JobQueue {
  /** Queues jobs in the open transaction of `em`. */
  enqueue(em: SqlEntityManager, jobs: readonly Job[]): Promise<void>
  /**
   * Deletes, in the open transaction of `em`, the jobs of which the payload or the result matches a regular expression of PostgreSQL (whatever the case),
   * also those that are over. Returns how many.
   */
  forget(em: SqlEntityManager, pattern: string): Promise<number>
}
