import type { Id } from '@denizen/core'
import { bothDatabases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { uuidOf } from '../kernel/id.ts'
import type { Resource, ResourceId } from './model.ts'

const unknown = 'res_01h455vb4pex5vsknk084sn02q'
const noResource = { code: 'request.notFound', details: { type: 'resource' } }
const noPlace = { code: 'request.notFound', details: { type: 'place' } }

describe.each(bothDatabases)('resources inside each other on %s', (database) => {
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
    const made = await as.as.resources.register({ type: 'folder', ...input })
    if (made === null) throw new Error('resources.register answered null without ifAbsent')
    return made
  }
  const idsOf = (items: readonly Resource[]) => items.map(({ id }) => id).sort()

  /** One inside the other, the outermost first. */
  async function chain(as: SignedInUser, depth: number, where: { organizationId?: Id<'org'> }): Promise<ResourceId[]> {
    const ids: ResourceId[] = []
    for (let index = 0; index < depth; index++) {
      const parentId = ids.at(-1)
      ids.push((await register(as, parentId === undefined ? where : { parentId })).id)
    }
    return ids
  }

  test('what is inside another is in the same organization, and knows all that it is in', async () => {
    const ids = await chain(people().admin, 3, { organizationId })
    const [outer = unknown, middle = unknown, inner = unknown] = ids
    const shown = await people().admin.as.resources.get({ resourceId: inner })
    expect(shown).toMatchObject({ organizationId, parentId: middle, within: [middle, outer], ownerUserId: null })
    expect(await register(people().admin, { parentId: outer, organizationId })).toMatchObject({ organizationId, within: [outer] })
    const elsewhere = await world().newOrganization()
    const superadmin = await world().asSuperadmin()
    await expect(register(superadmin, { parentId: outer, organizationId: elsewhere })).rejects.toMatchObject({ code: 'request.notFound' })
    const foreigner = await world().asMember(elsewhere)
    await expect(register(people().admin, { parentId: outer, ownerUserId: foreigner.user.id })).rejects.toMatchObject({
      code: 'request.notFound',
      details: { type: 'member' },
    })
    const many = await people().admin.as.resources.registerMany({ parentId: middle, items: [{ type: 'a' }, { type: 'b' }] })
    for (const made of many.items) expect(made).toMatchObject({ within: [middle, outer], organizationId })
  })

  test('sixteen deep is as deep as it goes', async () => {
    const ids = await chain(people().admin, 16, { organizationId })
    await expect(register(people().admin, { parentId: ids[15] })).rejects.toMatchObject({
      code: 'resources.tooDeep',
      details: { limit: 16 },
    })
    expect(await register(people().admin, { parentId: ids[14] })).toMatchObject({ parentId: ids[14] })
  })

  test("inside somebody's own everything is theirs, whoever put it there", async () => {
    const [ada, bob] = [await world().signUp(), await world().signUp()]
    const { id: folder } = await register(ada)
    await expect(register(bob, { parentId: folder })).rejects.toMatchObject(noPlace)
    await world().access.give({ userId: bob.user.id, permission: 'resources.register', on: { resourceId: folder } })
    const put = await register(bob, { parentId: folder })
    expect(put).toMatchObject({ ownerUserId: ada.user.id, createdBy: bob.user.id, organizationId: null })
    await expect(register(bob, { parentId: folder, ownerUserId: bob.user.id })).rejects.toMatchObject({ code: 'resources.otherOwner' })
    expect(await register(bob, { parentId: folder, ownerUserId: ada.user.id })).toMatchObject({ ownerUserId: ada.user.id })
    // What was granted is to put things there, not to see or take them.
    await expect(bob.as.resources.get({ resourceId: put.id })).rejects.toMatchObject(noResource)
    await expect(bob.as.resources.delete({ resourceId: put.id })).rejects.toMatchObject(noResource)
    expect(await ada.as.resources.get({ resourceId: put.id })).toEqual(put)
  })

  test('whoever owns one, or was given something on it, has that for all inside, and for nothing else', async () => {
    const { admin, member } = people()
    const [outer = unknown, middle = unknown, inner = unknown] = await chain(admin, 3, { organizationId })
    const { id: beside } = await register(admin, { parentId: outer })
    await world().access.give({ userId: member.user.id, permission: 'resources.get', on: { resourceId: middle } })
    expect(await member.as.resources.get({ resourceId: inner })).toMatchObject({ id: inner })
    for (const resourceId of [outer, beside]) await expect(member.as.resources.get({ resourceId })).rejects.toMatchObject(noResource)
    await expect(member.as.resources.update({ resourceId: inner, name: 'x' })).rejects.toMatchObject({ code: 'request.denied' })
    await admin.as.resources.transfer({ resourceId: middle, toUserId: member.user.id })
    expect(await member.as.resources.update({ resourceId: inner, name: 'x' })).toMatchObject({ name: 'x' })
    await expect(member.as.resources.update({ resourceId: beside, name: 'x' })).rejects.toMatchObject(noResource)
  })

  test('one that is not empty is deleted with all that is inside or not at all, and what was given on them ends', async () => {
    const { admin, member } = people()
    const [outer = unknown, middle = unknown, inner = unknown] = await chain(admin, 3, { organizationId })
    const { id: beside } = await register(admin, { organizationId })
    await expect(admin.as.resources.delete({ resourceId: outer })).rejects.toMatchObject({
      code: 'resources.notEmpty',
      kind: 'conflict',
      details: { count: 2 },
    })
    const now = world().clock.now()
    const later = new Date(now.getTime() + 60_000)
    const userId = member.user.id
    await world().access.give({ userId, permission: 'folder.read', on: { resourceId: inner } })
    await world().access.give({ userId, permission: 'folder.write', on: { resourceId: outer }, validFrom: later })
    await world().access.give({ userId, permission: 'folder.past', on: { resourceId: outer }, validFrom: new Date(0), validUntil: now })
    await world().access.give({ userId, permission: 'folder.read', on: { resourceId: beside } })
    world().clock.advance(1)
    const plan = await admin.as.resources.delete.plan({ resourceId: middle, recursive: true })
    expect(plan).toMatchObject({
      rows: { resources: { updated: 2 }, role_assignments: { updated: 1 } },
      events: { 'resources.deleted': 2 },
    })
    expect(await admin.as.resources.delete({ resourceId: outer, recursive: true })).toEqual({
      resourceId: outer,
      deleted: 3,
      assignmentsEnded: 2,
    })
    for (const resourceId of [outer, middle, inner]) await expect(admin.as.resources.get({ resourceId })).rejects.toMatchObject(noResource)
    await expect(register(admin, { parentId: inner })).rejects.toMatchObject(noPlace)
    const rows = await world().rows<{ permission: string; over: boolean; by: string | null }>(
      `select permission, revoked_at is not null as over, revoked_by::text as by from role_assignments
        where user_id = ? and permission like 'folder.%' order by 1, 2`,
      [uuidOf(userId)],
    )
    expect(rows).toEqual([
      { permission: 'folder.past', over: false, by: null },
      { permission: 'folder.read', over: false, by: null },
      { permission: 'folder.read', over: true, by: uuidOf(admin.user.id) },
      { permission: 'folder.write', over: true, by: uuidOf(admin.user.id) },
    ])
    expect(
      await world().rows(`select 1 from events where type = 'resources.deleted' and subject = any(?)`, [
        `{${[outer, middle, inner].join(',')}}`,
      ]),
    ).toHaveLength(3)
    expect(await admin.as.resources.delete({ resourceId: beside })).toMatchObject({ deleted: 1, assignmentsEnded: 1 })
  })

  test('the key of what was deleted is free again', async () => {
    const { admin } = people()
    const { id: resourceId } = await register(admin, { organizationId, key: 'again' })
    await admin.as.resources.delete({ resourceId })
    const next = await register(admin, { organizationId, key: 'again' })
    expect(next.id).not.toBe(resourceId)
    expect(await admin.as.resources.get({ type: 'folder', key: 'again', organizationId })).toEqual(next)
  })

  test('lists show what is directly inside, or all of it, page by page', async () => {
    const { admin, member } = people()
    const [outer = unknown, middle = unknown, inner = unknown] = await chain(admin, 3, { organizationId })
    const { items: made } = await admin.as.resources.registerMany({
      parentId: middle,
      items: ['Alpha', 'alp_ine', 'Beta'].map((name, index) => ({ type: 'file', name, key: `${outer}-${index}` })),
    })
    const below = [inner, ...made.map(({ id }) => id)].sort()
    expect(idsOf((await admin.as.resources.list({ parentId: middle })).items)).toEqual(below)
    expect(idsOf((await admin.as.resources.list({ parentId: outer })).items)).toEqual([middle])
    const seen: Resource[] = []
    for await (const one of admin.as.resources.list({ within: outer, limit: 2 })) seen.push(one)
    expect(idsOf(seen)).toEqual([middle, ...below].sort())
    expect((await admin.as.resources.list({ within: outer, limit: 1, total: true })).total).toBe(5)
    expect((await admin.as.resources.list({ within: outer, type: 'file', total: true })).total).toBe(3)
    const namesOf = async (search: string) =>
      (await admin.as.resources.list({ within: outer, search })).items.map(({ name }) => String(name)).sort()
    expect(await namesOf('ALP')).toEqual(['Alpha', 'alp_ine'])
    expect(await namesOf('alp_')).toEqual(['alp_ine'])
    expect(await namesOf('%')).toEqual([])
    expect(await namesOf(outer)).toHaveLength(3)
    await expect(member.as.resources.list({ within: outer })).rejects.toMatchObject(noPlace)
    await world().access.give({ userId: member.user.id, permission: 'resources.list', on: { resourceId: middle } })
    expect(idsOf((await member.as.resources.list({ within: middle })).items)).toEqual(below)
    await expect(member.as.resources.list({ within: outer })).rejects.toMatchObject(noPlace)
    await expect(admin.as.resources.list({ within: outer, parentId: outer })).rejects.toMatchObject({ code: 'request.invalid' })
  })
})
