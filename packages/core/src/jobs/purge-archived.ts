import { DenizenError } from '../kernel/errors.ts'
import { idOf } from '../kernel/id.ts'
import type { Settings } from '../kernel/settings.ts'
import { personalDataSignatures } from '../personal-data/index.ts'
import type { Counts, JobScope, RunContext } from './scheduled-job.ts'

const day = 24 * 60 * 60 * 1000

/** Users of one look. Each is purged in a transaction of its own, and the run can be cancelled after each. */
const batch = 100

const due = 'archived_at < ? and not legal_hold'

/** Since when a user has to be archived; null: nobody is purged by time. Who can still be restored is not purged. */
function longest({ purgeArchivedDays, restoreDays }: Settings, now: Date): Date | null {
  return purgeArchivedDays === null ? null : new Date(now.getTime() - Math.max(purgeArchivedDays, restoreDays) * day)
}

/** How many would be purged. Some of them may own what somebody has to decide about: these are left out in the run. */
export async function countArchived({ em, now, settings }: JobScope): Promise<Counts> {
  const before = longest(settings, now)
  if (before === null) return { users: 0 }
  const [row] = await em.execute<[{ count: number }]>(`select count(*)::int as count from users where ${due}`, [before])
  return { users: row.count }
}

/** Purges them one by one. Who is the only owner of an organization, or owns things outside of them, stays, and is told in the log. */
export async function purgeArchived({ em, now, settings, ports, did, call }: RunContext): Promise<void> {
  const before = longest(settings, now)
  if (before === null) return
  let after = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const rows = await em.execute<{ id: string }[]>(
      `select id::text as id from users where ${due} and id > ?::uuid order by id limit ${batch}`,
      [before, after],
    )
    for (const { id } of rows) {
      const userId = idOf('usr', id)
      const code = await codeOf(call(personalDataSignatures.purge.name, { userId }))
      if (code !== null) ports.logger.warn('An archived user was not purged.', { userId, code })
      await did(code === null ? { users: 1 } : { skipped: 1 })
      after = id
    }
    if (rows.length < batch) return
  }
}

/** The code of what somebody has to decide, or that has changed meanwhile; null: it was done. */
async function codeOf(purging: Promise<unknown>): Promise<string | null> {
  try {
    await purging
    return null
  } catch (error) {
    if (error instanceof DenizenError && (error.kind === 'conflict' || error.kind === 'notFound')) return error.code
    throw error
  }
}
