import { userActor, type Core } from '@denizen/core'
import { createWorld, databases, type SignedInUser, TestFeed, useWorld, type World } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../../../tests/deadlines.ts'
import { uuidOf } from '../../kernel/id.ts'

let names = 0
const newName = () => `role ${++names}`
const denied = { code: 'request.denied' }

/** How many users there are, asked by whoever shows the token: with what this process has in memory, or reads anew. */
async function count(core: Core, token: string): Promise<unknown> {
  const principal = await core.authenticate(token)
  if (principal === null) throw new Error('the token opens nothing')
  return core.as(userActor(principal)).users.count({})
}

describe.each(databases)('what is taken away on %s', (database) => {
  const world = useWorld({ database })
  let superadmin: SignedInUser
  beforeAll(async () => {
    superadmin = await world().asSuperadmin()
  })

  /** Somebody with a role that includes one that counts users; the outer one is theirs, or their team's. */
  async function holder() {
    const inner = await superadmin.as.roles.create({ name: newName(), permissions: ['users.count'] })
    const outer = await superadmin.as.roles.create({ name: newName(), includes: [inner.id] })
    const user = await world().newUser()
    await world().access.give({ userId: user.id, roleId: outer.id })
    return { inner, outer, ...(await world().signIn(user)) }
  }

  const ways: readonly (readonly [string, (made: Awaited<ReturnType<typeof holder>>) => Promise<unknown>])[] = [
    [
      'a permission is taken out of the role',
      ({ inner }) => superadmin.as.roles.revokePermission({ roleId: inner.id, permission: 'users.count' }),
    ],
    ['the role is not included any more', ({ outer }) => superadmin.as.roles.setParents({ roleId: outer.id, includes: [] })],
    ['the role is deleted', ({ outer }) => superadmin.as.roles.delete({ roleId: outer.id })],
  ]

  test.each(ways)('7: %s, and the next call of who has it is refused', async (_, takeAway) => {
    const made = await holder()
    expect(await count(world().core, made.token)).toMatchObject({ count: expect.any(Number) })
    await takeAway(made)
    await expect(count(world().core, made.token)).rejects.toMatchObject(denied)
  })

  test('what is added to a role is there at the next call, too', async () => {
    const made = await holder()
    await superadmin.as.roles.revokePermission({ roleId: made.inner.id, permission: 'users.count' })
    await expect(count(world().core, made.token)).rejects.toMatchObject(denied)
    await superadmin.as.roles.grantPermission({ roleId: made.inner.id, permission: 'users.*' })
    expect(await count(world().core, made.token)).toMatchObject({ count: expect.any(Number) })
    await superadmin.as.roles.setParents({ roleId: made.outer.id, includes: [] })
    await expect(count(world().core, made.token)).rejects.toMatchObject(denied)
    await superadmin.as.roles.setParents({ roleId: made.outer.id, includes: [made.inner.id] })
    expect(await count(world().core, made.token)).toMatchObject({ count: expect.any(Number) })
  })

  test('a role that others include is not deleted, and they are named', async () => {
    const { inner, outer } = await holder()
    await expect(superadmin.as.roles.delete({ roleId: inner.id })).rejects.toMatchObject({
      code: 'roles.included',
      kind: 'conflict',
      details: { by: [{ id: outer.id, name: outer.name }] },
    })
    expect(await superadmin.as.roles.get({ roleId: inner.id })).toEqual(inner)
    await superadmin.as.roles.delete({ roleId: outer.id })
    expect(await superadmin.as.roles.delete({ roleId: inner.id })).toMatchObject({ assignmentsEnded: 0 })
  })

  test('a role that is deleted ends for users and teams, keeps its history, and is not there any more', async () => {
    const organizationId = await world().newOrganization()
    const owner = await world().asMember(organizationId, 'owner')
    const member = await world().asMember(organizationId)
    const { id: teamId } = await owner.as.teams.create({ organizationId, name: newName() })
    const { id: roleId, name } = await owner.as.roles.create({ organizationId, name: newName(), permissions: ['users.get'] })
    await world().access.give({ userId: member.user.id, roleId, on: { organizationId } })
    await world().access.give({ teamId, roleId, on: { organizationId } })
    await world().access.give({ teamId, roleId, on: { teamId } })
    expect(await owner.as.roles.delete({ roleId })).toEqual({ roleId, assignmentsEnded: 3, exclusionsLeft: 0 })
    const rows = await world().rows<{ by: string; at: unknown }>(
      'select revoked_by as by, revoked_at as at from role_assignments where role_id = ?',
      [uuidOf(roleId)],
    )
    expect(rows.map(({ by }) => by)).toEqual(Array.from({ length: 3 }, () => uuidOf(owner.user.id)))
    expect(
      await world().rows('select 1 from role_permissions where role_id = ? and revoked_at is not null', [uuidOf(roleId)]),
    ).toHaveLength(1)
    const noRole = { code: 'request.notFound', details: { type: 'role' } }
    await expect(owner.as.roles.get({ roleId })).rejects.toMatchObject(noRole)
    await expect(owner.as.roles.delete({ roleId })).rejects.toMatchObject(noRole)
    await expect(owner.as.access.assignRole({ userId: member.user.id, roleId, on: { organizationId } })).rejects.toMatchObject(noRole)
    expect((await owner.as.roles.list({ organizationId })).items).toEqual([])
    const [told] = await world().rows<{ payload: unknown }>(`select payload from events where type = 'roles.deleted' and subject = ?`, [
      roleId,
    ])
    expect(told?.payload).toEqual({ roleId, organizationId, name, assignmentsEnded: 3 })
  })

  test('23: a new role with the name of one that was deleted gives nobody anything', async () => {
    const made = await holder()
    await superadmin.as.roles.delete({ roleId: made.outer.id })
    const again = await superadmin.as.roles.create({ name: made.outer.name, permissions: ['users.count'], includes: [made.inner.id] })
    expect(again.id).not.toBe(made.outer.id)
    await expect(count(world().core, made.token)).rejects.toMatchObject(denied)
    const anew = await world().signIn(made.user)
    await expect(count(world().core, anew.token)).rejects.toMatchObject(denied)
    expect(anew.principal.roles).not.toContain(again.name)
  })
})

test('11: what is taken out of a role in one process wakes another, and is refused there', async () => {
  const world: World = await createWorld({ ports: { invalidation: new TestFeed() } })
  try {
    const listener = await world.connect()
    const heard: string[] = []
    listener.on('notification', ({ payload }) => void heard.push(...(payload ?? '').split(',')))
    await listener.query('listen denizen_invalidation')
    const superadmin = (await world.asSuperadmin()).as
    const { id: inner } = await superadmin.roles.create({ name: newName(), permissions: ['users.count'] })
    const { id: outer } = await superadmin.roles.create({ name: newName(), includes: [inner] })
    const user = await world.newUser()
    await world.access.give({ userId: user.id, roleId: outer })
    const { token } = await world.signIn(user)
    const feed = new TestFeed()
    const other = world.another({ ports: { invalidation: feed } })
    await other.start()
    feed.sink.renew(world.clock.monotonic())
    expect(await count(other, token)).toMatchObject({ count: expect.any(Number) })
    expect(other.authenticated(token)).toBeDefined()

    await superadmin.roles.revokePermission({ roleId: inner, permission: 'users.count' })
    // Until it hears of it, it answers from memory: that is what the feed is for.
    expect(await count(other, token)).toMatchObject({ count: expect.any(Number) })
    await eventually(20_000, 'news of the role', async () => heard.includes(inner))
    feed.sink.drop(heard)
    await expect(count(other, token)).rejects.toMatchObject(denied)
    await other.stop()
  } finally {
    await world.close()
  }
})
