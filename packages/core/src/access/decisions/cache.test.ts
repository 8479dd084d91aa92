import { anonymousActor, builtInRoles, userActor, uuidOf, type Core, type Id, type Orm } from '@denizen/core'
import { databases, type SignedInUser, TestFeed, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

/** The bound of revocation: within a second at the latest, whatever happens to the connection. */
const bound = 1000

describe.each(databases)('what decisions are made from on %s', (database) => {
  const world = useWorld({ database })

  /** The statements that a core sends while something is done. */
  async function statementsOf(orm: Orm, work: () => Promise<unknown>): Promise<string[]> {
    const sent: string[] = []
    const logger = orm.config.getLogger()
    const [isEnabled, logQuery] = [logger.isEnabled, logger.logQuery]
    Object.assign(logger, { isEnabled: () => true, logQuery: ({ query }: { query: string }) => void sent.push(query) })
    try {
      await work()
    } finally {
      Object.assign(logger, { isEnabled, logQuery })
    }
    return sent.filter((query) => !/^(begin|rollback|commit|set transaction|start transaction|select current_setting)/i.test(query))
  }

  async function office() {
    const organizationId = await world().newOrganization()
    const admin = await world().asMember(organizationId, 'admin')
    const member = await world().asMember(organizationId)
    const resources: Id<'res'>[] = []
    for (let count = 0; count < 5; count++) resources.push(await world().access.newResource({ organizationId }))
    return { organizationId, admin, member, resources }
  }

  const checks = (resources: readonly Id<'res'>[]) => resources.map((resourceId) => ({ permission: 'document.read', on: { resourceId } }))

  test('however many are asked about at once: one statement for those who are, one for all places, and none the next time', async () => {
    const { admin, member, resources } = await office()
    const { orm } = world().core
    const ask = () => admin.as.access.checkMany({ userId: member.user.id, checks: checks(resources) })
    expect(await statementsOf(orm, ask)).toHaveLength(2)
    expect(await statementsOf(orm, ask)).toHaveLength(0)
    expect(
      await statementsOf(orm, () =>
        admin.as.access.check({ userId: member.user.id, permission: 'document.read', on: { resourceId: resources[0] ?? 'res_' } }),
      ),
    ).toHaveLength(0)
  })

  test('ten thousand are answered at once, and one more is too many', async () => {
    const { admin, resources } = await office()
    const many = Array.from({ length: 10_000 }, (_, index) => ({
      permission: 'document.read',
      on: { resourceId: resources[index % 5] ?? 'res_' },
    }))
    expect((await admin.as.access.checkMany({ checks: many })).allowed).toEqual(many.map(() => true))
    await expect(admin.as.access.checkMany({ checks: [...many, { permission: 'document.read' }] })).rejects.toMatchObject({
      code: 'request.invalid',
    })
  })

  describe('is forgotten when it changes, at once in the process that changed it:', () => {
    const allowed = async (by: SignedInUser, userId: Id<'usr'>, resourceId: Id<'res'>) =>
      (await by.as.access.check({ userId, permission: 'document.read', on: { resourceId } })).allowed

    test('a role that is given and taken, everywhere and in the organization', async () => {
      const {
        organizationId,
        admin,
        member,
        resources: [resourceId = 'res_'],
      } = await office()
      const roleId = await world().access.newRole({ organizationId, permissions: ['document.read'] })
      const { id: userId } = member.user
      expect(await allowed(admin, userId, resourceId)).toBe(false)
      await admin.as.access.assignRole({ userId, roleId, on: { organizationId } })
      expect(await allowed(admin, userId, resourceId)).toBe(true)
      await admin.as.roles.revokePermission({ roleId, permission: 'document.read' })
      expect(await allowed(admin, userId, resourceId)).toBe(false)
      await admin.as.roles.grantPermission({ roleId, permission: 'document.read' })
      expect(await allowed(admin, userId, resourceId)).toBe(true)
      await admin.as.access.unassignRole({ userId, roleId, on: { organizationId } })
      expect(await allowed(admin, userId, resourceId)).toBe(false)
    })

    test('a grant on the resource, to a user and to a team', async () => {
      const {
        organizationId,
        admin,
        member,
        resources: [resourceId = 'res_', other = 'res_'],
      } = await office()
      const { id: userId } = member.user
      const { id: teamId } = await admin.as.teams.create({ organizationId, name: 'Blue' })
      await admin.as.teams.addMember({ teamId, userId })
      expect([await allowed(admin, userId, resourceId), await allowed(admin, userId, other)]).toEqual([false, false])
      await admin.as.access.grantPermission({ userId, permission: 'document.read', on: { resourceId } })
      await admin.as.access.grantPermission({ teamId, permission: 'document.read', on: { resourceId: other } })
      expect([await allowed(admin, userId, resourceId), await allowed(admin, userId, other)]).toEqual([true, true])
      await admin.as.access.revokePermission({ userId, permission: 'document.read', on: { resourceId } })
      await admin.as.teams.removeMember({ teamId, userId })
      expect([await allowed(admin, userId, resourceId), await allowed(admin, userId, other)]).toEqual([false, false])
    })

    test('what a resource is in, when it is shared, changes hands or goes; a member who leaves; a user who is suspended', async () => {
      const {
        organizationId,
        admin,
        member,
        resources: [folder = 'res_'],
      } = await office()
      const { id: userId } = member.user
      const inside = (await admin.as.resources.register({ type: 'page', key: 'inside', parentId: folder }))?.id ?? 'res_'
      await admin.as.access.grantPermission({ userId, permission: 'document.read', on: { resourceId: folder } })
      expect(await allowed(admin, userId, inside)).toBe(true)
      await admin.as.access.revokePermission({ userId, permission: 'document.read', on: { resourceId: folder } })
      expect(await allowed(admin, userId, inside)).toBe(false)
      await admin.as.resources.transfer({ resourceId: folder, toUserId: userId })
      expect(await allowed(admin, userId, inside)).toBe(true)
      await admin.as.organizations.removeMember({ organizationId, userId })
      expect(await allowed(admin, userId, inside)).toBe(false)
      const own = await world().access.newResource({ ownerUserId: userId })
      const root = await world().asSuperadmin()
      expect(await allowed(root, userId, own)).toBe(true)
      await root.as.users.setStatus({ userId, status: 'suspended' })
      expect(await allowed(root, userId, own)).toBe(false)
      expect(await allowed(admin, admin.user.id, inside)).toBe(true)
      await admin.as.resources.delete({ resourceId: folder, recursive: true })
      expect(await allowed(admin, admin.user.id, inside)).toBe(false)
    })
  })

  test('ends at the moment from which or until which something holds', async () => {
    const {
      admin,
      member,
      resources: [resourceId = 'res_'],
    } = await office()
    const { id: userId } = member.user
    const now = world().clock.now().getTime()
    await world().access.give({
      userId,
      permission: 'document.read',
      on: { resourceId },
      validFrom: new Date(now + 2000),
      validUntil: new Date(now + 4000),
    })
    const answers: boolean[] = []
    for (let second = 0; second < 6; second++) {
      answers.push((await admin.as.access.check({ userId, permission: 'document.read', on: { resourceId } })).allowed)
      world().clock.advance(1000)
    }
    expect(answers).toEqual([false, false, true, true, false, false])
  })

  test('is not kept when it was read while it changed', async () => {
    const {
      admin,
      member,
      resources: [resourceId = 'res_'],
    } = await office()
    const { id: userId } = member.user
    const ask = async () => (await admin.as.access.check({ userId, permission: 'document.read', on: { resourceId } })).allowed
    const roleId = await world().access.newRole({ permissions: ['document.read'] })
    const racing = Array.from({ length: 20 }, async (_, turn) => {
      if (turn === 10) await world().asSystem().access.assignRole({ userId, roleId })
      return ask()
    })
    await Promise.all(racing)
    expect(await ask()).toBe(true)
  })
})

describe('two processes', () => {
  const world = useWorld()

  /** A core that hears of changes when the test says so. */
  async function other(): Promise<{ core: Core; feed: TestFeed; as: (signedIn: SignedInUser) => Promise<ReturnType<Core['as']>> }> {
    const feed = new TestFeed()
    const core = world().another({ ports: { invalidation: feed } })
    await core.start()
    feed.sink.renew(world().clock.monotonic())
    const as = async ({ token }: SignedInUser) => {
      const principal = await core.authenticate(token)
      return core.as(principal === null ? anonymousActor : userActor(principal))
    }
    return { core, feed, as }
  }

  async function given() {
    const organizationId = await world().newOrganization()
    const [admin, member] = [await world().asMember(organizationId, 'admin'), await world().asMember(organizationId)]
    const resourceId = await world().access.newResource({ organizationId })
    const ask = async (as: SignedInUser['as']) =>
      (await as.access.check({ userId: member.user.id, permission: 'document.read', on: { resourceId } })).allowed
    return {
      organizationId,
      admin,
      member,
      resourceId,
      ask,
      what: { userId: member.user.id, permission: 'document.read', on: { resourceId } },
    }
  }

  test.each(['heard of', 'not heard of'])('neither a no outlives a grant nor a yes its end, when it is %s', async (how) => {
    const { core, feed, as } = await other()
    const { admin, member, ask, what } = await given()
    const there = await as(admin)
    const heard = () => {
      if (how === 'heard of') feed.sink.drop([member.user.id])
      else world().clock.advance(bound)
    }
    expect(await ask(there)).toBe(false)
    await admin.as.access.grantPermission(what)
    expect(await ask(there)).toBe(false)
    heard()
    expect(await ask(there)).toBe(true)
    // The feed is back, and caught up.
    feed.sink.drop([member.user.id])
    feed.sink.renew(world().clock.monotonic())
    expect(await ask(there)).toBe(true)
    await admin.as.access.revokePermission(what)
    expect(await ask(there)).toBe(true)
    heard()
    expect(await ask(there)).toBe(false)
    await core.stop()
  })

  test('who and what is not there is looked for every time', async () => {
    const { core, as } = await other()
    const root = await world().asSuperadmin()
    const there = await as(root)
    const user = await world().newUser()
    await world().rows('delete from role_assignments where user_id = ?', [uuidOf(user.id)])
    const ask = async () => (await there.access.check({ userId: user.id, permission: 'document.read' })).allowed
    await world().rows(`update users set status = 'inactive' where id = ?`, [uuidOf(user.id)])
    expect(await ask()).toBe(false)
    const on = { resourceId: 'res_01h455vb4pex5vsknk084sn02q' as const }
    expect(await there.access.check({ permission: 'document.read', on })).toEqual({ allowed: false })
    await world().rows(
      `insert into resources (id, type, path, owner_user_id, owned_since, created_at, updated_at) values (?, 'document', array[?::uuid], ?, now(), now(), now())`,
      [uuidOf(on.resourceId), uuidOf(on.resourceId), uuidOf(root.user.id)],
    )
    expect(await there.access.check({ permission: 'document.read', on })).toEqual({ allowed: true })
    expect(builtInRoles.superadmin.permissions).toEqual(['*'])
    await core.stop()
  })
})
