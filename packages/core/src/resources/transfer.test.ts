import { userActor, type Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { uuidOf } from '../kernel/id.ts'
import type { ResourceId } from './model.ts'

const unknownUser = 'usr_01h455vb4pex5vsknk084sn02q'
const noMember = { code: 'request.notFound', details: { type: 'member' } }
const noUser = { code: 'request.notFound', details: { type: 'user' } }
const noResource = { code: 'request.notFound', details: { type: 'resource' } }

describe.each(databases)('handing resources over on %s', (database) => {
  const world = useWorld({ database })
  let organizationId: Id<'org'>
  let [admin, member]: SignedInUser[] = []
  const people = () => {
    if (admin === undefined || member === undefined) throw new Error('they are there from beforeAll on')
    return { admin, member }
  }
  beforeAll(async () => {
    organizationId = await world().newOrganization()
    admin = await world().asMember(organizationId, 'admin')
    member = await world().asMember(organizationId)
  })

  const register = async (as: SignedInUser, input: Partial<Parameters<SignedInUser['as']['resources']['register']>[0]> = {}) => {
    const made = await as.as.resources.register({ type: 'document', ...input })
    if (made === null) throw new Error('resources.register answered null without ifAbsent')
    return made
  }
  /** Two people who are in an organization together, and nobody else is. */
  const acquainted = async (): Promise<[SignedInUser, SignedInUser]> => {
    const home = await world().newOrganization()
    return [await world().asMember(home), await world().asMember(home)]
  }
  const historyOf = async (id: ResourceId) => {
    const rows = await world().rows<{ value: string | null; began: number; ended: number }>(
      `select value, (extract(epoch from began_at) * 1000)::float8 as began, (extract(epoch from ended_at) * 1000)::float8 as ended
        from former_states where kind = 'ownership' and subject_id = ? order by ended_at`,
      [uuidOf(id)],
    )
    return rows.map(({ value, began, ended }) => ({ value, began: new Date(began), ended: new Date(ended) }))
  }

  test('in an organization to one of its members, or to itself; who owned it since when is remembered', async () => {
    const { admin, member } = people()
    const next = await world().asMember(organizationId)
    const made = await register(admin, { organizationId, ownerUserId: member.user.id })
    const { id: resourceId } = made
    const handedOver: Date[] = []
    for (const toUserId of [next.user.id, null]) {
      world().clock.advance(1000)
      handedOver.push(world().clock.now())
      const to = toUserId === null ? { toOrganization: true } : { toUserId }
      const by = toUserId === null ? next : member
      const { resource, transferred } = await by.as.resources.transfer({ resourceId, ...to })
      expect(transferred).toBe(1)
      expect(resource).toMatchObject({ ownerUserId: toUserId, ownedSince: world().clock.now(), key: made.key })
      await expect(by.as.resources.get({ resourceId })).rejects.toMatchObject(noResource)
    }
    const [first = new Date(0), second = new Date(0)] = handedOver
    expect(await historyOf(resourceId)).toEqual([
      { value: uuidOf(member.user.id), began: made.ownedSince, ended: first },
      { value: uuidOf(next.user.id), began: first, ended: second },
    ])
    const events = await world().rows<{ payload: unknown }>(
      `select payload from events where type = 'resources.transferred' and subject = ?`,
      [resourceId],
    )
    expect(events.map(({ payload }) => payload)).toEqual(
      expect.arrayContaining([
        { resourceId, organizationId, fromUserId: member.user.id, toUserId: next.user.id },
        { resourceId, organizationId, fromUserId: next.user.id, toUserId: null },
      ]),
    )
    world().clock.advance(1)
    const plan = await admin.as.resources.transfer.plan({ resourceId, toUserId: member.user.id })
    expect(plan).toMatchObject({
      rows: { resources: { updated: 1 }, former_states: { inserted: 1 } },
      events: { 'resources.transferred': 1 },
    })
  })

  test('to whoever has it already changes nothing, and strangers are not there, known or not', async () => {
    const { admin, member } = people()
    const made = await register(admin, { organizationId, ownerUserId: member.user.id })
    const { id: resourceId } = made
    expect(await admin.as.resources.transfer({ resourceId, toUserId: member.user.id })).toEqual({ resource: made, transferred: 0 })
    const foreigner = await world().asMember(await world().newOrganization())
    for (const as of [admin.as, member.as, (await world().asSuperadmin()).as, world().asSystem()])
      for (const toUserId of [foreigner.user.id, unknownUser] as const)
        await expect(as.resources.transfer({ resourceId, toUserId })).rejects.toMatchObject(noMember)
    expect(await historyOf(resourceId)).toEqual([])
  })

  test('what is inside keeps its owner in an organization, and follows outside of them', async () => {
    const { admin, member } = people()
    const { id: outer } = await register(admin, { organizationId })
    const { id: inner } = await register(admin, { parentId: outer, ownerUserId: admin.user.id })
    expect((await admin.as.resources.transfer({ resourceId: outer, toUserId: member.user.id })).transferred).toBe(1)
    expect(await member.as.resources.get({ resourceId: inner })).toMatchObject({ ownerUserId: admin.user.id })

    const [ada, bob] = await acquainted()
    const { id: folder } = await register(ada)
    const { id: child } = await register(ada, { parentId: folder })
    await register(ada, { parentId: child })
    await expect(ada.as.resources.transfer({ resourceId: child, toUserId: bob.user.id })).rejects.toMatchObject({
      code: 'resources.insideAnother',
    })
    await expect(ada.as.resources.transfer({ resourceId: folder, toOrganization: true })).rejects.toMatchObject({
      code: 'resources.inNoOrganization',
    })
    world().clock.advance(1)
    expect(await ada.as.resources.transfer({ resourceId: folder, toUserId: bob.user.id })).toMatchObject({ transferred: 3 })
    for (const resourceId of [folder, child]) {
      expect(await bob.as.resources.get({ resourceId })).toMatchObject({ ownerUserId: bob.user.id })
      await expect(ada.as.resources.get({ resourceId })).rejects.toMatchObject(noResource)
      expect(await historyOf(resourceId)).toMatchObject([{ value: uuidOf(ada.user.id) }])
    }
  })

  test('outside of organizations only to somebody who acts', async () => {
    const [ada, { user: suspended }] = await acquainted()
    const { id: resourceId } = await register(ada)
    await world().asSystem().users.setStatus({ userId: suspended.id, status: 'suspended' })
    const [{ organizationId: home } = { organizationId }] = ada.principal.memberships
    const anonymous = await world().newUser()
    await world().join(home, anonymous)
    await world().rows(`update users set kind = 'anonymous', status = 'temporary', email = null where id = ? returning 1`, [
      uuidOf(anonymous.id),
    ])
    for (const toUserId of [suspended.id, anonymous.id, unknownUser] as const)
      await expect(ada.as.resources.transfer({ resourceId, toUserId })).rejects.toMatchObject(noUser)
  })

  test('outside of organizations not to a stranger, known or not: it would count against what they may have', async () => {
    const [ada, bob] = await acquainted()
    const { id: resourceId } = await register(ada)
    const stranger = await world().asMember(await world().newOrganization())
    const former = await world().signUp()
    const suspended = await world().newOrganization()
    for (const { user } of [ada, former]) await world().join(suspended, user)
    await world().rows(`update organizations set status = 'suspended' where id = ? returning 1`, [uuidOf(suspended)])
    const giver = await world().signIn(ada.user)
    const refusals: unknown[] = []
    for (const toUserId of [stranger.user.id, former.user.id, unknownUser] as const)
      refusals.push(await giver.as.resources.transfer({ resourceId, toUserId }).catch((error: unknown) => error))
    expect(refusals).toMatchObject([noUser, noUser, noUser])
    expect(new Set(refusals.map(String)).size).toBe(1)
    expect(await giver.as.resources.get({ resourceId })).toMatchObject({ ownerUserId: ada.user.id })
    // Whoever may do it everywhere hands it to anybody; and nobody is refused what they take themselves, or have.
    expect(await giver.as.resources.transfer({ resourceId, toUserId: ada.user.id })).toMatchObject({ transferred: 0 })
    expect(await giver.as.resources.transfer({ resourceId, toUserId: bob.user.id })).toMatchObject({ transferred: 1 })
    const superadmin = await world().asSuperadmin()
    for (const [by, to] of [
      [superadmin, stranger],
      [superadmin, superadmin],
    ] as const)
      expect(await by.as.resources.transfer({ resourceId, toUserId: to.user.id })).toMatchObject({ transferred: 1 })
    expect(await world().asSystem().resources.transfer({ resourceId, toUserId: former.user.id })).toMatchObject({ transferred: 1 })
  })

  test('where strangers may sign up, the organization that they come into makes nobody known to anybody', async () => {
    const slug = `everybody-${database}`
    const home = await world().newOrganization(slug)
    const [ada, bob] = [await world().asMember(home), await world().asMember(home)]
    const { id: resourceId } = await register(ada)
    const under = (signUp: 'open' | 'closed') =>
      world()
        .another({ settings: { defaultOrganization: slug, signUp } })
        .as(userActor(ada.principal)).resources
    await expect(under('open').transfer({ resourceId, toUserId: bob.user.id })).rejects.toMatchObject(noUser)
    expect(await under('closed').transfer({ resourceId, toUserId: bob.user.id })).toMatchObject({ transferred: 1 })
  })

  test('a key that the new owner has given already is not taken over', async () => {
    const [ada, bob] = await acquainted()
    await register(bob, { key: 'notes' })
    const { id: resourceId } = await register(ada, { key: 'notes' })
    const toUserId = bob.user.id
    await expect(ada.as.resources.transfer({ resourceId, toUserId })).rejects.toMatchObject({ code: 'resources.keyTaken' })
    expect(await ada.as.resources.get({ resourceId })).toMatchObject({ ownerUserId: ada.user.id })
    await ada.as.resources.update({ resourceId, key: 'other notes' })
    expect(await ada.as.resources.transfer({ resourceId, toUserId })).toMatchObject({ transferred: 1 })
  })

  test('ABUSE 19: whoever may only hand over does not get what owners hold by handing it to themselves', async () => {
    const { admin, member } = people()
    const { id: resourceId } = await register(admin, { organizationId })
    for (const permission of ['resources.transfer', 'resources.get', 'resources.*'])
      await world().access.give({ userId: member.user.id, permission, on: { resourceId } })
    await expect(member.as.resources.transfer({ resourceId, toUserId: member.user.id })).rejects.toMatchObject({ code: 'request.denied' })
    expect(await admin.as.resources.get({ resourceId })).toMatchObject({ ownerUserId: null })
  })

  test('ABUSE 7: what was decided from memory is decided anew once it changed hands, or is gone, for all that is inside', async () => {
    const { admin, member } = people()
    const next = await world().asMember(organizationId)
    const { id: resourceId } = await register(admin, { organizationId, ownerUserId: member.user.id })
    const { id: inner } = await register(admin, { parentId: resourceId })
    const may = async ({ as }: SignedInUser, on: ResourceId) =>
      as.access.check({ permission: 'document.read', on: { resourceId: on } }).then(
        ({ allowed }) => allowed,
        () => false,
      )
    const decided = async () => [
      await may(member, resourceId),
      await may(member, inner),
      await may(next, resourceId),
      await may(next, inner),
    ]
    for (let again = 0; again < 2; again++) expect(await decided()).toEqual([true, true, false, false])
    await admin.as.resources.transfer({ resourceId, toUserId: next.user.id })
    for (let again = 0; again < 2; again++) expect(await decided()).toEqual([false, false, true, true])
    await admin.as.resources.delete({ resourceId, recursive: true })
    expect(await decided()).toEqual([false, false, false, false])
  })

  describe('within what policies allow', () => {
    let names = 0
    async function limited(limits: object): Promise<string> {
      const name = `limit-${database}-${++names}`
      await world().newPolicy(name, { maxResourcesPerType: limits })
      return name
    }
    const limitUser = async (user: { id: Id<'usr'> }, limits: object) =>
      world().rows('update users set resource_policy = ? where id = ? returning 1', [await limited(limits), uuidOf(user.id)])
    const tooMany = (type: string, limit: number) => ({ code: 'resources.tooMany', kind: 'limited', details: { type, limit } })

    test('of a user: all that they own counts, wherever it is, by type', async () => {
      const { admin } = people()
      const member = await world().asMember(organizationId)
      await limitUser(member.user, { document: 2, folder: null, constructor: 0 })
      const ownerUserId = member.user.id
      const { id: own } = await register(member)
      await register(admin, { organizationId, ownerUserId })
      for (const call of [
        () => register(member),
        () => register(admin, { organizationId, ownerUserId }),
        () => member.as.resources.register({ type: 'document', ifAbsent: true }),
        () => member.as.resources.registerMany({ items: [{ type: 'document' }] }),
        () => register(member, { parentId: own }),
      ])
        await expect(call()).rejects.toMatchObject(tooMany('document', 2))
      expect(await register(member, { type: 'folder' })).toMatchObject({ type: 'folder' })
      expect(await register(member, { type: 'other' })).toMatchObject({ type: 'other' })
      await expect(register(member, { type: 'constructor' })).rejects.toMatchObject(tooMany('constructor', 0))
      const { id: resourceId } = await register(admin, { organizationId })
      await expect(admin.as.resources.transfer({ resourceId, toUserId: ownerUserId })).rejects.toMatchObject(tooMany('document', 2))
      await member.as.resources.delete({ resourceId: own })
      await expect(member.as.resources.registerMany({ items: [{ type: 'document' }, { type: 'document' }] })).rejects.toMatchObject(
        tooMany('document', 2),
      )
      expect(await admin.as.resources.transfer({ resourceId, toUserId: ownerUserId })).toMatchObject({ transferred: 1 })
    })

    test('of an organization: what it owns itself, of every type', async () => {
      const there = await world().newOrganization()
      const boss = await world().asMember(there, 'owner')
      await world().newPolicy(`one-${database}`, { maxResourcesPerType: 1 })
      await world().rows('update organizations set resource_policy = ? where id = ? returning 1', [`one-${database}`, uuidOf(there)])
      const organization = { organizationId: there }
      const { id: resourceId } = await register(boss, organization)
      await expect(register(boss, organization)).rejects.toMatchObject(tooMany('document', 1))
      const owned = await register(boss, { ...organization, ownerUserId: boss.user.id })
      const back = { resourceId: owned.id, toOrganization: true }
      await expect(boss.as.resources.transfer(back)).rejects.toMatchObject(tooMany('document', 1))
      expect(await register(boss, { ...organization, type: 'folder' })).toMatchObject({ type: 'folder' })
      await boss.as.resources.delete({ resourceId })
      expect(await boss.as.resources.transfer(back)).toMatchObject({ transferred: 1 })
    })

    test("of whoever is given a user's own: everything inside counts", async () => {
      const [ada, bob] = await acquainted()
      const { id: resourceId } = await register(ada, { type: 'folder' })
      await ada.as.resources.registerMany({ parentId: resourceId, items: [{ type: 'document' }, { type: 'document' }] })
      await limitUser(bob.user, { document: 1 })
      const toUserId = bob.user.id
      await expect(ada.as.resources.transfer({ resourceId, toUserId })).rejects.toMatchObject(tooMany('document', 1))
      await limitUser(bob.user, { document: 2 })
      expect(await ada.as.resources.transfer({ resourceId, toUserId })).toMatchObject({ transferred: 3 })
    })
  })
})
