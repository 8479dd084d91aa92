import { userActor, type Calls, type Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const denied = { code: 'request.denied' }
const noRole = { code: 'request.notFound', details: { type: 'role' } }

let names = 0
const newName = () => `duty ${++names}`

describe.each(databases)('dynamic separation of duty on %s', (database) => {
  const world = useWorld({ database })
  let superadmin: SignedInUser
  beforeAll(async () => {
    superadmin = await world().asSuperadmin()
  })

  const newRole = async (permissions: string[], includes: Id<'rol'>[] = []) =>
    (await superadmin.as.roles.create({ name: newName(), permissions, includes })).id
  const newSet = (roleIds: Id<'rol'>[]) => superadmin.as.access.createExclusion({ name: newName(), kind: 'dynamic', roleIds })

  /** Every action as whoever shows the token, as this process knows them now. */
  async function as(token: string): Promise<Calls> {
    const principal = await world().core.authenticate(token)
    if (principal === null) throw new Error('the token opens nothing')
    return world().core.as(userActor(principal))
  }
  const states = async (token: string) =>
    Object.fromEntries((await (await as(token)).access.listActiveRoles({})).items.map(({ role, state }) => [role.id, state]))
  const counts = async (token: string) => (await as(token)).users.count({})
  const lists = async (token: string) => (await as(token)).users.list({})

  /** Somebody who counts users by one role and lists them by another; the two exclude each other in a session. */
  async function torn() {
    const [counting, listing] = [await newRole(['users.count']), await newRole(['users.list'])]
    const set = await newSet([counting, listing])
    const user = await world().newUser()
    for (const roleId of [counting, listing]) await superadmin.as.access.assignRole({ userId: user.id, roleId })
    return { counting, listing, set, ...(await world().signIn(user)) }
  }

  test('both are given, none is used until it is chosen, and then only that one, in this session only', async () => {
    const { counting, listing, set, token, user } = await torn()
    expect(await states(token)).toMatchObject({ [counting]: 'contested', [listing]: 'contested' })
    await expect(counts(token)).rejects.toMatchObject(denied)
    expect(await (await as(token)).access.activateRole({ roleId: counting })).toEqual({ roleId: counting, state: 'active', changed: true })
    expect(await (await as(token)).access.activateRole({ roleId: counting })).toEqual({ roleId: counting, state: 'active', changed: false })
    expect(await counts(token)).toHaveProperty('count')
    await expect(lists(token)).rejects.toMatchObject(denied)
    const second = await (await as(token)).access.activateRole({ roleId: listing }).catch((error: unknown) => error)
    expect(second).toMatchObject({
      code: 'access.tooManyActive',
      kind: 'conflict',
      details: { exclusion: { id: set.id, name: set.name }, deactivate: [{ id: counting }] },
    })
    const another = await world().signIn(user)
    expect(await states(another.token)).toMatchObject({ [counting]: 'contested', [listing]: 'contested' })

    expect(await (await as(token)).access.deactivateRole({ roleId: counting })).toMatchObject({ state: 'contested', changed: true })
    await expect(counts(token)).rejects.toMatchObject(denied)
    await expect(lists(token)).rejects.toMatchObject(denied)
    await (await as(token)).access.activateRole({ roleId: listing })
    expect(await lists(token)).toHaveProperty('items')
  })

  test('any role can be laid down and taken up again', async () => {
    const counting = await newRole(['users.count'])
    const user = await world().newUser()
    await superadmin.as.access.assignRole({ userId: user.id, roleId: counting })
    const { token } = await world().signIn(user)
    expect(await counts(token)).toHaveProperty('count')
    expect(await (await as(token)).access.deactivateRole({ roleId: counting })).toEqual({
      roleId: counting,
      state: 'deactivated',
      changed: true,
    })
    await expect(counts(token)).rejects.toMatchObject(denied)
    expect(await states(token)).toMatchObject({ [counting]: 'deactivated' })
    expect(await (await as(token)).access.deactivateRole({ roleId: counting })).toMatchObject({ state: 'deactivated', changed: false })
    expect(await counts((await world().signIn(user)).token)).toHaveProperty('count')
    await (await as(token)).access.activateRole({ roleId: counting })
    expect(await counts(token)).toHaveProperty('count')
  })

  test('a set that is made while both are in use takes both away, and gives them back when it goes', async () => {
    const [counting, listing] = [await newRole(['users.count']), await newRole(['users.list'])]
    const outer = await newRole([], [listing])
    const user = await world().newUser()
    for (const roleId of [counting, outer]) await superadmin.as.access.assignRole({ userId: user.id, roleId })
    const { token } = await world().signIn(user)
    const both = async () => [await counts(token), await lists(token)]
    expect(await both()).toHaveLength(2)
    const third = await newRole([])
    const { id: exclusionId } = await newSet([counting, third])
    expect(await both()).toHaveLength(2)
    await superadmin.as.access.updateExclusion({ exclusionId, addRoleIds: [listing] })
    await expect(counts(token)).rejects.toMatchObject(denied)
    await expect(lists(token)).rejects.toMatchObject(denied)
    await superadmin.as.access.updateExclusion({ exclusionId, cardinality: 3 })
    expect(await both()).toHaveLength(2)
    await superadmin.as.access.updateExclusion({ exclusionId, cardinality: 2 })
    await expect(counts(token)).rejects.toMatchObject(denied)
    await superadmin.as.access.deleteExclusion({ exclusionId })
    expect(await both()).toHaveLength(2)
  })

  test('an inclusion that brings a role of a set contests what was in use', async () => {
    const [counting, listing] = [await newRole(['users.count']), await newRole(['users.list'])]
    const outer = await newRole(['users.get'])
    await newSet([counting, listing])
    const user = await world().newUser()
    for (const roleId of [counting, outer]) await superadmin.as.access.assignRole({ userId: user.id, roleId })
    const { token } = await world().signIn(user)
    expect(await counts(token)).toHaveProperty('count')
    await superadmin.as.roles.setParents({ roleId: outer, includes: [listing] })
    await expect(counts(token)).rejects.toMatchObject(denied)
    expect(await states(token)).toMatchObject({ [counting]: 'contested', [outer]: 'contested' })
  })

  test('14: an organization’s set says nothing of what is held elsewhere', async () => {
    const { counting, listing, token } = await torn().then(async (made) => {
      await superadmin.as.access.deleteExclusion({ exclusionId: made.set.id })
      return made
    })
    const organizationId = await world().newOrganization()
    await superadmin.as.access.createExclusion({ organizationId, name: newName(), kind: 'dynamic', roleIds: [counting, listing] })
    expect(await states(token)).toMatchObject({ [counting]: 'active', [listing]: 'active' })
    expect(await counts(token)).toHaveProperty('count')
  })

  test('roles of such a set are not held on resources, before it is made or after', async () => {
    const organizationId = await world().newOrganization()
    const owner = await world().asMember(organizationId, 'owner')
    const member = await world().asMember(organizationId)
    const make = async () => (await owner.as.roles.create({ organizationId, name: newName(), permissions: ['document.read'] })).id
    const [one, two, outer] = [await make(), await make(), await make()]
    const resourceId = await world().access.newResource({ organizationId })
    const on = { resourceId }
    await owner.as.access.assignRole({ userId: member.user.id, roleId: one, on })
    const set = { organizationId, name: newName(), kind: 'dynamic', roleIds: [one, two] } as const
    const heldOnResources = { code: 'access.heldOnResources', details: { assignments: 1 } }
    await expect(owner.as.access.createExclusion({ ...set, roleIds: [...set.roleIds] })).rejects.toMatchObject(heldOnResources)
    await owner.as.access.unassignRole({ userId: member.user.id, roleId: one, on })
    const { id, name } = await owner.as.access.createExclusion({ ...set, roleIds: [...set.roleIds] })
    await expect(owner.as.access.assignRole({ userId: member.user.id, roleId: one, on })).rejects.toMatchObject({
      code: 'access.notOnResources',
      details: { exclusion: { id, name } },
    })
    await owner.as.access.assignRole({ userId: member.user.id, roleId: outer, on })
    await expect(owner.as.roles.setParents({ roleId: outer, includes: [two] })).rejects.toMatchObject(heldOnResources)
    // What is held on resources is laid down as well.
    const { token } = await world().signIn(member.user)
    expect((await (await as(token)).access.listActiveRoles({})).items).toContainEqual({
      role: { id: outer, name: expect.any(String) },
      state: 'active',
      on: { kind: 'resource', organizationId, teamId: null },
    })
    expect(await (await as(token)).access.deactivateRole({ roleId: outer })).toMatchObject({ state: 'deactivated' })
  })

  test('14: a set of another organization keeps no role of the installation off resources here, and its name is not told', async () => {
    const [here, elsewhere] = [await world().newOrganization(), await world().newOrganization()]
    const [one, two] = [await newRole(['users.get']), await newRole(['users.get'])]
    await superadmin.as.access.createExclusion({ organizationId: elsewhere, name: newName(), kind: 'dynamic', roleIds: [one, two] })
    const { user } = await world().asMember(here)
    const resourceId = await world().access.newResource({ organizationId: here })
    const assigning = superadmin.as.access.assignRole({ userId: user.id, roleId: one, on: { resourceId } })
    await expect(assigning).resolves.toMatchObject({ assigned: true })
  })

  test('a role that one has not is not there, and a token has no session to choose for', async () => {
    const { token, user } = await world().signUp()
    const foreign = await newRole(['users.get'])
    for (const roleId of [foreign, 'rol_01h455vb4pex5vsknk084sn02q'] as const) {
      await expect((await as(token)).access.activateRole({ roleId })).rejects.toMatchObject(noRole)
      await expect((await as(token)).access.deactivateRole({ roleId })).rejects.toMatchObject(noRole)
    }
    await superadmin.as.access.assignRole({ userId: user.id, roleId: foreign })
    const { secret: apiToken } = await (await as(token)).tokens.create({ name: 'script' })
    const noSession = { code: 'access.noSession', kind: 'denied' }
    for (const calls of [await as(apiToken), world().asSystem()]) {
      await expect(calls.access.activateRole({ roleId: foreign })).rejects.toMatchObject(noSession)
      await expect(calls.access.deactivateRole({ roleId: foreign })).rejects.toMatchObject(noSession)
      await expect(calls.access.listActiveRoles({})).rejects.toMatchObject(noSession)
    }
    await expect(world().asAnonymous().access.listActiveRoles({})).rejects.toMatchObject({ code: 'request.unauthenticated' })
  })
})
