import { newId, type Id } from '@denizen/core'
import { bothDatabases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

describe.each(bothDatabases)('access.listAssignments on %s', (database) => {
  const world = useWorld({ database })
  let organizationId: Id<'org'>
  let elsewhere: Id<'org'>
  let [boss, member, stranger]: SignedInUser[] = []
  let roleId: Id<'rol'>
  let teamId: Id<'team'>
  let given: Readonly<Record<'role' | 'onTeam' | 'ofTeam' | 'elsewhere' | 'system', Id<'asg'>>>
  const people = () => {
    if (boss === undefined || member === undefined || stranger === undefined) throw new Error('they are there from beforeAll on')
    return { boss, member, stranger }
  }
  beforeAll(async () => {
    ;[organizationId, elsewhere] = [await world().newOrganization(), await world().newOrganization()]
    boss = await world().asMember(organizationId, 'admin')
    stranger = await world().asMember(elsewhere, 'owner')
    const user = await world().newUser()
    await world().join(organizationId, user)
    await world().join(elsewhere, user)
    roleId = await world().access.newRole({ organizationId, name: 'reader', permissions: ['document.read'] })
    ;({ id: teamId } = await world().asSystem().teams.create({ organizationId, name: 'Blue' }))
    await world().asSystem().teams.addMember({ teamId, userId: user.id })
    const { access } = world()
    given = {
      role: await access.give({ userId: user.id, roleId, on: { organizationId } }),
      onTeam: await access.give({ userId: user.id, permission: 'document.write', on: { teamId } }),
      ofTeam: await access.give({ teamId, permission: 'document.print', on: { organizationId } }),
      elsewhere: await access.give({ userId: user.id, permission: 'document.read', on: { organizationId: elsewhere } }),
      system: await access.give({ userId: user.id, permission: 'application' }),
    }
    member = await world().signIn(user)
  })

  type Input = Parameters<SignedInUser['as']['access']['listAssignments']>[0]
  const ids = async ({ as }: SignedInUser, input?: Input) => new Set((await as.access.listAssignments(input)).items.map(({ id }) => id))
  const userId = () => people().member.user.id

  test('a user sees their own, all of it or in one place, also what a team of theirs has; where nobody is named it is the caller', async () => {
    const { member } = people()
    const own = (await member.as.access.listAssignments({ userId: userId() })).items
    const hand = own.filter(({ role }) => role?.name !== 'user').map(({ id }) => id)
    expect(new Set(hand)).toEqual(new Set([given.role, given.onTeam, given.elsewhere, given.system]))
    expect(await ids(member)).toEqual(new Set(own.map(({ id }) => id)))
    expect(await ids(member, { userId: userId(), organizationId })).toEqual(new Set([given.role, given.onTeam]))
    expect(await ids(member, { userId: userId(), organizationId, throughTeams: true })).toEqual(
      new Set([given.role, given.onTeam, given.ofTeam]),
    )
    expect(await ids(member, { userId: userId(), on: { teamId } })).toEqual(new Set([given.onTeam]))
    expect(await ids(member, { userId: userId(), roleId })).toEqual(new Set([given.role]))
    const { secret } = await member.as.tokens.create({ name: 'one organization', organizationId })
    const principal = await world().core.authenticate(secret)
    if (principal === null) throw new Error('a new token opens nothing')
    const seen = await world().core.as({ kind: 'user', principal }).access.listAssignments()
    expect(seen.items.map(({ id }) => id)).not.toContain(given.elsewhere)
  })

  test('whoever administers an organization sees what is in it, its teams and resources, and nothing else of its members', async () => {
    const { boss, stranger } = people()
    expect(await ids(boss, { organizationId })).toEqual(new Set([given.role, given.onTeam, given.ofTeam]))
    expect(await ids(boss, { organizationId, userId: userId() })).toEqual(new Set([given.role, given.onTeam]))
    expect(await ids(boss, { teamId })).toEqual(new Set([given.ofTeam]))
    expect(await ids(boss, { roleId })).toEqual(new Set([given.role]))
    expect(await ids(boss, { on: { organizationId } })).toEqual(new Set([given.role, given.ofTeam]))
    expect(await ids(stranger, { organizationId: elsewhere })).toEqual(new Set([given.elsewhere]))
    const { items, total } = await boss.as.access.listAssignments({ organizationId, total: true, limit: 1 })
    expect([items.length, total]).toEqual([1, 3])
    for (const input of [
      { organizationId, userId: stranger.user.id },
      { organizationId, userId: newId('usr', new Date(), new Uint8Array(10)) },
    ])
      expect(await boss.as.access.listAssignments({ ...input, total: true })).toEqual({ items: [], nextCursor: null, total: 0 })
  })

  test('more than that only whoever may everywhere sees', async () => {
    const { boss, member, stranger } = people()
    const denied = { code: 'request.denied' }
    for (const input of [{ userId: userId() }, { on: {} }, { userId: 'usr_01h455vb4pex5vsknk084sn02q' as const }])
      await expect(boss.as.access.listAssignments(input)).rejects.toMatchObject(denied)
    await expect(member.as.access.listAssignments({ organizationId })).rejects.toMatchObject(denied)
    for (const input of [{ organizationId }, { teamId }, { roleId }, { on: { organizationId } }, { on: { teamId } }])
      await expect(stranger.as.access.listAssignments(input)).rejects.toMatchObject({
        code: 'request.notFound',
        details: { type: 'place' },
      })
    const monitor = await world().asMonitor()
    expect(await ids(monitor, { userId: userId(), on: {} })).toContain(given.system)
    expect(await ids(monitor, { userId: userId(), organizationId: elsewhere })).toEqual(new Set([given.elsewhere]))
    expect((await world().asSystem().access.listAssignments({ total: true })).total).toBeGreaterThan(5)
    const unknown = { organizationId: newId('org', new Date(), new Uint8Array(10)) }
    await expect(monitor.as.access.listAssignments(unknown)).rejects.toMatchObject({ code: 'request.notFound' })
  })

  test('what somebody shares with a team from outside the organization is not shown to those who run that', async () => {
    const { boss, member } = people()
    const resourceId = await world().access.newResource({ ownerUserId: member.user.id })
    const shared = await world().access.give({ teamId, permission: 'diary.read', on: { resourceId } })
    expect(await ids(boss, { teamId })).toEqual(new Set([given.ofTeam]))
    expect(await ids(member, { on: { resourceId } })).toEqual(new Set([shared]))
  })

  test('ABUSE 16: pages hold everything once, and cursors move neither between callers nor between filters', async () => {
    const { boss } = people()
    const seen: string[] = []
    for await (const { id } of boss.as.access.listAssignments({ organizationId, limit: 1 })) seen.push(id)
    expect([seen.length, new Set(seen)]).toEqual([3, new Set([given.role, given.onTeam, given.ofTeam])])
    const { nextCursor } = await boss.as.access.listAssignments({ organizationId, limit: 1 })
    if (nextCursor === null) throw new Error('there are three')
    const invalid = { code: 'request.invalid', details: { issues: [{ path: 'cursor' }] } }
    for (const [who, input] of [
      [boss, { organizationId, history: true }],
      [boss, { on: { organizationId } }],
      [people().stranger, { organizationId: elsewhere }],
      [await world().asMonitor(), { organizationId }],
    ] as const)
      await expect(who.as.access.listAssignments({ ...input, cursor: nextCursor })).rejects.toMatchObject(invalid)
  })
})
