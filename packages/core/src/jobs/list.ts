import { defineQuery } from '../kernel/action.ts'
import { grantedEverywhere } from '../kernel/rule.ts'
import type { Job, JobRun } from './model.ts'
import { existingJob, latestRuns } from './repository.ts'
import { nextDue, scheduleInWords } from './schedule.ts'
import type { ScheduledJob } from './scheduled-job.ts'
import { scheduledJobs } from './scheduled.ts'
import { jobsSignatures } from './signatures.ts'

export const listJobs = defineQuery(jobsSignatures.list, {
  allow: grantedEverywhere,
  async handle({ open, now }) {
    const names = scheduledJobs.map(({ name }) => name)
    const runs = await latestRuns(await open(), names)
    return { jobs: scheduledJobs.map((job) => shownJob(job, runs, now)) }
  },
})

export const getJob = defineQuery(jobsSignatures.get, {
  allow: grantedEverywhere,
  async handle({ open, now }, { job: name }) {
    const job = existingJob(name)
    return shownJob(job, await latestRuns(await open(), [name]), now)
  },
})

export const previewJob = defineQuery(jobsSignatures.preview, {
  allow: grantedEverywhere,
  async handle({ open, now, settings }, { job }) {
    const { count } = existingJob(job)
    return { job, deletes: count === undefined ? null : await count({ em: await open(), now, settings }) }
  },
})

function shownJob({ name, summary, schedule, count }: ScheduledJob, runs: readonly JobRun[], now: Date): Job {
  const ofJob = runs.filter((run) => run.job === name)
  return {
    name,
    summary,
    schedule: scheduleInWords(schedule),
    deletes: count !== undefined,
    nextAt: nextDue(schedule, now),
    open: ofJob.find(({ endedAt }) => endedAt === null) ?? null,
    last: ofJob.find(({ endedAt }) => endedAt !== null) ?? null,
  }
}
