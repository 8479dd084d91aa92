import { defineCommand } from '../kernel/action.ts'
import { uuidOf } from '../kernel/id.ts'
import { grantedEverywhere } from '../kernel/rule.ts'
import { runOver } from './errors.ts'
import { existingRun, runType } from './repository.ts'
import { jobsSignatures } from './signatures.ts'

export const cancelRun = defineCommand(jobsSignatures.cancel, {
  allow: grantedEverywhere,
  async handle({ em, now, note }, { runId }) {
    const cancelled = await em.execute<unknown[]>(
      `update job_runs set is_cancelled = true, state = case state when 'queued' then 'cancelled' else state end,
          ended_at = case state when 'queued' then ?::timestamptz end
        where id = ?::uuid and ended_at is null returning 1`,
      [now, uuidOf(runId)],
    )
    const run = await existingRun(em, runId)
    if (cancelled.length === 0) throw runOver({ state: run.state })
    note({ target: { type: runType, id: runId }, changes: { job: run.job } })
    return run
  },
})
