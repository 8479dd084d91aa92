import { defineQuery } from '../kernel/action.ts'
import { uuidOf } from '../kernel/id.ts'
import { cutPage, openCursor } from '../kernel/page.ts'
import { grantedEverywhere } from '../kernel/rule.ts'
import { existingJob, selectRuns } from './repository.ts'
import { jobsSignatures } from './signatures.ts'

export const jobHistory = defineQuery(jobsSignatures.history, {
  allow: grantedEverywhere,
  async handle({ open, ports }, { limit, cursor, ...filters }) {
    const scope = { action: jobsSignatures.history.name, filters, viewer: 'everywhere' }
    const position = await openCursor(ports.cipher, scope, cursor)
    const { job, state, from } = filters
    const conditions: [string, ...unknown[]][] = []
    if (job !== undefined) conditions.push(['r.job = ?', job])
    if (state !== undefined) conditions.push(['r.state = ?', state])
    if (from !== undefined) conditions.push(['r.created_at >= ?', from])
    if (position !== null) conditions.push(['r.id < ?::uuid', uuidOf(String(position[0]))])
    const rows = await selectRuns(await open(), conditions, limit + 1)
    // Of a job that there is no more, the runs still tell.
    if (rows.length === 0 && job !== undefined) existingJob(job)
    const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf: ({ id }) => [id] })
    return { items: [...shown], nextCursor }
  },
})
