import { uuidOf, type User } from '@denizen/core'
import { databases, useWorld, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { eventually } from '../../../../../tests/deadlines.ts'

type UserId = User['id']

/** So many users who have a description in common, and nothing else; in order of id. */
async function alike(world: World, count: number, more: { organizationId?: Awaited<ReturnType<World['newOrganization']>> } = {}) {
  const tag = `tag-${crypto.randomUUID().slice(0, 8)}`
  const ids: UserId[] = []
  for (let made = 0; made < count; made += 1000) {
    const users = Array.from({ length: Math.min(1000, count - made) }, (_, index) => ({
      username: `${tag}-${made + index}`,
      locale: tag.slice(0, 3),
    }))
    ids.push(...(await world.asSystem().users.bulkCreate({ ...more, users })).succeeded.map(({ userId }) => userId))
  }
  return { tag, filter: { username: { startsWith: tag } }, ids: ids.toSorted() }
}

const inOrder = (ids: readonly UserId[]) => ids.map((userId, index) => ({ index, userId }))

describe.each(databases)('a bulk change by filter on %s', (database) => {
  const world = useWorld({ database })

  test('is of those whom users.list would list, in order of id, and of nobody else; and is planned', async () => {
    const { filter, ids } = await alike(world(), 5)
    const [first = 'usr_', ...others] = ids
    await world().asSystem().users.setStatus({ userId: first, status: 'suspended' })
    const input = { filter: { ...filter, status: 'active' }, patch: { timezone: 'Europe/Zurich' } } as const
    const plan = await world().asSystem().users.bulkUpdate.plan(input)
    expect(plan).toMatchObject({ rows: { users: { updated: 4 } }, failed: [] })
    expect(await world().asSystem().users.bulkUpdate(input)).toEqual({ succeeded: inOrder(others), failed: [] })
    const { items } = await world()
      .asSystem()
      .users.list({ where: { timezone: 'Europe/Zurich' } })
    expect(items.map(({ id }) => id).toSorted()).toEqual(others)
    const archived = await world()
      .asSystem()
      .users.bulkArchive({ filter: { or: [filter, { id: first }] } })
    expect(archived.succeeded).toEqual(inOrder(ids))
    expect(
      await world()
        .asSystem()
        .users.bulkArchive({ filter: { ...filter, status: 'active' } }),
    ).toEqual({
      succeeded: [],
      failed: [],
      sessionsEnded: 0,
      tokensEnded: 0,
    })
  })

  test('in an organization reaches nobody whom it does not manage, whatever the filter says', async () => {
    const [mine, theirs] = [await world().newOrganization(), await world().newOrganization()]
    const admin = await world().asMember(mine, 'admin')
    const managed = await alike(world(), 2, { organizationId: mine })
    const [foreign, homeless] = [await alike(world(), 2, { organizationId: theirs }), await alike(world(), 1)]
    const everybody = { or: [{ not: { id: admin.user.id } }, { id: [...foreign.ids, ...homeless.ids] }] }
    const { succeeded, failed } = await admin.as.users.bulkArchive({ organizationId: mine, filter: everybody })
    expect(succeeded).toEqual(inOrder(managed.ids))
    expect(failed).toEqual([])
    const left = await world().rows(`select 1 from users where id = any(?::uuid[]) and status = 'active'`, [
      `{${[...foreign.ids, ...homeless.ids].map(uuidOf).join(',')}}`,
    ])
    expect(left).toHaveLength(3)
  })

  test('tells an organization’s admin no more than users.list: nothing of roles, nor of members elsewhere', async () => {
    const [mine, theirs] = [await world().newOrganization(), await world().newOrganization()]
    const admin = await world().asMember(mine, 'admin')
    for (const filter of [
      { role: 'superadmin' },
      { not: { role: 'superadmin' } },
      { memberOf: theirs },
      { and: [{ not: { memberOf: theirs } }] },
    ]) {
      const listed: unknown = await admin.as.users.list({ organizationId: mine, where: filter }).catch((error: unknown) => error)
      expect(listed).toMatchObject({ kind: expect.stringMatching(/denied|notFound/) as string })
      const { code } = listed as { code: string }
      await expect(admin.as.users.bulkArchive({ organizationId: mine, filter })).rejects.toMatchObject({ code })
      await expect(admin.as.users.bulkUpdate({ organizationId: mine, filter, patch: { locale: 'de' } })).rejects.toMatchObject({ code })
    }
  })
})

describe('a bulk change by filter', () => {
  const world = useWorld()

  test('of more than 1000 users is refused with their number, and changes nobody', async () => {
    const { filter, ids } = await alike(world(), 1001)
    const refused = {
      code: 'users.tooMany',
      kind: 'invalid',
      details: { count: 1001, most: 1000 },
      message: expect.stringContaining('1001') as string,
    }
    await expect(world().asSystem().users.bulkArchive({ filter })).rejects.toMatchObject(refused)
    await expect(world().asSystem().users.bulkArchive.plan({ filter })).rejects.toMatchObject(refused)
    await expect(
      world()
        .asSystem()
        .users.bulkUpdate({ filter, patch: { locale: 'de' } }),
    ).rejects.toMatchObject(refused)
    expect(
      await world().rows('select distinct status, version from users where id = any(?::uuid[])', [`{${ids.map(uuidOf).join(',')}}`]),
    ).toEqual([{ status: 'active', version: 1 }])
    const but = { ...filter, not: { id: ids[0] ?? 'usr_' } }
    expect(
      (
        await world()
          .asSystem()
          .users.bulkUpdate({ filter: but, patch: { locale: 'de' } })
      ).succeeded,
    ).toEqual(inOrder(ids.slice(1)))
  })

  test('leaves out whom the filter finds and does not fit any more once they are locked', async () => {
    const { filter, ids } = await alike(world(), 3)
    const [first = 'usr_', second = 'usr_', third = 'usr_'] = ids
    const rival = await world().connect()
    await rival.query('begin')
    await rival.query(`update users set status = 'suspended' where id = $1`, [uuidOf(second)])
    const answer = world()
      .asSystem()
      .users.bulkUpdate({ filter: { ...filter, status: 'active' }, patch: { description: 'was active' } })
    const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
    await eventually(20_000, 'a change that waits', async () => (await world().rows(waiting)).length === 1)
    await rival.query('commit')
    expect(await answer).toEqual({ succeeded: inOrder([first, third]), failed: [] })
    const described = await world().rows(`select 1 from users where description = 'was active'`)
    expect(described).toHaveLength(2)
  })
})
