import type { SqlEntityManager } from '@mikro-orm/sql'

/** Work after the commit, queued in the transaction that asks for it. */
export interface Job {
  readonly name: string
  readonly payload: Readonly<Record<string, unknown>>
}

/** A queue of jobs, filled in the transaction that asks for them: without its commit there is no job. */
export interface JobQueue {
  /** Queues jobs in the open transaction of `em`. */
  enqueue(em: SqlEntityManager, jobs: readonly Job[]): Promise<void>
}
