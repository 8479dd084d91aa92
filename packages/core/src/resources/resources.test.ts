import type { Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { uuidOf } from '../kernel/id.ts'
import type { Resource } from './model.ts'

const unknownUser = 'usr_01h455vb4pex5vsknk084sn02q'
const noMember = { code: 'request.notFound', details: { type: 'member' } }
const noResource = { code: 'request.notFound', details: { type: 'resource' } }
const taken = { code: 'resources.keyTaken', kind: 'conflict' }
const denied = { code: 'request.denied' }

describe.each(databases)('resources on %s', (database) => {
  const world = useWorld({ database })
  let organizationId: Id<'org'>
  let [owner, admin, member]: SignedInUser[] = []
  const people = () => {
    if (owner === undefined || admin === undefined || member === undefined) throw new Error('they are there from beforeAll on')
    return { owner, admin, member }
  }

  beforeAll(async () => {
    organizationId = await world().newOrganization()
    owner = await world().asMember(organizationId, 'owner')
    admin = await world().asMember(organizationId, 'admin')
    member = await world().asMember(organizationId)
  })

  async function events(type: string, resourceId: string): Promise<unknown[]> {
    const rows = await world().rows<{ payload: unknown }>('select payload from events where type = ? and subject = ? order by id', [
      type,
      resourceId,
    ])
    return rows.map(({ payload }) => payload)
  }

  const registered = (resource: Resource | null): Resource => {
    if (resource === null) throw new Error('resources.register answered null without ifAbsent')
    return resource
  }
  let keys = 0
  const newKey = () => `key-${++keys}`
  const register = async (as: SignedInUser, input: Partial<Parameters<SignedInUser['as']['resources']['register']>[0]> = {}) =>
    registered(await as.as.resources.register({ type: 'document', ...input }))

  test('admins and owners register them in their organization, and it owns them unless a member is named; members do not', async () => {
    for (const manager of [people().owner, people().admin]) {
      const key = newKey()
      const made = await register(manager, { organizationId, key: `  ${key} `, name: 'The plan' })
      const { id: resourceId } = made
      expect(made).toEqual({
        id: expect.stringMatching(/^res_[0-9a-z]{26}$/),
        type: 'document',
        key,
        name: 'The plan',
        organizationId,
        parentId: null,
        within: [],
        ownerUserId: null,
        ownedSince: made.createdAt,
        version: 1,
        createdBy: manager.user.id,
        createdAt: expect.any(Date),
        updatedAt: made.createdAt,
      })
      for (const named of [{ resourceId }, { type: 'document', key, organizationId }])
        expect(await manager.as.resources.get(named)).toEqual(made)
      expect(await events('resources.registered', resourceId)).toEqual([
        { resourceId, organizationId, type: 'document', key, parentId: null, ownerUserId: null },
      ])
      const audited = await world().rows<{ changes: unknown }>(
        `select changes from audit_entries where target_id = ? and action = 'resources.register'`,
        [resourceId],
      )
      expect(audited).toEqual([{ changes: { type: 'document', key, name: 'The plan' } }])
    }
    const { admin, member } = people()
    expect(await register(admin, { organizationId, ownerUserId: member.user.id })).toMatchObject({ ownerUserId: member.user.id, key: null })
    await expect(register(member, { organizationId })).rejects.toMatchObject(denied)
    await expect(register(member, { organizationId, ownerUserId: member.user.id })).rejects.toMatchObject(denied)
  })

  test('only members can own something in an organization: anybody else is not there, known or not', async () => {
    const foreigner = await world().asMember(await world().newOrganization())
    for (const as of [people().admin.as, (await world().asSuperadmin()).as, world().asSystem()])
      for (const ownerUserId of [foreigner.user.id, unknownUser] as const)
        await expect(as.resources.register({ type: 'document', organizationId, ownerUserId })).rejects.toMatchObject(noMember)
  })

  test('every full user registers their own outside of organizations; anonymous users, and others for them, do not', async () => {
    const person = await world().signUp()
    const key = newKey()
    const made = await register(person, { key })
    expect(made).toMatchObject({ organizationId: null, ownerUserId: person.user.id, createdBy: person.user.id })
    expect(await register(person, { ownerUserId: person.user.id })).toMatchObject({ ownerUserId: person.user.id })
    expect(await person.as.resources.get({ type: 'document', key })).toEqual(made)
    const monitor = await world().asMonitor()
    for (const ownerUserId of [person.user.id, unknownUser] as const) {
      await expect(register(people().admin, { ownerUserId })).rejects.toMatchObject({ code: 'request.notFound' })
      await expect(register(monitor, { ownerUserId })).rejects.toMatchObject(denied)
    }
    const superadmin = await world().asSuperadmin()
    expect(await register(superadmin, { ownerUserId: person.user.id })).toMatchObject({ ownerUserId: person.user.id })
    await expect(register(superadmin, { ownerUserId: unknownUser })).rejects.toMatchObject({
      code: 'request.notFound',
      details: { type: 'user' },
    })
    await expect(world().asSystem().resources.register({ type: 'document' })).rejects.toMatchObject({ code: 'request.invalid' })
    await expect(world().asAnonymous().resources.register({ type: 'document' })).rejects.toMatchObject({ code: 'request.unauthenticated' })
    const stranger = await world().newUser()
    await world().rows(
      `update role_assignments set role_id = (select id from roles where name = 'anonymous') where user_id = ? returning 1`,
      [uuidOf(stranger.id)],
    )
    await expect(register(await world().signIn(stranger))).rejects.toMatchObject(denied)
  })

  test('a key is there once by type: in an organization whoever owns it, and among what one user has outside', async () => {
    const { admin, member } = people()
    const key = newKey()
    await register(admin, { organizationId, key })
    await expect(register(admin, { organizationId, key, ownerUserId: member.user.id })).rejects.toMatchObject(taken)
    expect(await register(admin, { organizationId, key, type: 'folder' })).toMatchObject({ key })
    expect(await register(admin, { key })).toMatchObject({ organizationId: null, key })
    await expect(register(admin, { key })).rejects.toMatchObject(taken)
    expect(await register(member, { key })).toMatchObject({ key })
    expect(await admin.as.resources.register({ type: 'document', organizationId, key, ifAbsent: true })).toBeNull()
    const other = newKey()
    const second = await register(admin, { organizationId, key: other })
    await expect(admin.as.resources.update({ resourceId: second.id, key })).rejects.toMatchObject(taken)
    const absent = await admin.as.resources.register({ type: 'document', organizationId, key: newKey(), ifAbsent: true })
    expect(absent).toMatchObject({ type: 'document' })
    const elsewhere = await world().newOrganization()
    const foreigner = await world().asMember(elsewhere, 'owner')
    expect(await register(foreigner, { organizationId: elsewhere, key })).toMatchObject({ key })
    expect([await register(admin, { organizationId }), await register(admin, { organizationId })]).toEqual([
      expect.objectContaining({ key: null }),
      expect.objectContaining({ key: null }),
    ])
  })

  test('a loser that asked for ifAbsent leaves no event, and says what it was about', async () => {
    const { admin } = people()
    const key = newKey()
    const { id } = await register(admin, { organizationId, key })
    const before = await world().counts()
    expect(await admin.as.resources.register({ type: 'document', organizationId, key, ifAbsent: true })).toBeNull()
    const after = await world().counts()
    expect([after['resources'], after['events']]).toEqual([before['resources'], before['events']])
    expect(await admin.as.resources.get({ type: 'document', organizationId, key })).toMatchObject({ id })
  })

  test('they are renamed, by whoever read the version that they have; nothing said means nothing changed', async () => {
    const { admin, member } = people()
    const made = await register(admin, { organizationId, key: newKey(), name: 'Before' })
    const { id: resourceId } = made
    const key = newKey()
    const changed = await admin.as.resources.update({ resourceId, version: 1, name: 'After', key })
    expect(changed).toEqual({ ...made, name: 'After', key, version: 2, updatedAt: changed.updatedAt })
    expect(await admin.as.resources.update({ resourceId, name: 'After' })).toEqual(changed)
    expect(await admin.as.resources.update({ resourceId })).toEqual(changed)
    await expect(admin.as.resources.update({ resourceId, version: 1, name: 'Late' })).rejects.toMatchObject({
      code: 'request.versionConflict',
    })
    expect(await admin.as.resources.update({ resourceId, name: null, key: null })).toMatchObject({ name: null, key: null, version: 3 })
    expect(await events('resources.updated', resourceId)).toEqual([
      { resourceId, organizationId, fields: ['name', 'key'] },
      { resourceId, organizationId, fields: ['name', 'key'] },
    ])
    await expect(member.as.resources.update({ resourceId, name: 'Mine' })).rejects.toMatchObject(noResource)
  })

  test('whoever owns one in an organization does what it wants with it, as long as it is a member', async () => {
    const boss = people().admin
    const person = await world().asMember(organizationId)
    const { id: resourceId } = await register(boss, { organizationId, ownerUserId: person.user.id, name: 'Theirs' })
    expect(await person.as.resources.update({ resourceId, name: 'Mine' })).toMatchObject({ name: 'Mine' })
    expect(await register(person, { parentId: resourceId })).toMatchObject({ organizationId, ownerUserId: null, within: [resourceId] })
    await boss.as.organizations.removeMember({ organizationId, userId: person.user.id })
    const again = await world().signIn(person.user)
    for (const call of [
      () => again.as.resources.get({ resourceId }),
      () => again.as.resources.update({ resourceId, name: 'Still mine' }),
      () => again.as.resources.delete({ resourceId, recursive: true }),
      () => register(again, { parentId: resourceId }),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'request.notFound' })
    expect((await again.as.resources.list({ total: true })).total).toBe(0)
    expect(await boss.as.resources.get({ resourceId })).toMatchObject({ ownerUserId: person.user.id })
    await boss.as.organizations.addMember({ organizationId, userId: person.user.id }).catch(() => world().join(organizationId, person.user))
    expect(await (await world().signIn(person.user)).as.resources.get({ resourceId })).toMatchObject({ name: 'Mine' })
  })

  test('many are registered at once in the order that they came in, or none of them', async () => {
    const { admin, member } = people()
    const items = Array.from({ length: 1000 }, (_, index) => ({ type: 'row', key: `${database}-${index}`, name: `Row ${index}` }))
    const { items: made } = await admin.as.resources.registerMany({ organizationId, ownerUserId: member.user.id, items })
    expect(made.map(({ key }) => key)).toEqual(items.map(({ key }) => key))
    expect(new Set(made.map(({ id }) => id)).size).toBe(1000)
    const [first] = made
    expect(await admin.as.resources.get({ resourceId: first?.id ?? 'res_' })).toEqual(first)
    const more = [
      { type: 'row', key: newKey() },
      { type: 'row', key: `${database}-7` },
    ]
    await expect(admin.as.resources.registerMany({ organizationId, items: more })).rejects.toMatchObject(taken)
    const twice = [
      { type: 'row', key: 'twice' },
      { type: 'row', key: 'twice' },
    ]
    await expect(admin.as.resources.registerMany({ organizationId, items: twice })).rejects.toMatchObject(taken)
    expect((await admin.as.resources.list({ organizationId, type: 'row', limit: 1, total: true })).total).toBe(1000)
    expect(await events('resources.registered', first?.id ?? '')).toHaveLength(1)
    await expect(member.as.resources.registerMany({ organizationId, items: more })).rejects.toMatchObject(denied)
  })

  test('nothing changes in an organization that is suspended, and one that is archived has none', async () => {
    const there = await world().newOrganization()
    const boss = await world().asMember(there, 'owner')
    const { id: resourceId } = await register(boss, { organizationId: there })
    const superadmin = await world().asSuperadmin()
    const become = (status: string) =>
      world().rows(`update organizations set status = ?, archived_at = case when ?::boolean then now() end where id = ? returning 1`, [
        status,
        status === 'archived',
        uuidOf(there),
      ])
    for (const status of ['suspended', 'archived']) {
      await become(status)
      for (const call of [
        () => register(superadmin, { organizationId: there }),
        () => register(superadmin, { parentId: resourceId }),
        () => superadmin.as.resources.update({ resourceId, name: 'Another' }),
        () => superadmin.as.resources.delete({ resourceId }),
        () => superadmin.as.resources.transfer({ resourceId, toOrganization: true }),
      ])
        await expect(call()).rejects.toMatchObject({ code: 'organizations.inactive' })
      const again = await world().signIn(boss.user)
      await expect(again.as.resources.get({ resourceId })).rejects.toMatchObject(noResource)
      await expect(again.as.resources.list({ organizationId: there })).rejects.toMatchObject({ code: 'request.notFound' })
    }
  })

  test('fields that only Denizen sets are refused, and so is what is badly formed', async () => {
    const { admin } = people()
    for (const more of [{ path: [] }, { home: 'x' }, { ownedSince: new Date() }, { version: 4 }, { createdBy: admin.user.id }])
      await expect(register(admin, { organizationId, ...more })).rejects.toMatchObject({ code: 'request.invalid' })
    for (const type of ['Document', '1st', '', 'a'.repeat(65), 'document.read', 'döc'])
      await expect(register(admin, { organizationId, type })).rejects.toMatchObject({ code: 'request.invalid' })
    for (const type of ['constructor', 'users', 'a', 'a'.repeat(64)])
      expect(await register(admin, { organizationId, type })).toMatchObject({ type })
    await expect(admin.as.resources.get({ type: 'document' })).rejects.toMatchObject({ code: 'request.invalid' })
    const { id: resourceId } = await register(admin, { organizationId })
    await expect(admin.as.resources.get({ resourceId, type: 'document', key: 'x' })).rejects.toMatchObject({ code: 'request.invalid' })
    await expect(admin.as.resources.transfer({ resourceId })).rejects.toMatchObject({ code: 'request.invalid' })
  })
})
