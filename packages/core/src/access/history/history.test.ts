import { userActor, type Id } from '@denizen/core'
import { databases, newEmail, password, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { uuidOf } from '../../kernel/id.ts'

describe.each(databases)('what is remembered, on %s', (database) => {
  const world = useWorld({ database })

  /** The time before something is done, and that a minute goes by. */
  const tick = () => {
    const before = world().clock.now()
    world().clock.advance(60_000)
    return before
  }

  const then = async (time: Date, userId: Id<'usr'>, on: object = {}) => {
    const { user } = await world()
      .asSystem()
      .access.at({ time, userId, on: on as { organizationId: Id<'org'> } })
    return user
  }

  test('memberships: joined, promoted, handed over, left and joined again', async () => {
    const { organizations } = world().asSystem()
    const organizationId = await world().newOrganization()
    const [ada, bob] = [await world().newUser(), await world().newUser()]
    const times = [tick()]
    await organizations.addMember({ organizationId, userId: ada.id, role: 'owner' })
    await organizations.addMember({ organizationId, userId: bob.id })
    times.push(tick())
    await organizations.updateMember({ organizationId, userId: bob.id, role: 'admin' })
    times.push(tick())
    await organizations.transferOwnership({ organizationId, fromUserId: ada.id, toUserId: bob.id })
    times.push(tick())
    await organizations.removeMember({ organizationId, userId: ada.id })
    times.push(tick())
    await organizations.addMember({ organizationId, userId: ada.id })
    times.push(tick())
    const roles = async (userId: Id<'usr'>) =>
      Promise.all(
        times.map(
          async (time) =>
            (await then(time, userId, { organizationId }))?.memberships.find((m) => m.organization.id === organizationId)?.role,
        ),
      )
    expect(await roles(ada.id)).toEqual([undefined, 'owner', 'owner', 'admin', undefined, 'member'])
    expect(await roles(bob.id)).toEqual([undefined, 'member', 'admin', 'owner', 'owner', 'owner'])
    // What was given is the same at any other moment between two changes, and at those themselves the new state holds.
    expect((await then(new Date((times[1]?.getTime() ?? 0) + 59_999), bob.id))?.memberships).toContainEqual(
      expect.objectContaining({ role: 'member' }),
    )
  })

  test('seats: taken, left, and left with the membership; what a team was given counts while one sits there', async () => {
    const { organizations, teams } = world().asSystem()
    const organizationId = await world().newOrganization()
    const user = await world().newUser()
    await organizations.addMember({ organizationId, userId: user.id })
    const { id: teamId } = await teams.create({ organizationId, name: 'Blue' })
    await world().access.give({ teamId, permission: 'paper.read', on: { teamId } })
    const times = [tick()]
    await teams.addMember({ teamId, userId: user.id })
    times.push(tick())
    await teams.removeMember({ teamId, userId: user.id })
    times.push(tick())
    await teams.addMember({ teamId, userId: user.id })
    times.push(tick())
    await organizations.removeMember({ organizationId, userId: user.id })
    times.push(tick())
    const seen = await Promise.all(
      times.map(async (time) => {
        const { allowed, user: was } = await world()
          .asSystem()
          .access.at({ time, userId: user.id, permission: 'paper.read', on: { teamId } })
        return [was?.teams.length, allowed]
      }),
    )
    expect(seen).toEqual([
      [0, false],
      [1, true],
      [0, false],
      [1, true],
      [0, false],
    ])
  })

  test('statuses: suspended, contained, released, archived and restored', async () => {
    const { users } = world().asSystem()
    const { id: userId } = await world().newUser()
    const states: unknown[] = []
    const times = [tick()]
    await users.setStatus({ userId, status: 'inactive' })
    times.push(tick())
    await users.setStatus({ userId, status: 'active' })
    times.push(tick())
    await users.contain({ userId, reason: 'a test' })
    times.push(tick())
    await users.setStatus({ userId, status: 'active' })
    times.push(tick())
    await users.setStatus({ userId, status: 'active', releaseGrants: true })
    times.push(tick())
    await users.archive({ userId })
    times.push(tick())
    await users.restore({ userId })
    times.push(tick())
    for (const time of [new Date(0), ...times]) {
      const was = await then(time, userId)
      states.push([was?.status, was?.frozen, was?.permissions.includes('organizations.create')])
    }
    expect(states).toEqual([
      [null, false, false],
      ['active', false, true],
      ['inactive', false, false],
      ['active', false, true],
      ['suspended', true, false],
      ['active', true, false],
      ['active', false, true],
      ['archived', false, false],
      ['active', false, true],
    ])
  })

  test('an anonymous user that became a full one was one before', async () => {
    const { accessToken } = await world().asAnonymous().auth.createAnonymous()
    const principal = await world().core.authenticate(accessToken)
    if (principal === null) throw new Error('a new token opens nothing')
    const before = tick()
    const email = newEmail()
    await world().core.as(userActor(principal)).auth.claimAnonymous({ email })
    await world().work()
    await world()
      .asAnonymous()
      .auth.resetPassword({ token: world().mailer.tokenFor(email), password })
    const after = tick()
    expect((await then(before, principal.userId))?.status).toBe('temporary')
    expect((await then(after, principal.userId))?.status).toBe('active')
  })

  test('organizations: suspended and archived ones give nothing', async () => {
    const { organizations } = world().asSystem()
    const organizationId = await world().newOrganization()
    const { id: userId } = await world().newUser()
    await organizations.addMember({ organizationId, userId, role: 'owner' })
    const times = [tick()]
    await organizations.update({ organizationId, status: 'suspended' })
    times.push(tick())
    await organizations.update({ organizationId, status: 'active' })
    times.push(tick())
    await organizations.archive({ organizationId })
    times.push(tick())
    const allowed = await Promise.all(
      times.map(
        async (time) => (await world().asSystem().access.at({ time, userId, permission: 'teams.create', on: { organizationId } })).allowed,
      ),
    )
    expect(allowed).toEqual([true, false, true, false])
  })

  test('owners: handed over, and to the organization', async () => {
    const organizationId = await world().newOrganization()
    const [ada, bob] = [await world().newUser(), await world().newUser()]
    for (const { id } of [ada, bob]) await world().asSystem().organizations.addMember({ organizationId, userId: id })
    const resourceId = await world().access.newResource({ organizationId, ownerUserId: ada.id })
    const inside = await world().access.newResource({ organizationId, parentId: resourceId })
    const times = [tick()]
    await world().asSystem().resources.transfer({ resourceId, toUserId: bob.id })
    times.push(tick())
    await world().asSystem().resources.transfer({ resourceId, toOrganization: true })
    times.push(tick())
    const could = async (userId: Id<'usr'>) =>
      Promise.all(
        times.map(
          async (time) =>
            (
              await world()
                .asSystem()
                .access.at({ time, userId, permission: 'paper.read', on: { resourceId: inside } })
            ).allowed,
        ),
      )
    expect(await could(ada.id)).toEqual([true, false, false])
    expect(await could(bob.id)).toEqual([false, true, false])
  })

  test('what lasted for no time at all is not remembered, and states follow each other without a gap', async () => {
    const { id: userId } = await world().newUser()
    await world().asSystem().users.setStatus({ userId, status: 'inactive' })
    tick()
    await world().asSystem().users.setStatus({ userId, status: 'suspended', reason: 'a test' })
    await world().asSystem().users.setStatus({ userId, status: 'active' })
    tick()
    await world().asSystem().users.contain({ userId, reason: 'a test' })
    const rows = await world().rows<{ value: string; gap: boolean }>(
      `select value, began_at <> coalesce(lag(ended_at) over (order by began_at), began_at) as gap from former_states
        where subject_id = ? order by began_at`,
      [uuidOf(userId)],
    )
    expect(rows).toEqual([
      { value: 'inactive', gap: false },
      { value: 'active', gap: false },
    ])
  })
})
