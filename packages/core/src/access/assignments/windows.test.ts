import { builtInRoles, userActor, type Id } from '@denizen/core'
import { createWorld, databases, type SignedInUser, TestFeed, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../../../tests/deadlines.ts'
import { uuidOf } from '../../kernel/id.ts'

const minute = 60_000

describe.each(databases)('windows of assignments on %s', (database) => {
  const world = useWorld({ database })
  let organizationId: Id<'org'>
  let boss: SignedInUser
  beforeAll(async () => {
    organizationId = await world().newOrganization()
  })
  const later = (minutes: number) => new Date(world().clock.now().getTime() + minutes * minute)
  /** Access tokens last a few minutes: whoever acts in a test signs in anew. */
  const newBoss = async () => (boss = await world().asMember(organizationId, 'admin'))
  const may = async ({ token }: SignedInUser, permission: string) =>
    (await world().core.authenticate(token))?.grants.allows(permission, organizationId)

  test('ABUSE 23: one that begins later begins by itself and ends by itself, to the millisecond, also for who is remembered', async () => {
    await newBoss()
    const [member, mate] = [await world().asMember(organizationId), await world().asMember(organizationId)]
    const roleId = await world().access.newRole({ organizationId, permissions: ['gate.open'] })
    const { id: teamId } = await boss.as.teams.create({ organizationId, name: crypto.randomUUID() })
    await boss.as.teams.addMember({ teamId, userId: mate.user.id })
    const window = { roleId, on: { organizationId }, validFrom: later(1), validUntil: later(2) }
    const { assignment } = await boss.as.access.assignRole({ userId: member.user.id, ...window })
    await boss.as.access.assignRole({ teamId, ...window })
    expect(assignment).toMatchObject({ state: 'future', validFrom: later(1), validUntil: later(2) })
    const both = async () => [await may(member, 'gate.open'), await may(mate, 'gate.open')]
    expect(await both()).toEqual([false, false])
    world().clock.advance(minute - 1)
    expect(await both()).toEqual([false, false])
    world().clock.advance(1)
    expect(await both()).toEqual([true, true])
    world().clock.advance(minute - 1)
    expect(await both()).toEqual([true, true])
    world().clock.advance(1)
    expect(await both()).toEqual([false, false])
  })

  test('what lets somebody carry out a command counts to the millisecond, too', async () => {
    await newBoss()
    const member = await world().asMember(organizationId)
    const given = { userId: member.user.id, permission: 'teams.create', on: { organizationId }, validUntil: later(1) }
    await boss.as.access.grantPermission(given)
    world().clock.advance(minute - 1)
    expect(await member.as.teams.create({ organizationId, name: crypto.randomUUID() })).toBeDefined()
    world().clock.advance(1)
    const late = member.as.teams.create({ organizationId, name: crypto.randomUUID() })
    await expect(late).rejects.toMatchObject({ code: 'request.denied' })
  })

  test('one whose time is over is closed at that time before it is given anew; nobody can take it away any more', async () => {
    await newBoss()
    const { id: userId } = (await world().asMember(organizationId)).user
    const given = { userId, permission: 'gate.open', on: { organizationId } }
    const [until, first] = [later(1), await boss.as.access.grantPermission({ ...given, validUntil: later(1) })]
    world().clock.advance(2 * minute)
    for (const taken of [given, { assignmentId: first.assignment.id }])
      await expect(boss.as.access.revokePermission(taken)).rejects.toMatchObject({
        code: 'request.notFound',
        details: { type: 'assignment' },
      })
    const second = await boss.as.access.grantPermission(given)
    expect(second.assigned).toBe(true)
    const { items } = await boss.as.access.listAssignments({ organizationId, userId, history: true })
    expect(items).toHaveLength(2)
    expect(items).toContainEqual(second.assignment)
    expect(items).toContainEqual({ ...first.assignment, state: 'expired', revokedAt: until, revokedBy: null })
  })

  test('one that has not begun can be taken away, and then never begins', async () => {
    await newBoss()
    const member = await world().asMember(organizationId)
    const given = { userId: member.user.id, permission: 'gate.open', on: { organizationId } }
    await boss.as.access.grantPermission({ ...given, validFrom: later(1) })
    await boss.as.access.revokePermission(given)
    world().clock.advance(minute)
    expect(await may(member, 'gate.open')).toBe(false)
  })

  test('a window has to have a length and an end that is still to come; what would begin in the past begins now', async () => {
    await newBoss()
    const { id: userId } = (await world().asMember(organizationId)).user
    const given = { userId, permission: 'gate.open', on: { organizationId } }
    const windows = [
      { validUntil: later(0) },
      { validUntil: later(-1) },
      { validFrom: later(2), validUntil: later(2) },
      { validFrom: later(2), validUntil: later(1) },
      { validFrom: later(-2), validUntil: later(-1) },
    ]
    const invalid = { code: 'request.invalid', details: { issues: [{ path: 'validUntil' }] } }
    for (const window of windows) await expect(boss.as.access.grantPermission({ ...given, ...window })).rejects.toMatchObject(invalid)
    for (const validFrom of ['never', new Date(Number.NaN), new Date(-1), new Date(8.64e15)])
      await expect(boss.as.access.grantPermission({ ...given, validFrom } as never)).rejects.toMatchObject({ code: 'request.invalid' })
    const { assignment } = await boss.as.access.grantPermission({ ...given, validFrom: later(-5) })
    expect(assignment.validFrom).toEqual(world().clock.now())
    expect((await boss.as.access.grantPermission({ ...given, validFrom: later(-9) })).assigned).toBe(false)
  })

  test('a superadmin for a while does not keep the last one for good from being kept', async () => {
    const admin = await world().asSuperadmin()
    const [roleId, helper] = [builtInRoles.superadmin.id, await world().newUser()]
    await admin.as.access.assignRole({ userId: helper.id, roleId, validUntil: later(5) })
    const elsewhere = await world().newUser()
    await admin.as.access.assignRole({ userId: elsewhere.id, roleId, condition: { networks: ['192.0.2.0/24'] } })
    const last = { code: 'users.lastSuperadmin' }
    await expect(admin.as.access.unassignRole({ userId: admin.user.id, roleId })).rejects.toMatchObject(last)
    await expect(admin.as.users.demote({ userId: admin.user.id })).rejects.toMatchObject(last)
    await admin.as.access.unassignRole({ userId: helper.id, roleId })
    await admin.as.users.promote({ userId: helper.id })
    await admin.as.access.unassignRole({ userId: admin.user.id, roleId })
  })

  test('lists tell what counted at a time', async () => {
    await newBoss()
    const { id: userId } = (await world().asMember(organizationId)).user
    const on = { organizationId }
    await boss.as.access.grantPermission({ userId, permission: 'gate.a', on, validFrom: later(1), validUntil: later(3) })
    await boss.as.access.grantPermission({ userId, permission: 'gate.b', on })
    const at = async (time: Date) =>
      (await boss.as.access.listAssignments({ organizationId, userId, at: time })).items.map(({ permission }) => permission ?? '').sort()
    const start = world().clock.now()
    world().clock.advance(2 * minute)
    await boss.as.access.revokePermission({ userId, permission: 'gate.b', on })
    const seen = await Promise.all([-1, 0, 60_000, 119_999, 120_000, 180_000].map((after) => at(new Date(start.getTime() + after))))
    expect(seen).toEqual([[], ['gate.b'], ['gate.a', 'gate.b'], ['gate.a', 'gate.b'], ['gate.a'], []])
  })
})

test('ABUSE 7: what is taken away is refused at the next call, here and in another process that listens', async () => {
  const world = await createWorld({ ports: { invalidation: new TestFeed() } })
  try {
    const listener = await world.connect()
    const heard: string[] = []
    listener.on('notification', ({ payload }) => void heard.push(payload ?? ''))
    await listener.query('listen denizen_invalidation')
    const organizationId = await world.newOrganization()
    const boss = await world.asMember(organizationId, 'admin')
    const [member, mate] = [await world.asMember(organizationId), await world.asMember(organizationId)]
    const { id: teamId } = await boss.as.teams.create({ organizationId, name: 'Blue' })
    await boss.as.teams.addMember({ teamId, userId: mate.user.id })
    const roleId = await world.access.newRole({ organizationId, permissions: ['teams.create'] })
    const on = { organizationId }
    for (const subject of [{ userId: member.user.id }, { teamId }]) await boss.as.access.assignRole({ ...subject, roleId, on })
    const feed = new TestFeed()
    const other = world.another({ ports: { invalidation: feed } })
    await other.start()
    feed.sink.renew(world.clock.monotonic())
    const there = async ({ token }: SignedInUser) => {
      const principal = await other.authenticate(token)
      if (principal === null) throw new Error('the token opens nothing')
      return { principal, as: other.as(userActor(principal)) }
    }
    const create = ({ as }: Pick<SignedInUser, 'as'>) => as.teams.create({ organizationId, name: crypto.randomUUID() })
    for (const who of [member, mate]) for (const side of [who, await there(who)]) expect(await create(side)).toBeDefined()
    for (const [who, subject] of [
      [member, { userId: member.user.id }],
      [mate, { teamId }],
    ] as const) {
      const remembered = await there(who)
      await boss.as.access.unassignRole({ ...subject, roleId, on })
      // A command asks the database, whatever is remembered; a query may be answered from memory until the news comes.
      for (const side of [who, remembered]) await expect(create(side)).rejects.toMatchObject({ code: 'request.denied' })
      expect((await world.core.authenticate(who.token))?.grants.allows('teams.create', organizationId)).toBe(false)
      expect(other.authenticated(who.token)?.grants.allows('teams.create', organizationId)).toBe(true)
      await eventually(20_000, 'news of the user', async () => heard.includes(who.user.id))
      feed.sink.drop(heard)
      expect(other.authenticated(who.token)).toBeUndefined()
      expect((await there(who)).principal.grants.allows('teams.create', organizationId)).toBe(false)
    }
    const kept = await world.rows('select 1 from role_assignments where organization_id = ? and revoked_at is not null', [
      uuidOf(organizationId),
    ])
    expect(kept).toHaveLength(2)
    await other.stop()
  } finally {
    await world.close()
  }
})
