import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Job } from '../kernel/event.ts'

/** Work for later. Queued in the transaction that asks for it: no commit, no job. */
export interface JobQueue {
  /** Queues the jobs through the open transaction of `em`. */
  enqueue(em: SqlEntityManager, jobs: readonly Job[]): Promise<void>
}
