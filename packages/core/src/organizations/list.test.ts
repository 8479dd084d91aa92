import { uuidOf, type Id } from '@denizen/core'
import { bothDatabases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

describe.each(bothDatabases)('organizations.list and organizations.listMembers on %s', (database) => {
  const world = useWorld({ database })
  let ids: Id<'org'>[] = []
  let ada: SignedInUser
  const small = () => ids[0] ?? 'org_'

  beforeAll(async () => {
    const user = await world().newUser({ username: 'ada', email: 'ada@listed.example', fullName: 'Ada Lovelace', displayName: 'Countess' })
    for (let count = 0; count < 7; count++) {
      world().clock.advance(10)
      const id = await world().newOrganization(`listed-${count}`)
      await world().rows('update organizations set name = ? where id = ? returning 1', [`Listed 50%_${count}\\`, uuidOf(id)])
      if (count < 5) await world().join(id, user, count === 0 ? 'owner' : 'member')
      ids.push(id)
    }
    for (let count = 0; count < 3; count++) {
      world().clock.advance(10)
      await world().join(
        small(),
        await world().newUser({ username: `member-${count}`, fullName: `Person 100%_${count}` }),
        count === 0 ? 'admin' : 'member',
      )
    }
    ada = await world().signIn(user)
  })

  /** Every page of a list, and how many there were. */
  async function pages<Item>(
    page: (cursor: string | undefined) => Promise<{ items: Item[]; nextCursor: string | null }>,
  ): Promise<Item[][]> {
    const found: Item[][] = []
    for (let cursor: string | undefined; ;) {
      const { items, nextCursor } = await page(cursor)
      found.push(items)
      if (nextCursor === null) return found
      cursor = nextCursor
    }
  }

  test('members see theirs, whoever may see all sees all, newest first, each with its number of members', async () => {
    const own = await ada.as.organizations.list({ total: true })
    expect(own.items.map(({ id }) => id)).toEqual(ids.slice(0, 5).toReversed())
    expect(own).toMatchObject({ total: 5, nextCursor: null })
    expect(own.items.map(({ memberCount }) => memberCount)).toEqual([1, 1, 1, 1, 4])
    for (const organizations of [world().asSystem().organizations, (await world().asMonitor()).as.organizations]) {
      const all = await organizations.list({ search: 'listed', total: true })
      expect(all.items.map(({ id }) => id)).toEqual(ids.toReversed())
      expect(all.total).toBe(7)
    }
    const stranger = await world().signUp()
    expect(await stranger.as.organizations.list({ total: true })).toEqual({ items: [], nextCursor: null, total: 0 })
    await expect(world().asAnonymous().organizations.list({})).rejects.toMatchObject({ code: 'request.unauthenticated' })
  })

  test('pages hold every one of them once, and the total is that of all pages', async () => {
    const found = await pages((cursor) => ada.as.organizations.list({ limit: 2, cursor, total: true }))
    expect(found.map(({ length }) => length)).toEqual([2, 2, 1])
    expect(found.flat().map(({ id }) => id)).toEqual(ids.slice(0, 5).toReversed())
    expect((await ada.as.organizations.list({ limit: 2, total: true })).total).toBe(5)
    const members = await pages((cursor) => ada.as.organizations.listMembers({ organizationId: small(), limit: 3, cursor }))
    expect(members.map((page) => page.map(({ user }) => user.username))).toEqual([['ada', 'member-0', 'member-1'], ['member-2']])
  })

  test.each([
    ['LISTED', 5],
    ['50%_', 5],
    ['50%_3\\', 1],
    ['%', 5],
    ['_', 5],
    ['\\', 5],
    ['d%5', 0],
    ['listed-4', 1],
    ['listed-5', 0],
    ["' or true --", 0],
  ])('a search for %j finds %i of them: wildcards stand for themselves (47)', async (search, count) => {
    expect((await ada.as.organizations.list({ search, total: true })).total).toBe(count)
    expect((await ada.as.organizations.list({ search })).items).toHaveLength(count)
  })

  test('those that are not active are there only for whoever sees all', async () => {
    const { organizations } = world().asSystem()
    const user = await world().newUser()
    const [suspended, archived, ...others] = await Promise.all(Array.from({ length: 5 }, () => world().newOrganization()))
    if (suspended === undefined || archived === undefined) throw new Error('there are five')
    for (const id of [suspended, archived, ...others]) await world().join(id, user)
    const bob = await world().signIn(user)
    await organizations.update({ organizationId: suspended, status: 'suspended' })
    await organizations.archive({ organizationId: archived })
    for (const status of ['suspended', 'archived'] as const) {
      expect((await bob.as.organizations.list({ status })).items).toEqual([])
      expect((await organizations.list({ status })).items.map(({ id }) => id)).toEqual([status === 'suspended' ? suspended : archived])
    }
    expect((await bob.as.organizations.list({ status: 'active', total: true })).total).toBe(3)
    expect((await bob.as.organizations.list({ total: true })).total).toBe(3)
  })

  test('cursors do not move to other callers, filters, organizations or lists (16)', async () => {
    const { nextCursor } = await world().asSystem().organizations.list({ limit: 1 })
    const { nextCursor: members } = await ada.as.organizations.listMembers({ organizationId: small(), limit: 1 })
    const refused = { code: 'request.invalid', details: { issues: [{ path: 'cursor' }] } }
    const cursor = nextCursor ?? ''
    await expect(ada.as.organizations.list({ cursor })).rejects.toMatchObject(refused)
    await expect(world().asSystem().organizations.list({ cursor, status: 'active' })).rejects.toMatchObject(refused)
    await expect(
      world()
        .asSystem()
        .organizations.list({ cursor: `${cursor}A` }),
    ).rejects.toMatchObject(refused)
    await expect(ada.as.organizations.listMembers({ organizationId: ids[3] ?? 'org_', cursor: members ?? '' })).rejects.toMatchObject(
      refused,
    )
    await expect(
      ada.as.organizations.listMembers({ organizationId: small(), role: 'member', cursor: members ?? '' }),
    ).rejects.toMatchObject(refused)
  })

  test('members as the others see them', async () => {
    const organizationId = small()
    const { items, total } = await ada.as.organizations.listMembers({ organizationId, total: true, limit: 1 })
    expect(total).toBe(4)
    expect(items).toEqual([
      {
        user: {
          id: ada.user.id,
          username: 'ada',
          email: 'ada@listed.example',
          displayName: 'Countess',
          avatarUrl: null,
          status: 'active',
        },
        role: 'owner',
        managed: false,
        joinedAt: expect.any(Date),
      },
    ])
    const found = async (filter: object) =>
      (await ada.as.organizations.listMembers({ organizationId, total: true, ...filter })).items.map(({ user }) => user.username)
    expect(await found({ role: 'member' })).toEqual(['member-1', 'member-2'])
    expect(await found({ role: 'owner' })).toEqual(['ada'])
    for (const search of ['LISTED.example', 'lovelace', 'countess', 'ADA'])
      expect([search, ...(await found({ search }))]).toEqual([search, 'ada'])
    expect(await found({ search: '100%_' })).toEqual(['member-0', 'member-1', 'member-2'])
    expect(await found({ search: 'member_0' })).toEqual([])
    expect(await found({ search: '100%_', role: 'admin' })).toEqual(['member-0'])
  })

  test('who is managed: at home here, with an address in a domain that was proved, or none', async () => {
    const organizationId = await world().newOrganization()
    const admin = await world().asMember(organizationId, 'admin')
    await world().ownDomain(organizationId, 'managed.example')
    const inDomain = await admin.as.users.create({ organizationId, email: 'one@managed.example' })
    const without = await admin.as.users.create({ organizationId, username: 'without-address' })
    const elsewhere = await world().asSystem().users.create({ organizationId, email: 'one@elsewhere.example' })
    const guest = await world().newUser({ email: 'guest@managed.example' })
    await world().join(organizationId, guest)
    const { items } = await admin.as.organizations.listMembers({ organizationId })
    const managed = new Map(items.map((member) => [member.user.id, member.managed]))
    expect(managed.get(inDomain?.id ?? 'usr_')).toBe(true)
    expect(managed.get(without?.id ?? 'usr_')).toBe(true)
    expect(managed.get(elsewhere?.id ?? 'usr_')).toBe(false)
    expect(managed.get(guest.id)).toBe(false)
  })

  test.each(['a\u0000b', 'half \ud800', '', ' '])('a search for %j is refused before the database sees it', async (search) => {
    await expect(ada.as.organizations.list({ search })).rejects.toMatchObject({ code: 'request.invalid' })
    await expect(ada.as.organizations.listMembers({ organizationId: small(), search })).rejects.toMatchObject({ code: 'request.invalid' })
  })

  test('memberships of a user: their own, and of anybody for whoever may see all; an administrator of one organization is told of no other', async () => {
    const userId = ada.user.id
    const { organizations } = (await world().asMonitor()).as
    const items = await pages((cursor) => organizations.listMemberships({ userId, limit: 2, cursor }))
    expect(items.map(({ length }) => length)).toEqual([2, 2, 1])
    expect(items.flat().map(({ organization: { slug }, role }) => [slug, role])).toEqual(
      ['owner', 'member', 'member', 'member', 'member'].map((role, index) => [`listed-${index}`, role]),
    )
    await world().rows(`update organizations set status = 'suspended' where slug = 'listed-4' returning 1`)
    const status = async (as: typeof organizations) =>
      (await as.listMemberships({ userId })).items.map(({ organization }) => organization.status)
    expect(await status(organizations)).toEqual([...Array<string>(4).fill('active'), 'suspended'])
    expect(await status(ada.as.organizations)).toEqual(Array<string>(4).fill('active'))
    await world().rows(`update organizations set status = 'active' where slug = 'listed-4' returning 1`)
    const [organizationId, other] = [await world().newOrganization(), await world().newUser()]
    for (const id of [organizationId, await world().newOrganization()]) await world().join(id, other)
    const admin = await world().asMember(organizationId, 'admin')
    await expect(admin.as.organizations.listMemberships({ userId: other.id })).rejects.toMatchObject({ code: 'request.notFound' })
  })
})
