import type { Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { uuidOf } from '../../kernel/id.ts'
import { builtInRoles } from '../../grants/index.ts'

const excluded = { code: 'access.excluded', kind: 'conflict' }
const violated = { code: 'access.exclusionViolated', kind: 'conflict' }
const noSet = { code: 'request.notFound', details: { type: 'exclusion' } }
const unknownSet = 'exc_01h455vb4pex5vsknk084sn02q'

let names = 0
const newName = () => `thing ${++names}`

describe.each(databases)('static separation of duty on %s', (database) => {
  const world = useWorld({ database })
  let organizationId: Id<'org'>
  let owner: SignedInUser
  let superadmin: SignedInUser
  beforeAll(async () => {
    organizationId = await world().newOrganization()
    owner = await world().asMember(organizationId, 'owner')
    superadmin = await world().asSuperadmin()
  })

  const newRole = async (includes: readonly Id<'rol'>[] = []) =>
    (await owner.as.roles.create({ organizationId, name: newName(), permissions: ['document.read'], includes: [...includes] })).id
  const newSet = (roleIds: readonly Id<'rol'>[], cardinality = 2) =>
    owner.as.access.createExclusion({ organizationId, name: newName(), kind: 'static', roleIds: [...roleIds], cardinality })
  const assign = (userId: Id<'usr'>, roleId: Id<'rol'>) => owner.as.access.assignRole({ userId, roleId, on: { organizationId } })
  const newMember = async () => (await world().asMember(organizationId)).user.id

  test('a set is made, changed, listed and deleted', async () => {
    const [one, two, three] = [await newRole(), await newRole(), await newRole()]
    const name = newName()
    const made = await owner.as.access.createExclusion({ organizationId, name, kind: 'static', roleIds: [one, two, one] })
    expect(made).toMatchObject({ organizationId, name, kind: 'static', cardinality: 2, version: 1 })
    expect(new Set(made.roles.map(({ id }) => id))).toEqual(new Set([one, two]))
    const { id: exclusionId } = made
    const changed = await owner.as.access.updateExclusion({
      exclusionId,
      version: 1,
      addRoleIds: [three, one],
      removeRoleIds: [two],
      name: `${name}!`,
    })
    expect(changed).toMatchObject({ name: `${name}!`, version: 2 })
    expect(new Set(changed.roles.map(({ id }) => id))).toEqual(new Set([one, three]))
    expect(await owner.as.access.updateExclusion({ exclusionId, addRoleIds: [one] })).toEqual(changed)
    await expect(owner.as.access.updateExclusion({ exclusionId, version: 1, cardinality: 2 })).rejects.toMatchObject({
      code: 'request.versionConflict',
    })
    const list = (filter: object) => owner.as.access.listExclusions({ organizationId, total: true, ...filter })
    expect((await list({ roleId: three })).items).toEqual([changed])
    expect(await list({ roleId: two })).toMatchObject({ items: [], total: 0 })
    expect(await list({ roleId: three, kind: 'dynamic' })).toMatchObject({ items: [], total: 0 })
    expect(await owner.as.access.deleteExclusion({ exclusionId })).toEqual({ exclusionId })
    await expect(owner.as.access.deleteExclusion({ exclusionId })).rejects.toMatchObject(noSet)
    const events = await world().rows<{ type: string }>('select type from events where subject = ? order by id', [exclusionId])
    expect(events.map(({ type }) => type).toSorted()).toEqual([
      'access.exclusionCreated',
      'access.exclusionDeleted',
      'access.exclusionUpdated',
    ])
  })

  test('a set has as many roles as are too many together, no built-in ones, and a name of its own', async () => {
    const [one, two] = [await newRole(), await newRole()]
    const tooSmall = { code: 'access.exclusionTooSmall', kind: 'invalid' }
    await expect(newSet([one, two], 3)).rejects.toMatchObject(tooSmall)
    await expect(newSet([one, one])).rejects.toMatchObject(tooSmall)
    await expect(newSet([one, two], 1)).rejects.toMatchObject({ code: 'request.invalid' })
    const { id: exclusionId, name } = await newSet([one, two])
    await expect(owner.as.access.updateExclusion({ exclusionId, removeRoleIds: [one] })).rejects.toMatchObject(tooSmall)
    await expect(owner.as.access.updateExclusion({ exclusionId, cardinality: 3 })).rejects.toMatchObject(tooSmall)
    const taken = { code: 'access.exclusionNameTaken', kind: 'conflict' }
    await expect(owner.as.access.createExclusion({ organizationId, name, kind: 'dynamic', roleIds: [one, two] })).rejects.toMatchObject(
      taken,
    )
    const builtIn = superadmin.as.access.createExclusion({
      name: newName(),
      kind: 'static',
      roleIds: [builtInRoles.superadmin.id, builtInRoles.monitor.id],
    })
    await expect(builtIn).rejects.toMatchObject({ code: 'access.builtInNotExcludable' })
  })

  test('whoever has one of the roles is not given the other: itself, by what it includes, by a team, or for later', async () => {
    const [pays, approves] = [await newRole(), await newRole()]
    const [chief, set] = [await newRole([approves]), await newSet([pays, approves])]
    const details = { exclusion: { id: set.id, name: set.name }, cardinality: 2 }
    const [direct, inclusive, seated] = [await newMember(), await newMember(), await newMember()]

    await assign(direct, pays)
    await expect(assign(direct, approves)).rejects.toMatchObject({ ...excluded, details })
    await assign(inclusive, chief)
    await expect(assign(inclusive, pays)).rejects.toMatchObject({ ...excluded, details })

    const { id: teamId } = await owner.as.teams.create({ organizationId, name: newName() })
    await owner.as.teams.addMember({ teamId, userId: seated })
    await owner.as.access.assignRole({ teamId, roleId: approves, on: { organizationId } })
    await expect(assign(seated, pays)).rejects.toMatchObject({ ...excluded, details })
    await expect(owner.as.teams.addMember({ teamId, userId: direct })).rejects.toMatchObject(excluded)
    const late = await newMember()
    await owner.as.access.assignRole({
      userId: late,
      roleId: pays,
      on: { organizationId },
      validFrom: new Date(world().clock.now().getTime() + 3_600_000),
    })
    await expect(assign(late, approves)).rejects.toMatchObject(excluded)
    const { id: crowd } = await owner.as.teams.create({ organizationId, name: newName() })
    await owner.as.teams.addMember({ teamId: crowd, userId: direct })
    await expect(owner.as.access.assignRole({ teamId: crowd, roleId: chief, on: { organizationId } })).rejects.toMatchObject(excluded)

    await owner.as.access.unassignRole({ userId: direct, roleId: pays, on: { organizationId } })
    await assign(direct, approves)
    const error: unknown = await assign(direct, pays).catch((thrown: unknown) => thrown)
    expect(error).toHaveProperty('details.roles.length', 2)
  })

  test('a role alone that includes too many of a set is given to nobody', async () => {
    const [one, two] = [await newRole(), await newRole()]
    const both = await newRole([one, two])
    const { id: exclusionId } = await newSet([one, two])
    const userId = await newMember()
    await expect(assign(userId, both)).rejects.toMatchObject(excluded)
    await owner.as.access.deleteExclusion({ exclusionId })
    expect(await assign(userId, both)).toMatchObject({ assigned: true })
  })

  test('what those who have roles already would break is refused, and says how many and who', async () => {
    const [one, two, three] = [await newRole(), await newRole(), await newRole()]
    const users = [await newMember(), await newMember(), await newMember()]
    for (const userId of users) for (const roleId of [one, two]) await assign(userId, roleId)
    const error: unknown = await newSet([one, two]).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ ...violated, details: { cardinality: 2, users: 3 } })
    expect(error).toHaveProperty('details.first.length', 3)
    // Two of three are allowed; then the set may not get stricter, in whatever way.
    const { id: exclusionId } = await newSet([one, two, three], 3)
    await expect(owner.as.access.updateExclusion({ exclusionId, cardinality: 2 })).rejects.toMatchObject(violated)
    await expect(assign(users[0] ?? 'usr_', three)).rejects.toMatchObject(excluded)
    await expect(owner.as.roles.setParents({ roleId: two, includes: [three] })).rejects.toMatchObject({
      ...violated,
      details: { users: 3 },
    })
    expect(await world().rows('select 1 from role_closure where role_id = ?', [uuidOf(two)])).toEqual([])
    const four = await newRole()
    const { id: pair } = await newSet([one, four])
    await expect(owner.as.access.updateExclusion({ exclusionId: pair, addRoleIds: [two] })).rejects.toMatchObject(violated)
  })

  test('a role that is deleted leaves its sets, unless too few would be left', async () => {
    const [one, two, three] = [await newRole(), await newRole(), await newRole()]
    const { id: exclusionId, name } = await newSet([one, two, three])
    expect(await owner.as.roles.delete({ roleId: three })).toMatchObject({ exclusionsLeft: 1 })
    const left = await owner.as.access.listExclusions({ organizationId, roleId: one })
    expect(left.items[0]?.roles).toHaveLength(2)
    await expect(owner.as.roles.delete({ roleId: two })).rejects.toMatchObject({
      code: 'roles.excluded',
      details: { exclusions: [{ id: exclusionId, name }] },
    })
  })

  test('13: what somebody has in another organization counts there only, and is not told', async () => {
    const [one, two] = await Promise.all(
      [1, 2].map(async () => (await superadmin.as.roles.create({ name: newName(), permissions: ['document.read'] })).id),
    )
    if (one === undefined || two === undefined) throw new Error('there are two')
    await superadmin.as.access.createExclusion({ name: newName(), kind: 'static', roleIds: [one, two] })
    const elsewhere = await world().newOrganization()
    const { user } = await world().asMember(organizationId)
    await world().join(elsewhere, user)
    await world().access.give({ userId: user.id, roleId: one, on: { organizationId: elsewhere } })
    expect(await assign(user.id, two)).toMatchObject({ assigned: true })
    await expect(assign(user.id, one)).rejects.toMatchObject(excluded)
    // What is held everywhere counts in every organization.
    const everywhere = await world().asMember(organizationId)
    await superadmin.as.access.assignRole({ userId: everywhere.user.id, roleId: one })
    await expect(assign(everywhere.user.id, two)).rejects.toMatchObject(excluded)
    // An organization says nothing of what somebody is elsewhere.
    const both = await world().asMember(elsewhere)
    const [third, fourth] = [await world().access.newRole(), await world().access.newRole()]
    for (const roleId of [third, fourth]) await world().access.give({ userId: both.user.id, roleId, on: { organizationId: elsewhere } })
    expect(await newSet([third, fourth])).toMatchObject({ organizationId })
  })

  test('14, 19: sets of another organization are not there, and nobody makes one of roles above them', async () => {
    const elsewhere = await world().newOrganization()
    const foreigner = await world().asMember(elsewhere, 'owner')
    const ours = [await newRole(), await newRole()] as const
    const { id: set } = await newSet(ours)
    for (const exclusionId of [set, unknownSet] as const)
      for (const call of [
        () => foreigner.as.access.updateExclusion({ exclusionId, name: newName() }),
        () => foreigner.as.access.deleteExclusion({ exclusionId }),
      ])
        await expect(call()).rejects.toMatchObject(noSet)
    await expect(() =>
      foreigner.as.access.createExclusion({ organizationId: elsewhere, name: newName(), kind: 'static', roleIds: [...ours] }),
    ).rejects.toMatchObject({ details: { type: 'role' } })
    const high = (await superadmin.as.roles.create({ organizationId, name: newName(), permissions: ['users.promote'] })).id
    await expect(newSet([ours[0], high])).rejects.toMatchObject({ code: 'access.notHeld' })
    const { id: above } = await superadmin.as.access.createExclusion({
      organizationId,
      name: newName(),
      kind: 'static',
      roleIds: [ours[0], high],
    })
    await expect(owner.as.access.deleteExclusion({ exclusionId: above })).rejects.toMatchObject({ code: 'access.notHeld' })
    const member = await world().asMember(organizationId)
    await expect(member.as.access.listExclusions({ organizationId })).rejects.toMatchObject({ code: 'request.denied' })
    await expect(member.as.access.deleteExclusion({ exclusionId: set })).rejects.toMatchObject(noSet)
    await expect(owner.as.access.listExclusions({})).rejects.toMatchObject({ code: 'request.denied' })
  })
})
