import { uuidOf, type Id } from '@denizen/core'
import { databases, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

describe.each(databases)('organizations.switch on %s', (database) => {
  const world = useWorld({ database })

  async function memberOfTwo() {
    const user = await world().newUser()
    const [first, second] = [await world().newOrganization(), await world().newOrganization()]
    await world().join(first, user, 'owner')
    world().clock.advance(10)
    await world().join(second, user)
    return { user, first, second, ada: await world().signIn(user), elsewhere: await world().signIn(user) }
  }

  const whereIs = async (token: string) => (await world().core.authenticate(token))?.organization?.id ?? null

  test('moves this session, and no other, and is seen at once', async () => {
    const { user, first, second, ada, elsewhere } = await memberOfTwo()
    expect(await whereIs(ada.token)).toBe(first)
    const moved = await ada.as.organizations.switch({ organizationId: second })
    expect(moved).toEqual({ organization: { id: second, slug: expect.any(String), name: expect.any(String) }, role: 'member' })
    expect(world().core.authenticated(ada.token)).toBeUndefined()
    expect(await whereIs(ada.token)).toBe(second)
    expect(await whereIs(elsewhere.token)).toBe(first)
    expect(await world().rows('select 1 from invalidations where ? = any(keys)', [ada.principal.sessionId])).toHaveLength(1)
    expect(await ada.as.organizations.switch({ organizationId: second })).toEqual(moved)
    expect(await ada.as.organizations.switch({ organizationId: null })).toEqual({ organization: null, role: null })
    expect(await whereIs(ada.token)).toBeNull()
    const changes = `select changes from audit_entries where action = 'organizations.switch' and actor_id = ? order by id`
    expect(await world().rows(changes, [uuidOf(user.id)])).toHaveLength(3)
  })

  test('only into an organization of one’s own that is there, also for those who see all', async () => {
    const { ada, first, second } = await memberOfTwo()
    const operator = await world().asSuperadmin()
    const foreign = await world().newOrganization()
    await world().asSystem().organizations.update({ organizationId: second, status: 'suspended' })
    const notFound = { code: 'request.notFound', details: { type: 'organization' } }
    const unknown: Id<'org'> = 'org_01j0000000e008000000000009'
    for (const organizationId of [foreign, second, unknown])
      await expect(ada.as.organizations.switch({ organizationId })).rejects.toMatchObject(notFound)
    for (const organizationId of [foreign, unknown])
      await expect(operator.as.organizations.switch({ organizationId })).rejects.toMatchObject(notFound)
    expect(await whereIs(ada.token)).toBe(first)
    for (const organizationId of [first, null]) {
      await expect(world().asAnonymous().organizations.switch({ organizationId })).rejects.toMatchObject({
        code: 'request.unauthenticated',
      })
      await expect(world().asSystem().organizations.switch({ organizationId })).rejects.toMatchObject({ code: 'request.unauthenticated' })
    }
  })

  test('an organization that goes leaves the session in none', async () => {
    const { ada, first, second } = await memberOfTwo()
    await ada.as.organizations.archive({ organizationId: first })
    expect(await whereIs(ada.token)).toBeNull()
    await ada.as.organizations.switch({ organizationId: second })
    expect(await whereIs(ada.token)).toBe(second)
    await ada.as.organizations.removeMember({ organizationId: second, userId: ada.user.id }).catch(() => undefined)
    expect(await whereIs(ada.token)).toBeNull()
  })

  test('ABUSE 15: an explicit organization beats the one that the session is in', async () => {
    const { ada, first, second } = await memberOfTwo()
    await ada.as.organizations.switch({ organizationId: second })
    expect(await ada.as.organizations.update({ organizationId: first, name: 'From elsewhere' })).toMatchObject({ name: 'From elsewhere' })
    await ada.as.organizations.switch({ organizationId: first })
    await expect(ada.as.organizations.update({ organizationId: second, name: 'No' })).rejects.toMatchObject({ code: 'request.denied' })
    expect(await world().asSystem().organizations.get({ organizationId: second })).not.toMatchObject({ name: 'No' })
  })
})
