import { systemActor } from '@denizen/core'
import { bothDatabases, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const day = 24 * 60 * 60 * 1000
const job = 'users.purgeArchived'

describe.each(bothDatabases)('users who were archived long ago, on %s', (database) => {
  const world = useWorld({ database, settings: { purgeArchivedDays: 60 } })

  test('are purged one by one; a preview counts them, and who has to be decided about stays', async () => {
    const boss = await world().asSuperadmin()
    const [old, owning, held] = [await world().signUp(), await world().signUp(), await world().signUp()]
    await owning.as.resources.register({ type: 'folder', name: 'Own' })
    for (const { user } of [old, owning, held]) await boss.as.users.archive({ userId: user.id })
    await boss.as.users.setLegalHold({ userId: held.user.id, legalHold: true })
    world().clock.advance(59 * day)
    const later = world().core.as(systemActor('test'))
    expect(await later.jobs.preview({ job })).toEqual({ job, deletes: { users: 0 } })
    expect(await world().runJob(job)).toEqual({})
    world().clock.advance(2 * day)
    const recent = await world().newUser()
    await later.users.archive({ userId: recent.id })
    expect(await later.jobs.preview({ job })).toEqual({ job, deletes: { users: 2 } })
    expect(await world().runJob(job)).toEqual({ users: 1, skipped: 1 })
    const left = await world().rows<{ username: string }>(`select username from users where status = 'archived'`)
    expect(new Set(left.map(({ username }) => username))).toEqual(new Set([owning.user, held.user, recent].map(({ username }) => username)))
    expect(await world().rows(`select actor_kind, outcome from audit_entries where action = 'users.purge' order by outcome`)).toMatchObject(
      [{ actor_kind: 'system' }, { actor_kind: 'system', outcome: 'succeeded' }],
    )
  })
})

describe('where nothing is set', () => {
  const world = useWorld()

  test('nobody is purged by time', async () => {
    const user = await world().newUser()
    await world().asSystem().users.archive({ userId: user.id })
    world().clock.advance(4000 * day)
    expect(await world().asSystem().jobs.preview({ job })).toEqual({ job, deletes: { users: 0 } })
    expect(await world().runJob(job)).toEqual({})
    expect(await world().rows(`select 1 from users where status = 'archived'`)).toHaveLength(1)
  })
})
