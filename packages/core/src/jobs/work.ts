import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf } from '../kernel/id.ts'
import type { JobContext, JobHandler } from '../kernel/job.ts'
import { cleanLine } from '../text/index.ts'
import type { RunId, RunState } from './model.ts'
import { existingJob } from './repository.ts'
import type { Counts } from './scheduled-job.ts'

/** The name under which runs are queued. */
export const workJob = 'jobs.work'

/** A run that has failed so often is over. The queue tries again after an error as often, with growing pauses. */
const mostAttempts = 6

/** Milliseconds between two signs of life. */
const beat = 60_000

/** Thrown by a step of a run that somebody has cancelled. */
class Cancelled extends Error {
  override readonly name = 'Cancelled'
}

/** Does a run. One that was killed in the middle is begun again; one that is over, or was cancelled, is left alone. */
export const workRun: JobHandler = {
  name: workJob,
  async run(context, payload) {
    const id = payload['runId'] as RunId
    const begun = await begin(context, id)
    if (begun === null) return
    const heart = setInterval(() => void seen(context, id).catch(() => {}), beat)
    try {
      await existingJob(begun.job).run({ ...context, did: (counts) => addTo(context, id, counts) })
      await end(context, id, { state: 'succeeded', error: null })
    } catch (error) {
      await ended(context, { id, ...begun }, error)
    } finally {
      clearInterval(heart)
    }
  },
}

interface Begun {
  readonly job: string
  readonly attempts: number
}

/** null: there is nothing to do. */
async function begin({ em, ports }: JobContext, id: RunId): Promise<Begun | null> {
  const now = ports.clock.now()
  const [begun] = await em.execute<Begun[]>(
    `update job_runs set state = 'running', started_at = coalesce(started_at, ?), seen_at = ?, attempts = attempts + 1
      where id = ?::uuid and ended_at is null and not is_cancelled returning job, attempts`,
    [now, now, uuidOf(id)],
  )
  if (begun !== undefined) return begun
  // It was cancelled while a process did it that is no more.
  await em.execute(
    `update job_runs set state = 'cancelled', ended_at = ? where id = ?::uuid and ended_at is null`,
    [now, uuidOf(id)],
    'run',
  )
  return null
}

/** What became of a run whose work threw. Throws on, for the queue to try again, unless it is over. */
async function ended(context: JobContext, { id, job, attempts }: Begun & { readonly id: RunId }, error: unknown): Promise<void> {
  if (error instanceof Cancelled) return end(context, id, { state: 'cancelled', error: null })
  const reason = cleanLine(error instanceof Error ? error.message : String(error)).slice(0, 500)
  const isOver = attempts >= mostAttempts
  await end(context, id, { state: isOver ? 'failed' : 'queued', error: reason })
  if (!isOver) throw error
  context.ports.logger.error('A job failed so often that its run is over.', { job, attempts, error })
}

/** Writes how a run has ended, or that it waits for its next attempt. */
async function end({ em, ports }: JobContext, id: RunId, { state, error }: { state: RunState; error: string | null }): Promise<void> {
  await em.execute(
    'update job_runs set state = ?, error = coalesce(?, error), ended_at = ? where id = ?::uuid and ended_at is null',
    [state, error, state === 'queued' ? null : ports.clock.now(), uuidOf(id)],
    'run',
  )
}

async function seen({ em, ports }: JobContext, id: RunId): Promise<void> {
  await em.fork().execute('update job_runs set seen_at = ? where id = ?::uuid', [ports.clock.now(), uuidOf(id)], 'run')
}

async function addTo({ em, ports }: { em: SqlEntityManager; ports: JobContext['ports'] }, id: RunId, counts: Counts): Promise<void> {
  const [run] = await em.execute<{ cancelled: boolean }[]>(
    `update job_runs set seen_at = ?, did = did || (
        select coalesce(jsonb_object_agg(key, coalesce((did ->> key)::bigint, 0) + value::text::bigint), '{}') from jsonb_each(?::jsonb))
      where id = ?::uuid returning is_cancelled as cancelled`,
    [ports.clock.now(), JSON.stringify(counts), uuidOf(id)],
  )
  if (run?.cancelled !== false) throw new Cancelled('the run was cancelled')
}
