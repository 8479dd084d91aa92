import { defineCommand } from '../kernel/action.ts'
import { uuidOf } from '../kernel/id.ts'
import { grantedEverywhere } from '../kernel/rule.ts'
import { existingJob, insertRun, openRun, runType } from './repository.ts'
import { jobsSignatures } from './signatures.ts'
import { workJob } from './work.ts'

export const runJob = defineCommand(jobsSignatures.run, {
  allow: grantedEverywhere,
  async handle(context, { job: name }) {
    const { em, now, actor } = context
    const { name: job } = existingJob(name)
    const id = context.newId('run')
    const requestedBy = actor.kind === 'user' ? uuidOf(actor.principal.userId) : null
    const add = () => insertRun(em, { id, job, scheduledFor: null, requestedBy, now })
    let [isNew, open] = [await add(), await openRun(em, job)]
    // The one that was in the way has ended between the two statements.
    while (open === null) [isNew, open] = [await add(), await openRun(em, job)]
    if (isNew) context.enqueue({ name: workJob, payload: { runId: id } })
    context.note({ target: { type: runType, id: open.id }, changes: { job, isNew } })
    return { run: open, isNew }
  },
})
