import type { Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const notFound = { code: 'request.notFound', kind: 'notFound', details: { type: 'organization' } }
const denied = { code: 'request.denied', kind: 'denied' }
const missing = 'org_01h455vb4pex5vsknk084sn02q'

describe.each(databases)('users of an organization on %s', (database) => {
  const world = useWorld({ database })
  let home: Id<'org'>
  let other: Id<'org'>
  let admin: SignedInUser
  beforeAll(async () => {
    home = await world().newOrganization()
    other = await world().newOrganization()
    await world().ownDomain(home, 'home.example')
    admin = await world().asMember(home, 'admin')
    const operator = world().asSystem().users
    await operator.create({ organizationId: home, username: 'managed', email: 'managed@home.example', privateMetadata: { a: 1 } })
    await operator.create({ organizationId: other, username: 'managed-elsewhere' })
    await world().join(home, await world().newUser({ username: 'managed-by-nobody' }))
  })

  test('are those whom it manages, in lists, searches and counts', async () => {
    const { users } = admin.as
    for (const { as } of [admin, await world().asSuperadmin()])
      expect((await as.users.list({ organizationId: home, total: true })).total).toBe(1)
    expect((await users.list({ organizationId: home })).items).toMatchObject([{ username: 'managed', privateMetadata: { a: 1 } }])
    const found = await users.search({ organizationId: home, query: 'managed', total: true })
    expect(found).toMatchObject({ items: [{ username: 'managed', match: 'exact' }], total: 1 })
    expect((await users.search({ organizationId: home, query: 'manage-elsewhere' })).items).toEqual([])
    expect(await users.count({ organizationId: home })).toEqual({ count: 1 })
  })

  test('are not for those who are admins of another, or only members, nor is the rest of the installation', async () => {
    const [stranger, member] = [await world().asMember(other, 'owner'), await world().asMember(home)]
    for (const organizationId of [home, missing] as const) {
      await expect(stranger.as.users.list({ organizationId })).rejects.toMatchObject(notFound)
      await expect(stranger.as.users.search({ organizationId, query: 'managed' })).rejects.toMatchObject(notFound)
      await expect(stranger.as.users.count({ organizationId })).rejects.toMatchObject(notFound)
    }
    await expect(member.as.users.list({ organizationId: home })).rejects.toMatchObject(denied)
    await expect(admin.as.users.list({})).rejects.toMatchObject(denied)
    await expect(admin.as.users.search({ query: 'managed' })).rejects.toMatchObject(denied)
    await expect(admin.as.users.count({ where: { homeOrganizationId: home } })).rejects.toMatchObject(denied)
  })

  test('cannot be asked who of them is in another organization, or holds a role everywhere', async () => {
    for (const memberOf of [other, missing] as const)
      for (const where of [{ memberOf }, { not: { memberOf } }, { or: [{ and: [{ memberOf }] }, {}] }]) {
        await expect(admin.as.users.list({ organizationId: home, where })).rejects.toMatchObject(notFound)
        await expect(admin.as.users.count({ organizationId: home, where })).rejects.toMatchObject(notFound)
        await expect(admin.as.users.search({ organizationId: home, where, query: 'managed' })).rejects.toMatchObject(notFound)
      }
    expect(await admin.as.users.count({ organizationId: home, where: { memberOf: home } })).toEqual({ count: 1 })
    await expect(admin.as.users.count({ organizationId: home, where: { not: { role: 'superadmin' } } })).rejects.toMatchObject(denied)
    expect(
      await world()
        .asSystem()
        .users.count({ organizationId: home, where: { role: 'user', memberOf: home } }),
    ).toEqual({ count: 1 })
  })
})

describe('the filter by role', () => {
  const world = useWorld()

  test('knows who holds it now: from the moment it is valid, until it ends', async () => {
    const [held, ended, coming] = [await world().newUser(), await world().newUser(), await world().newUser()]
    const at = (hours: number) => new Date(world().clock.now().getTime() + hours * 3_600_000)
    await world().grant(held, 'monitor')
    await world().grant(ended, 'monitor', { validFrom: at(-2), validUntil: at(-1) })
    await world().grant(coming, 'monitor', { validFrom: at(1), validUntil: at(2) })
    const holders = async () =>
      (
        await world()
          .asSystem()
          .users.list({ where: { role: 'monitor' } })
      ).items.map(({ id }) => id)
    expect(await holders()).toEqual([held.id])
    world().clock.advance(3_600_000)
    expect(new Set(await holders())).toEqual(new Set([held.id, coming.id]))
    world().clock.advance(3_600_000)
    expect(await holders()).toEqual([held.id])
  })
})
