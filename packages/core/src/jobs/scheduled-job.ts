import type { JobContext } from '../kernel/job.ts'
import type { Schedule } from './schedule.ts'

/** How many of what: of a table's rows, of keys. */
export type Counts = Readonly<Record<string, number>>

/** What it takes to tell what a job has to do. */
export type JobScope = Pick<JobContext, 'em' | 'now' | 'settings'>

export interface RunContext extends JobContext {
  /**
   * To be called after each step with what it did, which is added up and shown while the job runs. Throws once somebody has cancelled the
   * run: what was done stays done.
   */
  did(counts: Counts): Promise<void>
}

/** Background work that runs by itself. It may be begun again in the middle, after its process was killed. */
export interface ScheduledJob {
  /** `<feature>.<verb>`. */
  readonly name: string
  /** One line in the imperative. */
  readonly summary: string
  readonly schedule: Schedule
  /** How much it would delete now; left out: it deletes nothing. */
  readonly count?: (context: JobScope) => Promise<Counts>
  run(context: RunContext): Promise<void>
}
