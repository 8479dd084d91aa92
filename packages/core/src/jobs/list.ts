import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineQuery } from '../kernel/action.ts'
import { grantedEverywhere } from '../kernel/rule.ts'
import type { Job } from './model.ts'
import { existingJob, openRun, selectRuns } from './repository.ts'
import { nextDue, scheduleInWords } from './schedule.ts'
import type { ScheduledJob } from './scheduled-job.ts'
import { scheduledJobs } from './scheduled.ts'
import { jobsSignatures } from './signatures.ts'

export const listJobs = defineQuery(jobsSignatures.list, {
  allow: grantedEverywhere,
  async handle({ open, now }) {
    const em = await open()
    const jobs: Job[] = []
    for (const job of scheduledJobs) jobs.push(await shownJob(em, job, now))
    return { jobs }
  },
})

export const getJob = defineQuery(jobsSignatures.get, {
  allow: grantedEverywhere,
  async handle({ open, now }, { job }) {
    return shownJob(await open(), existingJob(job), now)
  },
})

export const previewJob = defineQuery(jobsSignatures.preview, {
  allow: grantedEverywhere,
  async handle({ open, now }, { job }) {
    const { count } = existingJob(job)
    return { job, deletes: count === undefined ? null : await count(await open(), now) }
  },
})

async function shownJob(em: SqlEntityManager, { name, summary, schedule, count }: ScheduledJob, now: Date): Promise<Job> {
  const [last] = await selectRuns(em, [['r.job = ?', name], ['r.ended_at is not null']], 1)
  return {
    name,
    summary,
    schedule: scheduleInWords(schedule),
    deletes: count !== undefined,
    nextAt: nextDue(schedule, now),
    open: await openRun(em, name),
    last: last ?? null,
  }
}
