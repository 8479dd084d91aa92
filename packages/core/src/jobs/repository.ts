import type { SqlEntityManager } from '@mikro-orm/sql'
import { arrayLiteral } from '../kernel/array-literal.ts'
import { notFound } from '../kernel/errors.ts'
import { idOf, uuidOf } from '../kernel/id.ts'
import type { JobRun, RunId, RunState } from './model.ts'
import type { ScheduledJob } from './scheduled-job.ts'
import { scheduledJobs } from './scheduled.ts'

/** The type in errors and audit entries. */
export const runType = 'run of a job'

/** The job of that name. Throws `request.notFound`. */
export function existingJob(name: string): ScheduledJob {
  const job = scheduledJobs.find((known) => known.name === name)
  if (job === undefined) throw notFound({ type: 'job' })
  return job
}

interface Row {
  readonly id: string
  readonly job: string
  readonly state: RunState
  readonly scheduled_for: number | null
  readonly requested_by: string | null
  readonly username: string | null
  readonly is_cancelled: boolean
  readonly attempts: number
  readonly did: Readonly<Record<string, number>>
  readonly error: string | null
  readonly created_at: number
  readonly started_at: number | null
  readonly ended_at: number | null
}

type Condition = readonly [condition: string, ...parameters: unknown[]]

/** The runs for which all conditions hold (of `job_runs r`), newest first. */
export async function selectRuns(em: SqlEntityManager, conditions: readonly Condition[], limit: number): Promise<JobRun[]> {
  const milliseconds = (column: string) => `(extract(epoch from r.${column}) * 1000)::float8 as ${column}`
  const rows = await em.execute<Row[]>(
    `select r.id::text, r.job, r.state, r.requested_by::text, u.username, r.is_cancelled, r.attempts, r.did, r.error,
        ${['scheduled_for', 'created_at', 'started_at', 'ended_at'].map(milliseconds).join(', ')}
      from job_runs r left join users u on u.id = r.requested_by
      where ${['true', ...conditions.map(([condition]) => condition)].join(' and ')} order by r.id desc limit ?`,
    [...conditions.flatMap(([, ...parameters]) => parameters), limit],
  )
  return rows.map(runOf)
}

export async function existingRun(em: SqlEntityManager, id: RunId): Promise<JobRun> {
  const [run] = await selectRuns(em, [['r.id = ?::uuid', uuidOf(id)]], 1)
  if (run === undefined) throw notFound({ type: runType })
  return run
}

/** The run of a job that is not over. */
export async function openRun(em: SqlEntityManager, job: string): Promise<JobRun | null> {
  const [run] = await selectRuns(em, [['r.job = ?', job], ['r.ended_at is null']], 1)
  return run ?? null
}

/** Of each job, the run that is not over and the last one that is, where there is one. */
export async function latestRuns(em: SqlEntityManager, jobs: readonly string[]): Promise<JobRun[]> {
  const latest = `r.id in (select distinct on (job, ended_at is null) id from job_runs where job = any(?::text[]) order by job, ended_at is null, id desc)`
  return selectRuns(em, [[latest, arrayLiteral(jobs)]], 2 * jobs.length)
}

interface NewRun {
  readonly id: RunId
  readonly job: string
  readonly scheduledFor: Date | null
  readonly requestedBy: string | null
  readonly now: Date
}

/** Adds a run that waits. false: the job has one that is not over, or had one for that time. */
export async function insertRun(em: SqlEntityManager, { id, job, scheduledFor, requestedBy, now }: NewRun): Promise<boolean> {
  const added = await em.execute<unknown[]>(
    `insert into job_runs (id, job, state, scheduled_for, requested_by, created_at) values (?::uuid, ?, 'queued', ?, ?::uuid, ?)
      on conflict do nothing returning 1`,
    [uuidOf(id), job, scheduledFor, requestedBy, now],
  )
  return added.length > 0
}

function runOf(row: Row): JobRun {
  const time = (value: number | null) => (value === null ? null : new Date(value))
  const { requested_by: requestedBy, username } = row
  return {
    id: idOf('run', row.id),
    job: row.job,
    state: row.state,
    scheduledFor: time(row.scheduled_for),
    requestedBy: requestedBy === null ? null : { id: idOf('usr', requestedBy), username: username ?? '' },
    isCancelled: row.is_cancelled,
    attempts: row.attempts,
    did: row.did,
    error: row.error,
    createdAt: new Date(row.created_at),
    startedAt: time(row.started_at),
    endedAt: time(row.ended_at),
  }
}
