import type { Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { uuidOf } from '../../kernel/id.ts'

const notThere = { code: 'request.notFound', details: { type: 'user or place' } }
const minute = 60_000

describe.each(databases)('access at a time, on %s', (database) => {
  const world = useWorld({ database })
  let organizationId: Id<'org'>
  let owner: SignedInUser | undefined
  const boss = () => {
    if (owner === undefined) throw new Error('there is one from beforeAll on')
    return owner
  }
  const tick = () => {
    const before = world().clock.now()
    world().clock.advance(minute)
    return before
  }

  beforeAll(async () => {
    organizationId = await world().newOrganization()
    owner = await world().asMember(organizationId, 'owner')
  })

  const newMember = async () => {
    const user = await world().newUser()
    await world().join(organizationId, user)
    return user
  }
  const revoke = (id: Id<'asg'>) =>
    world().rows('update role_assignments set revoked_at = ? where id = ?', [world().clock.now(), uuidOf(id)])
  const could = async (times: readonly Date[], userId: Id<'usr'>, permission = 'paper.read') =>
    Promise.all(times.map(async (time) => (await boss().as.access.at({ time, userId, permission, on: { organizationId } })).allowed))

  test('assignments count from when they were given, and while they were valid, until they were revoked', async () => {
    const ada = await newMember()
    const times = [tick()]
    const later = (minutes: number) => new Date(world().clock.now().getTime() + minutes * minute)
    // Given now, to begin in three minutes and to end two later.
    await world().access.give({
      userId: ada.id,
      permission: 'paper.read',
      on: { organizationId },
      validFrom: later(3),
      validUntil: later(5),
    })
    times.push(later(0), later(2.999), later(3), later(4.999), later(5))
    expect(await could(times, ada.id)).toEqual([false, false, false, true, true, false])
    const bob = await newMember()
    const granted = tick()
    const id = await world().access.give({ userId: bob.id, permission: 'paper.read', on: { organizationId }, validFrom: new Date(0) })
    const during = tick()
    await revoke(id)
    // What was said to count earlier than it was given did not, for nobody had given it.
    expect(await could([granted, during, world().clock.now(), later(9)], bob.id)).toEqual([false, true, false, false])
  })

  test('what roles allowed and included then counts, also of one that was deleted since', async () => {
    const ada = await newMember()
    const reader = await world().access.newRole({ organizationId, permissions: ['paper.read'] })
    const editor = await world().access.newRole({ organizationId })
    await world().access.give({ userId: ada.id, roleId: editor, on: { organizationId } })
    const times = [tick()]
    await world().rows(
      `insert into role_inclusions (role_id, role_home, included_id, included_home, added_at)
        select r.id, r.home, i.id, i.home, ?::timestamptz from roles r, roles i where r.id = ? and i.id = ?`,
      [world().clock.now(), uuidOf(editor), uuidOf(reader)],
    )
    times.push(tick())
    await world().rows('update role_permissions set revoked_at = ? where role_id = ?', [world().clock.now(), uuidOf(reader)])
    times.push(tick())
    await world().rows('insert into role_permissions (role_id, permission, granted_at) values (?, ?, ?)', [
      uuidOf(reader),
      'paper.*',
      world().clock.now(),
    ])
    times.push(tick())
    await world().rows('update roles set deleted_at = ? where id = ?', [world().clock.now(), uuidOf(reader)])
    times.push(tick())
    expect(await could(times, ada.id)).toEqual([false, true, false, true, false])
  })

  test('a user as they were: memberships, teams, assignments and what they could do there', async () => {
    const ada = await newMember()
    const { id: teamId } = await boss().as.teams.create({ organizationId, name: `Team ${ada.username}` })
    await boss().as.teams.addMember({ teamId, userId: ada.id })
    const role = await world().access.newRole({ organizationId, name: `role ${ada.username}`, permissions: ['paper.*'] })
    await world().access.give({ teamId, roleId: role, on: { organizationId } })
    await world().access.give({ userId: ada.id, permission: 'letter.read', on: { organizationId }, condition: { assurance: 'aal2' } })
    const time = tick()
    await boss().as.organizations.removeMember({ organizationId, userId: ada.id })
    const { user, allowed, items } = await boss().as.access.at({ time, userId: ada.id, on: { organizationId } })
    expect({ allowed, items }).toEqual({ allowed: null, items: [] })
    expect(user).toMatchObject({
      userId: ada.id,
      status: 'active',
      memberships: [{ organization: { id: organizationId }, role: 'member' }],
      teams: [{ teamId }],
      assignments: expect.arrayContaining([
        expect.objectContaining({
          subject: { kind: 'team', id: teamId, name: `Team ${ada.username}` },
          role: { id: role, name: `role ${ada.username}` },
          counted: true,
        }),
        expect.objectContaining({ permission: 'letter.read', counted: false, condition: { assurance: 'aal2' } }),
      ]) as unknown,
    })
    expect(user?.permissions).toEqual(expect.arrayContaining(['paper.*', 'teams.list']))
    expect(user?.permissions).not.toContain('letter.read')
  })

  test('who could: owners, members, assigned and whoever sat in a team, by pages', async () => {
    const here = await world().newOrganization()
    const [byRole, byTeam, never, gone] = [
      await world().newUser(),
      await world().newUser(),
      await world().newUser(),
      await world().newUser(),
    ]
    for (const user of [byRole, byTeam, never, gone]) await world().join(here, user)
    const { id: teamId } = await world().asSystem().teams.create({ organizationId: here, name: 'Blue' })
    await world().asSystem().teams.addMember({ teamId, userId: byTeam.id })
    await world().access.give({ teamId, permission: 'paper.*', on: { organizationId: here } })
    await world().access.give({ userId: byRole.id, permission: 'paper.read', on: { organizationId: here } })
    const id = await world().access.give({ userId: gone.id, permission: 'paper.read', on: { organizationId: here } })
    const time = tick()
    await revoke(id)
    await world().asSystem().teams.removeMember({ teamId, userId: byTeam.id })
    const ask = async (at: Date) => {
      const found: string[] = []
      for await (const { userId } of world()
        .asSystem()
        .access.at({ time: at, permission: 'paper.read', on: { organizationId: here }, limit: 1 }))
        found.push(userId)
      return found.toSorted()
    }
    expect(await ask(time)).toEqual([byRole.id, byTeam.id, gone.id].toSorted())
    expect(await ask(world().clock.now())).toEqual([byRole.id])
    // An organization is not told who runs the installation.
    const admin = await world().asSuperadmin()
    const insider = await world().asMember(here, 'owner')
    const seen = await insider.as.access.at({
      time: world().clock.now(),
      permission: 'paper.read',
      on: { organizationId: here },
      limit: 100,
    })
    expect(seen.items.map(({ userId }) => userId)).toContain(insider.user.id)
    expect(seen.items.map(({ userId }) => userId)).not.toContain(admin.user.id)
  })

  test('of its own past everybody may ask, of others who was granted it; what is elsewhere is not there', async () => {
    const member = await world().asMember(organizationId)
    const time = world().clock.now()
    expect((await member.as.access.at({ time, on: { organizationId } })).user?.userId).toBe(member.user.id)
    expect((await member.as.access.at({ time })).user?.permissions).toContain('organizations.create')
    const foreign = await world().asMember(await world().newOrganization(), 'owner')
    for (const [call, error] of [
      [() => member.as.access.at({ time, userId: boss().user.id, on: { organizationId } }), { code: 'request.denied' }],
      [() => member.as.access.at({ time, permission: 'teams.list', on: { organizationId } }), { code: 'request.denied' }],
      [() => foreign.as.access.at({ time, userId: boss().user.id, on: { organizationId } }), notThere],
      [() => foreign.as.access.at({ time, permission: 'teams.list', on: { organizationId } }), notThere],
      [() => foreign.as.access.at({ time, on: { organizationId } }), notThere],
      [() => boss().as.access.at({ time, userId: foreign.user.id, on: { organizationId } }), notThere],
      [() => boss().as.access.at({ time, userId: member.user.id }), notThere],
    ] as const)
      await expect(call()).rejects.toMatchObject(error)
  })

  test('a place that was not there yet, or not any more, allowed nothing', async () => {
    const before = tick()
    const resourceId = await world().access.newResource({ organizationId, ownerUserId: boss().user.id })
    const during = tick()
    await world().rows('update resources set deleted_at = ? where id = ?', [world().clock.now(), uuidOf(resourceId)])
    const after = tick()
    const seen = await Promise.all(
      [before, during, after].map(async (time) => {
        const { there, allowed } = await boss().as.access.at({ time, userId: boss().user.id, permission: 'paper.read', on: { resourceId } })
        return [there, allowed]
      }),
    )
    expect(seen).toEqual([
      [false, false],
      [true, true],
      [false, false],
    ])
  })

  test("an organization's set of roles that exclude each other counts there only, then as now", async () => {
    const elsewhere = await world().newOrganization()
    const ada = await newMember()
    await world().join(elsewhere, ada)
    const roles = [await world().access.newRole({ permissions: ['paper.read'] }), await world().access.newRole()]
    const set = { organizationId: elsewhere, name: 'One hat', kind: 'dynamic' as const, roleIds: roles }
    await world().asSystem().access.createExclusion(set)
    for (const roleId of roles)
      for (const home of [organizationId, elsewhere]) await world().access.give({ userId: ada.id, roleId, on: { organizationId: home } })
    const time = tick()
    for (const [home, allowed] of [
      [organizationId, true],
      [elsewhere, false],
    ] as const) {
      const asked = { userId: ada.id, permission: 'paper.read', on: { organizationId: home } }
      expect((await world().asSystem().access.check(asked)).allowed).toBe(allowed)
      expect(
        (
          await world()
            .asSystem()
            .access.at({ ...asked, time })
        ).allowed,
      ).toBe(allowed)
    }
  })
})
