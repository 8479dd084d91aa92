import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@denizen/core'
import type { Job, PgBoss } from 'pg-boss'

/** A kind of background work. */
export interface JobDefinition {
  /** `<feature>.<verb>`, as in `Job.name`. */
  readonly name: string
  /** true: it needs an external system that may be unavailable for long, and is tried again for most of a day. */
  readonly outside?: boolean
  /** true: it is never done. It is queued so that a call takes as long as one whose job is. */
  readonly discarded?: boolean
  /** Does the work. If it throws it is called again, with growing pauses, so it must be idempotent. */
  run(payload: Readonly<Record<string, unknown>>): Promise<void>
}

/** Seconds after which a job is given to another worker, when the one that has it is not heard of any more. */
export const heartbeatSeconds = 10
/** Milliseconds between two signs of life. */
const beat = 3_000
/** Milliseconds between two looks at an empty queue. */
const pause = 500

/** Jobs of one queue at a time, in one process. They wait for others (a mail server, an application), not for this machine. */
const atOnce = 10
/** With so many of its jobs running, no more of a group are begun. */
const atOnceOfGroup = 3
/** Jobs that are fetched together; they may be of one group. */
const batch = 2

type Payload = Record<string, unknown> | null

/**
 * Does the jobs of one queue, several at a time: one that takes long holds up itself, and one group (a tenant, a stranger's
 * network, a subscriber) never has all the places. pg-boss' own workers take one job in each interval, or wait for the slowest of a batch.
 */
export class QueueWorker {
  readonly #boss: PgBoss
  readonly #definition: JobDefinition
  readonly #logger: Logger
  readonly #running = new Map<string, { readonly group: string | null; readonly done: Promise<void> }>()
  readonly #stopping = new AbortController()
  readonly #stopped = Promise.withResolvers<void>()
  #loop: Promise<void> | null = null
  #heart: NodeJS.Timeout | undefined

  constructor(boss: PgBoss, definition: JobDefinition, logger: Logger) {
    this.#boss = boss
    this.#definition = definition
    this.#logger = logger
  }

  start(): void {
    this.#heart = setInterval(() => void this.#touch(), beat)
    this.#loop = this.#work()
  }

  /** Takes no new jobs and waits for the running ones; those that are not done in time are given back. */
  async stop(milliseconds: number): Promise<void> {
    this.#stopping.abort()
    this.#stopped.resolve()
    await this.#loop
    const all = Promise.all([...this.#running.values()].map(({ done }) => done))
    await Promise.race([all, sleep(milliseconds, undefined, { ref: false })])
    clearInterval(this.#heart)
    const left = [...this.#running.keys()]
    if (left.length === 0) return
    // Without a sign of life another process takes them as well, only later.
    await this.#boss.fail(this.#definition.name, left, { reason: 'the process stopped' }).catch(() => {})
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const free = Math.min(batch, atOnce - this.#running.size)
      const fetched = free === 0 ? 0 : await this.#begin(free)
      // As long as there are more, the next one begins when a place is free.
      if (this.#running.size === atOnce) await Promise.race([this.#stopped.promise, ...[...this.#running.values()].map(({ done }) => done)])
      else if (fetched < free) await sleep(pause, undefined, { signal }).catch(() => {})
    }
  }

  /** Begins up to so many jobs, the most urgent first, and says how many there were. */
  async #begin(most: number): Promise<number> {
    const { name } = this.#definition
    try {
      const jobs = await this.#boss.fetch<Payload>(name, { batchSize: most, ignoreGroups: this.#fullGroups() })
      for (const job of jobs) this.#running.set(job.id, { group: job.groupId ?? null, done: this.#finish(job) })
      return jobs.length
    } catch (error) {
      this.#logger.error('The job queue reports an error.', { job: name, error })
      return 0
    }
  }

  async #finish(job: Job<Payload>): Promise<void> {
    const { name, run } = this.#definition
    try {
      const failure = await run(job.data ?? {}).then(
        () => null,
        (error: unknown) => ({ error }),
      )
      if (failure === null) return void (await this.#boss.complete(name, job.id))
      this.#logger.warn('A job failed and will be tried again.', { job: name, jobId: job.id, error: failure.error })
      await this.#boss.fail(name, job.id, failure.error instanceof Error ? failure.error : {})
    } catch (error) {
      // It is done again: no sign of life comes any more.
      this.#logger.error('The job queue reports an error.', { job: name, error })
    } finally {
      this.#running.delete(job.id)
    }
  }

  #fullGroups(): string[] {
    const counts = new Map<string, number>()
    for (const { group } of this.#running.values()) if (group !== null) counts.set(group, (counts.get(group) ?? 0) + 1)
    return [...counts].flatMap(([group, count]) => (count >= atOnceOfGroup ? [group] : []))
  }

  async #touch(): Promise<void> {
    const ids = [...this.#running.keys()]
    if (ids.length === 0) return
    try {
      await this.#boss.touch(this.#definition.name, ids)
    } catch (error) {
      this.#logger.warn('A sign of life of running jobs was not taken.', { job: this.#definition.name, error })
    }
  }
}
