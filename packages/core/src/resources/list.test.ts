import { userActor, type Id } from '@denizen/core'
import { databases, type SignedInUser, useFreshWorlds } from '@denizen/core/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ResourceId } from './model.ts'

const unknownUser = 'usr_01h455vb4pex5vsknk084sn02q'

describe.each(databases)('lists of resources on %s', (database) => {
  const world = useFreshWorlds({ database })
  let organizationId: Id<'org'>
  let [admin, member, stranger]: SignedInUser[] = []
  const made: Record<'theirs' | 'owned' | 'own' | 'elsewhere', ResourceId> = {
    theirs: 'res_',
    owned: 'res_',
    own: 'res_',
    elsewhere: 'res_',
  }
  const people = () => {
    if (admin === undefined || member === undefined || stranger === undefined) throw new Error('they are there from beforeEach on')
    return { admin, member, stranger }
  }
  beforeEach(async () => {
    organizationId = await world().newOrganization()
    admin = await world().asMember(organizationId, 'admin')
    const elsewhere = await world().newOrganization()
    const user = await world().newUser()
    for (const where of [organizationId, elsewhere]) await world().join(where, user)
    member = await world().signIn(user)
    stranger = await world().signUp()
    const ownerUserId = user.id
    made.theirs = await world().access.newResource({ organizationId })
    made.owned = await world().access.newResource({ organizationId, ownerUserId })
    made.own = await world().access.newResource({ ownerUserId })
    made.elsewhere = await world().access.newResource({ organizationId: elsewhere, ownerUserId })
  })

  const listed = async (as: SignedInUser, input: Parameters<SignedInUser['as']['resources']['list']>[0] = {}) => {
    const { items, total } = await as.as.resources.list({ ...input, total: true })
    expect(total).toBe(items.length)
    return items.map(({ id }) => id).sort()
  }
  const sorted = (...ids: readonly ResourceId[]) => [...ids].sort()

  test('an admin sees all of the organization; a member what it owns there; nobody else anything', async () => {
    const { admin, member, stranger } = people()
    expect(await listed(admin, { organizationId })).toEqual(sorted(made.theirs, made.owned))
    expect(await listed(admin, { organizationId, ownerUserId: member.user.id })).toEqual([made.owned])
    expect(await listed(member, { organizationId })).toEqual([made.owned])
    expect(await listed(member, { organizationId, ownerUserId: member.user.id })).toEqual([made.owned])
    await expect(listed(member, { organizationId, ownerUserId: admin.user.id })).rejects.toMatchObject({ code: 'request.denied' })
    await expect(listed(stranger, { organizationId })).rejects.toMatchObject({ code: 'request.notFound' })
  })

  test('without a place everybody sees what they own, wherever they are a member; whoever may everywhere sees all', async () => {
    const { admin, member, stranger } = people()
    expect(await listed(member)).toEqual(sorted(made.owned, made.own, made.elsewhere))
    expect(await listed(member, { ownerUserId: member.user.id })).toEqual(await listed(member))
    expect(await listed(admin)).toEqual([])
    expect(await listed(stranger)).toEqual([])
    for (const ownerUserId of [member.user.id, unknownUser] as const)
      await expect(listed(stranger, { ownerUserId })).rejects.toMatchObject({ code: 'request.notFound' })
    for (const reader of [await world().asSuperadmin(), await world().asMonitor()]) {
      expect(await listed(reader)).toEqual(sorted(...Object.values(made)))
      expect(await listed(reader, { ownerUserId: member.user.id })).toEqual(await listed(member))
      await expect(listed(reader, { ownerUserId: unknownUser })).rejects.toMatchObject({
        code: 'request.notFound',
        details: { type: 'user' },
      })
      await expect(listed(reader, { organizationId, ownerUserId: stranger.user.id })).rejects.toMatchObject({ code: 'request.notFound' })
    }
    await expect(world().asAnonymous().resources.list()).rejects.toMatchObject({ code: 'request.unauthenticated' })
  })

  test('whoever lost the organization does not see there what it owns', async () => {
    const leaver = await world().asMember(organizationId)
    const owned = await world().access.newResource({ organizationId, ownerUserId: leaver.user.id })
    expect(await listed(leaver)).toEqual([owned])
    await people().admin.as.organizations.removeMember({ organizationId, userId: leaver.user.id })
    expect(await listed(await world().signIn(leaver.user))).toEqual([])
    expect(await listed(people().admin, { organizationId, ownerUserId: leaver.user.id })).toEqual([owned])
    await people().admin.as.resources.delete({ resourceId: owned })
  })

  test('a token for one organization shows what is there, and registers nothing outside of it', async () => {
    const { member } = people()
    const { secret } = await member.as.tokens.create({ name: 'app', organizationId })
    const principal = await world().core.authenticate(secret)
    if (principal === null) throw new Error('a new token opens nothing')
    const as = world().core.as(userActor(principal))
    const { items } = await as.resources.list()
    expect(items.map(({ id }) => id)).toEqual([made.owned])
    await expect(as.resources.register({ type: 'document' })).rejects.toMatchObject({ code: 'request.denied' })
    await expect(as.resources.get({ resourceId: made.own })).rejects.toMatchObject({ code: 'request.notFound' })
    await expect(as.resources.get({ resourceId: made.elsewhere })).rejects.toMatchObject({ code: 'request.notFound' })
    expect(await as.resources.get({ resourceId: made.owned })).toMatchObject({ id: made.owned })
  })

  test('a cursor goes on with the same list only, of the same caller', async () => {
    const { admin, member } = people()
    await world().access.newResource({ organizationId })
    const { nextCursor } = await admin.as.resources.list({ organizationId, limit: 1 })
    const cursor = nextCursor ?? ''
    const invalid = { code: 'request.invalid' }
    await expect(admin.as.resources.list({ organizationId, type: 'document', cursor })).rejects.toMatchObject(invalid)
    await expect(admin.as.resources.list({ cursor })).rejects.toMatchObject(invalid)
    await expect(member.as.resources.list({ organizationId, cursor })).rejects.toMatchObject(invalid)
    const own = (await member.as.resources.list({ limit: 1 })).nextCursor ?? ''
    await expect(admin.as.resources.list({ cursor: own })).rejects.toMatchObject(invalid)
    expect((await member.as.resources.list({ limit: 1, cursor: own })).items).toHaveLength(1)
    expect((await admin.as.resources.list({ organizationId, limit: 1, cursor })).items).toHaveLength(1)
  })
})
