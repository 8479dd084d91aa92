import type { SqlEntityManager } from '@mikro-orm/sql'

/** Work after the commit, queued in the transaction that asks for it. */
export interface Job {
  readonly name: string
  readonly payload: Readonly<Record<string, unknown>>
}

/** Work for later. Queued in the transaction that asks for it: no commit, no job. */
export interface JobQueue {
  /** Queues the jobs through the open transaction of `em`. */
  enqueue(em: SqlEntityManager, jobs: readonly Job[]): Promise<void>
}
