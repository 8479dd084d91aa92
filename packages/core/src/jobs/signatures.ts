import { z } from 'zod'
import { instant } from '../kernel/instant.ts'
import { runId } from '../kernel/ids.ts'
import { pageInput, pageOf } from '../kernel/page.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { runOver } from './errors.ts'
import { Job, jobName, JobPreview, JobRun, runState } from './model.ts'

/** The actions of `jobs`. */
export const jobsSignatures = group('jobs', {
  list: reads({
    summary: 'List the jobs that run by themselves, when they are due, and how they last ended',
    input: z.strictObject({}),
    output: z.object({ jobs: z.array(Job) }),
  }),
  get: reads({
    summary: 'Show a job, when it is due, and how it last ended',
    input: z.strictObject({ job: jobName }),
    output: Job,
  }),
  preview: reads({
    summary: 'Count what a job would delete now',
    input: z.strictObject({ job: jobName }),
    output: JobPreview,
  }),
  run: changes({
    summary: 'Run a job now, or answer the run that already waits or is going on',
    input: z.strictObject({ job: jobName }),
    output: z.object({ run: JobRun, isNew: z.boolean().meta({ description: 'false: that run was there before' }) }),
  }),
  cancel: changes({
    summary: 'Cancel a run of a job; what it has done stays done',
    errors: [runOver],
    input: z.strictObject({ runId }),
    output: JobRun,
  }),
  history: reads({
    summary: 'List the runs of jobs, newest first',
    input: z.strictObject({
      ...pageInput,
      job: jobName.optional(),
      state: runState.optional(),
      from: instant.optional().meta({ description: 'not before, for example 2026-11-21T08:00:00Z' }),
    }),
    output: pageOf(JobRun),
  }),
})
