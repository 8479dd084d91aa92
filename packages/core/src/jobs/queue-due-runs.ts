import type { SqlEntityManager } from '@mikro-orm/sql'
import { newId } from '../kernel/id.ts'
import { isolation } from '../kernel/isolation.ts'
import type { Ports } from '../ports/index.ts'
import { insertRun } from './repository.ts'
import { lastDue } from './schedule.ts'
import { scheduledJobs } from './scheduled.ts'
import { workJob } from './work.ts'

const hour = 60 * 60 * 1000
/** Milliseconds after which a run that was begun, and of which nothing was heard since, is over: whoever did it was killed again and again. */
const silentFor = hour
/** The same for one that was never begun: its place in the queue is lost, as after a restore. While all servers are down, it waits. */
const waitingFor = 24 * hour

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
    `update job_runs set state = 'failed', ended_at = ?, error = case when seen_at is null
        then 'For a day, no process has begun it.' else 'For an hour, no process was heard of that did it.' end
      where ended_at is null and (seen_at < ? or (seen_at is null and created_at < ?))`,
    [now, new Date(now.getTime() - silentFor), new Date(now.getTime() - waitingFor)],
    'run',
  )
}
