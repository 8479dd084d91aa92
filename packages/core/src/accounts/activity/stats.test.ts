import { newId, uuidOf, type User } from '@denizen/core'
import { databases, newEmail, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'

const hour = 3_600_000
const day = 24 * hour

describe.each(databases)('users.stats on %s', (database) => {
  const world = useWorld({ database })
  const system = () => world().asSystem()
  const stats = () => system().users.stats({})
  const execute = (statement: string, parameters: readonly unknown[] = []) =>
    world()
      .em()
      .execute(statement, [...parameters], 'run')
  const create = async (more: Partial<Parameters<ReturnType<typeof system>['users']['create']>[0]> = {}): Promise<User> => {
    const user = await system().users.create({ email: newEmail(), ...more })
    if (user === null) throw new Error('made')
    return user
  }
  beforeEach(() => execute('truncate users cascade'))

  test('of nobody is zero everywhere', async () => {
    const statuses = { active: 0, inactive: 0, suspended: 0, pending: 0, temporary: 0, archived: 0 }
    const roles = { superadmin: 0, monitor: 0, user: 0, anonymous: 0, system: 0 }
    const created = { created24h: 0, created7d: 0, created30d: 0 }
    const none = { total: 0, ...created, active: 0, suspended: 0, admins: 0, anonymous: 0, bots: 0, oldest: null, newest: null }
    expect(await stats()).toEqual({ ...none, byStatus: statuses, byRole: roles })
  })

  test('follow statuses, kinds and roles as they change', async () => {
    const [ada, bob, eve, zoe] = [await create(), await create(), await create(), await create()]
    await system().users.setStatus({ userId: ada.id, status: 'suspended' })
    await system().users.archive({ userId: bob.id })
    for (const { id } of [eve, zoe]) await system().users.promote({ userId: id })
    await execute(`update users set is_bot = true, kind = 'anonymous', email = null where email = ?`, [ada.email])
    expect(await stats()).toMatchObject({
      total: 4,
      active: 2,
      suspended: 1,
      admins: 2,
      anonymous: 1,
      bots: 1,
      byStatus: { active: 2, suspended: 1, archived: 1, inactive: 0 },
      byRole: { superadmin: 2, user: 4, monitor: 0 },
    })
    await world().grant(ada, 'superadmin')
    await system().users.demote({ userId: eve.id })
    await system().users.restore({ userId: bob.id })
    await execute('delete from users where username = ?', [ada.username])
    expect(await stats()).toMatchObject({ total: 3, active: 3, suspended: 0, admins: 1, bots: 0, byRole: { superadmin: 1, user: 3 } })
    await system().users.promote({ userId: eve.id })
    expect(await stats()).toMatchObject({ admins: 2 })
  })

  test('count a role that is held for a time only while it is', async () => {
    const now = world().clock.now().getTime()
    const windows = { validFrom: new Date(now + hour), validUntil: new Date(now + 3 * hour) }
    await world().grant(await create(), 'superadmin', windows)
    await world().grant(await create(), 'superadmin', { validUntil: windows.validUntil })
    await world().grant(await create(), 'superadmin', { validFrom: windows.validFrom })
    await world().grant(await create(), 'superadmin')
    const admins = async () => (await stats()).admins
    expect(await admins()).toBe(2)
    world().clock.advance(hour)
    expect(await admins()).toBe(4)
    world().clock.advance(2 * hour - 1)
    expect(await admins()).toBe(4)
    world().clock.advance(1)
    expect(await admins()).toBe(2)
    await execute('update role_assignments set revoked_at = now() where valid_until is null')
    expect(await stats()).toMatchObject({ admins: 0, byRole: { superadmin: 0, user: 0 } })
  })

  test('count who is new to the millisecond, as time passes', async () => {
    const created = async () => {
      const { created24h, created7d, created30d } = await stats()
      return [created24h, created7d, created30d]
    }
    const first = await create()
    world().clock.advance(20 * 60_000)
    const second = await create()
    expect(await created()).toEqual([2, 2, 2])
    expect(await stats()).toMatchObject({ oldest: first.createdAt, newest: second.createdAt })
    world().clock.advance(day - 20 * 60_000)
    expect(await created()).toEqual([2, 2, 2]) // the first to the millisecond a day ago
    world().clock.advance(1)
    expect(await created()).toEqual([1, 2, 2])
    world().clock.advance(20 * 60_000)
    expect(await created()).toEqual([0, 2, 2])
    world().clock.advance(6 * day - 20 * 60_000)
    expect(await created()).toEqual([0, 1, 2])
    await execute('delete from users where email = ?', [first.email])
    world().clock.advance(23 * day)
    expect(await created()).toEqual([0, 0, 1])
    world().clock.advance(hour)
    expect(await created()).toEqual([0, 0, 0])
  })

  test('agree with a count at any time of an hour, for users of any age', async () => {
    await execute(
      `insert into users (id, username, status, kind, preferences, created_at, updated_at)
        select gen_random_uuid(), 'aged-' || n, 'active', 'human', '{}', ?::timestamptz - n * interval '37 minutes 11.5 seconds', now()
          from generate_series(0, 1300) n`,
      [world().clock.now()],
    )
    for (const wait of [0, 7 * 60_000, 23 * 60_000, hour, 5 * hour + 59_999]) {
      world().clock.advance(wait)
      const now = world().clock.now().getTime()
      const [counted] = await world().rows(
        `select count(*) filter (where created_at >= ?)::int as created24h, count(*) filter (where created_at >= ?)::int as created7d,
          count(*) filter (where created_at >= ?)::int as created30d, count(*)::int as total from users`,
        [new Date(now - day), new Date(now - 7 * day), new Date(now - 30 * day)],
      )
      expect(await stats()).toMatchObject({ ...counted })
    }
  })

  describe('of an organization', () => {
    let organizationId: SignedInUser['principal']['memberships'][number]['organizationId']
    const domain = `example-${database}.org`
    beforeAll(async () => {
      organizationId = await world().newOrganization()
      await world().ownDomain(organizationId, domain)
    })
    const managed = async (role: 'owner' | 'admin' | 'member', email: string | null = `${crypto.randomUUID()}@${domain}`) => {
      const user = await create(email === null ? { username: `u-${crypto.randomUUID()}`, email: undefined } : { email })
      await execute('update users set home_organization_id = ? where id = ?', [uuidOf(organizationId), uuidOf(user.id)])
      await world().join(organizationId, user, role)
      return user
    }

    test('are of the users that it manages, and of nobody else', async () => {
      const users = [await managed('owner'), await managed('admin'), await managed('member'), await managed('member', null)]
      await managed('admin', newEmail()) // with an address of somebody else's domain
      await world().join(organizationId, await create({ email: `guest@${domain}` }), 'owner') // a member at home elsewhere
      await create()
      await system().users.setStatus({ userId: users[2]?.id ?? 'usr_', status: 'suspended' })
      await execute(`update users set created_at = created_at - interval '8 days', is_bot = true where email = ?`, [users[0]?.email])
      expect(await system().users.stats({ organizationId })).toMatchObject({
        total: 4,
        created24h: 3,
        created7d: 3,
        created30d: 4,
        active: 3,
        suspended: 1,
        admins: 2,
        bots: 1,
        byStatus: { active: 3, suspended: 1, archived: 0 },
        byRole: { owner: 1, admin: 1, member: 2 },
        newest: users[3]?.createdAt,
      })
      const empty = await system().users.stats({ organizationId: await world().newOrganization() })
      expect(empty).toMatchObject({ total: 0, admins: 0, oldest: null, byRole: { owner: 0, admin: 0, member: 0 } })
    })

    test('are for its administrators; those of everybody, and of another, are not', async () => {
      const [admin, member] = [await world().asMember(organizationId, 'admin'), await world().asMember(organizationId, 'member')]
      expect(await admin.as.users.stats({ organizationId })).toMatchObject({ total: 0 })
      const other = await world().newOrganization()
      const nowhere = newId('org', world().clock.now(), crypto.getRandomValues(new Uint8Array(10)))
      for (const id of [other, nowhere])
        await expect(admin.as.users.stats({ organizationId: id })).rejects.toMatchObject({ code: 'request.notFound' })
      await expect(admin.as.users.stats({})).rejects.toMatchObject({ code: 'request.denied' })
      await expect(member.as.users.stats({ organizationId })).rejects.toMatchObject({ code: 'request.denied' })
      await expect(world().asAnonymous().users.stats({})).rejects.toMatchObject({ code: 'request.unauthenticated' })
      expect(await (await world().asMonitor()).as.users.stats({})).toMatchObject({ total: 3, byRole: { monitor: 1 } })
    })
  })
})
