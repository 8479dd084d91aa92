import type { SqlEntityManager } from '@mikro-orm/sql'
import { newId } from '../kernel/id.ts'
import { isolation } from '../kernel/isolation.ts'
import type { Ports } from '../ports/index.ts'
import { insertRun } from './repository.ts'
import { lastDue } from './schedule.ts'
import { scheduledJobs } from './scheduled.ts'
import { workJob } from './work.ts'

/** Milliseconds after which a run of which nothing was heard is over: whoever did it was killed again and again. */
const abandonedAfter = 60 * 60 * 1000

/**
 * Queues a run of every job that has become due and has none yet: of several processes, one does. A time that passed while all were
 * down is made up for once. To be called every now and then by whoever works on the queue.
 */
export async function queueDueRuns(em: SqlEntityManager, { clock, random, jobs }: Pick<Ports, 'clock' | 'random' | 'jobs'>): Promise<void> {
  const now = clock.now()
  await em.transactional(async (inside) => {
    await endAbandoned(inside, now)
    for (const { name: job, schedule } of scheduledJobs) {
      const id = newId('run', now, random.bytes(10))
      if (await insertRun(inside, { id, job, scheduledFor: lastDue(schedule, now), requestedBy: null, now }))
        await jobs.enqueue(inside, [{ name: workJob, payload: { runId: id } }])
    }
  }, isolation.changing)
}

async function endAbandoned(em: SqlEntityManager, now: Date): Promise<void> {
  await em.execute(
    `update job_runs set state = 'failed', ended_at = ?, error = 'For an hour, no process was heard of that did it.'
      where ended_at is null and coalesce(seen_at, created_at) < ?`,
    [now, new Date(now.getTime() - abandonedAfter)],
    'run',
  )
}
