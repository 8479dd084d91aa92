import { z } from 'zod'
import type { Id } from '../kernel/id.ts'
import { runId, userId } from '../kernel/ids.ts'

export type RunId = Id<'run'>

/** queued: it waits for a process that works, or for its next attempt. */
export const runState = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled'])
export type RunState = z.infer<typeof runState>

/** The name of a job, as `jobs.list` tells it. */
export const jobName = z.string().min(1).max(100).meta({ description: 'the name of a job, as `jobs.list` shows it' })

const counts = z.record(z.string(), z.int())

/** A run of a job. */
export const JobRun = z.object({
  id: runId,
  job: z.string(),
  state: runState,
  scheduledFor: z.date().nullable().meta({ description: 'when it was due; null: somebody asked for it' }),
  requestedBy: z.object({ id: userId, username: z.string() }).nullable(),
  isCancelled: z.boolean().meta({ description: 'somebody has cancelled it; one that is going on ends after its next step' }),
  attempts: z.int().meta({ description: 'how often it was begun' }),
  did: counts.meta({ description: 'what it has done so far: rows deleted, by table' }),
  error: z.string().nullable().meta({ description: 'why it failed the last time' }),
  createdAt: z.date(),
  startedAt: z.date().nullable(),
  endedAt: z.date().nullable(),
})
export type JobRun = z.infer<typeof JobRun>

/** Background work that runs by itself. */
export const Job = z.object({
  name: z.string(),
  summary: z.string(),
  schedule: z.string().meta({ description: 'how often it runs, in words' }),
  deletes: z.boolean().meta({ description: '`jobs.preview` tells how much' }),
  nextAt: z.date().meta({ description: 'when it is due next' }),
  open: JobRun.nullable().meta({ description: 'the run that waits or is going on' }),
  last: JobRun.nullable().meta({ description: 'the last run that is over' }),
})
export type Job = z.infer<typeof Job>

/** What a job would do now. */
export const JobPreview = z.object({
  job: z.string(),
  deletes: counts.nullable().meta({ description: 'rows that it would delete, by table; null: it deletes nothing' }),
})
