import type { Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { uuidOf } from '../../kernel/id.ts'

describe.each(databases)('comparing two times, on %s', (database) => {
  const world = useWorld({ database })
  let organizationId: Id<'org'>
  let owner: SignedInUser | undefined
  const boss = () => {
    if (owner === undefined) throw new Error('there is one from beforeAll on')
    return owner
  }
  const tick = () => {
    const before = world().clock.now()
    world().clock.advance(60_000)
    return before
  }

  beforeAll(async () => {
    organizationId = await world().newOrganization()
    owner = await world().asMember(organizationId, 'owner')
  })

  test('what somebody gained and lost, and everything that happened in between', async () => {
    const ada = await world().newUser()
    await world().asSystem().organizations.addMember({ organizationId, userId: ada.id })
    const { id: teamId } = await boss().as.teams.create({ organizationId, name: 'Blue' })
    const [reader, writer] = [
      await world().access.newRole({ organizationId, name: 'reader', permissions: ['paper.read'] }),
      await world().access.newRole({ organizationId, name: 'writer' }),
    ]
    const old = await world().access.give({ userId: ada.id, permission: 'letter.read', on: { organizationId } })
    await world().access.give({ teamId, roleId: writer, on: { organizationId } })
    const from = tick()
    await boss().as.teams.addMember({ teamId, userId: ada.id })
    tick()
    await world().rows(
      `insert into role_inclusions (role_id, role_home, included_id, included_home, added_at)
        select r.id, r.home, i.id, i.home, ?::timestamptz from roles r, roles i where r.id = ? and i.id = ?`,
      [world().clock.now(), uuidOf(writer), uuidOf(reader)],
    )
    tick()
    await world().rows('insert into role_permissions (role_id, permission, granted_at) values (?, ?, ?)', [
      uuidOf(writer),
      'paper.write',
      world().clock.now(),
    ])
    tick()
    await world().rows('update role_assignments set revoked_at = ? where id = ?', [world().clock.now(), uuidOf(old)])
    tick()
    await boss().as.organizations.updateMember({ organizationId, userId: ada.id, role: 'admin' })
    tick()
    await world().asSystem().users.setStatus({ userId: ada.id, status: 'inactive' })
    await world().asSystem().users.setStatus({ userId: ada.id, status: 'active' })
    const { items, changes, complete } = await boss().as.access.compare({ from, userId: ada.id, on: { organizationId } })
    expect(complete).toBe(true)
    expect(changes.map(({ what, text }) => [what, text])).toEqual([
      ['seat', `${ada.username} joined the team Blue`],
      ['roleIncluded', 'the role writer now includes reader'],
      ['roleGained', 'the role writer gained paper.write'],
      ['revoked', expect.stringContaining(`letter.read of ${ada.username} on the organization`)],
      ['membership', expect.stringContaining(`${ada.username} went from member`)],
      // Inactive and active again within one instant: nothing that could be told apart, but that it happened.
      ['userStatus', `${ada.username} went from active to active`],
    ])
    expect(items).toHaveLength(1)
    // An administrator has all of the application's, and with them paper.read: the group says it.
    expect(items[0]?.gained).toEqual(expect.arrayContaining(['application', 'teams.create']))
    expect(items[0]?.lost).toEqual([])
    expect(items[0]?.gained).not.toContain('teams.list')
  })

  test('everybody of an organization, by pages, and of one permission only who gained or lost it', async () => {
    const here = await world().newOrganization()
    const [left, came, same] = [await world().newUser(), await world().newUser(), await world().newUser()]
    for (const user of [left, same]) await world().asSystem().organizations.addMember({ organizationId: here, userId: user.id })
    const insider = await world().asMember(here, 'owner')
    const from = tick()
    await insider.as.organizations.removeMember({ organizationId: here, userId: left.id })
    await world().asSystem().organizations.addMember({ organizationId: here, userId: came.id })
    await world().access.give({ userId: came.id, permission: 'paper.read', on: { organizationId: here } })
    const to = tick()
    const found = new Map<string, { gained: readonly string[]; lost: readonly string[] }>()
    // Until now, which moves on from page to page.
    for await (const { userId, gained, lost } of insider.as.access.compare({ from, on: { organizationId: here }, limit: 1 })) {
      found.set(userId, { gained, lost })
      tick()
    }
    expect([...found.keys()].toSorted()).toEqual([left.id, came.id].toSorted())
    expect(found.get(left.id)?.lost).toContain('teams.list')
    expect(found.get(came.id)).toMatchObject({ gained: expect.arrayContaining(['paper.read', 'teams.list']) as unknown, lost: [] })
    const one = await insider.as.access.compare({ from, to, permission: 'paper.read', on: { organizationId: here } })
    expect(one.items.map(({ userId, gained }) => [userId, gained])).toEqual([[came.id, ['paper.read']]])
    expect(one.changes.map(({ what }) => what).toSorted()).toEqual(['given', 'membership', 'membership'])
  })

  test('a group that becomes a single permission loses the rest, and gains nothing', async () => {
    const ada = await world().newUser()
    await world().join(organizationId, ada)
    const wide = await world().access.give({ userId: ada.id, permission: 'paper.*', on: { organizationId } })
    const from = tick()
    await world().rows('update role_assignments set revoked_at = ? where id = ?', [world().clock.now(), uuidOf(wide)])
    await world().access.give({ userId: ada.id, permission: 'paper.read', on: { organizationId } })
    const { items } = await boss().as.access.compare({ from, to: world().clock.now(), userId: ada.id, on: { organizationId } })
    expect(items).toMatchObject([{ gained: [], lost: ['paper.*'] }])
  })

  test('an organization learns nothing of what its members are and have elsewhere', async () => {
    const ada = await world().newUser()
    await world().join(organizationId, ada)
    const elsewhere = await world().newOrganization()
    const from = tick()
    await world().asSystem().organizations.addMember({ organizationId: elsewhere, userId: ada.id, role: 'admin' })
    await world().access.give({ userId: ada.id, permission: 'paper.read', on: { organizationId: elsewhere } })
    await world().access.give({ userId: ada.id, permission: 'users.get' })
    const { changes } = await boss().as.access.compare({ from, to: world().clock.now(), userId: ada.id, on: { organizationId } })
    expect(changes).toEqual([])
    const own = await (await world().signIn(ada)).as.access.compare({ from, to: world().clock.now() })
    expect(own.changes.map(({ what }) => what).toSorted()).toEqual(['given', 'given', 'membership'])
    await expect(boss().as.access.compare({ from, userId: ada.id, on: { organizationId: elsewhere } })).rejects.toMatchObject({
      code: 'request.notFound',
    })
    await expect(boss().as.access.compare({ from: world().clock.now(), to: from, on: { organizationId } })).rejects.toMatchObject({
      code: 'request.invalid',
    })
  })
})
