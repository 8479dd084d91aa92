import { builtInRoles, type Id } from '@denizen/core'
import type { World } from '@denizen/core/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { useServer } from '../packages/api/src/testing/server.ts'
import { codeOf, denied, facesOf, notFound, notHeld, useCast } from './escalation-cast.ts'

const served = useServer()

describe.each(facesOf(served))('getting above oneself by %s', (_name, as) => {
  const cast = useCast(served)
  let world: World
  let organizationId: Id<'org'>
  beforeAll(() => {
    ;({ world } = served())
    ;({ organizationId } = cast())
  })

  it('ABUSE 20: superadmin is given and taken only by who holds everything, to people who may act, and the last one stays', async () => {
    const { owner } = cast()
    const superadmin = served().admin
    const roleId = builtInRoles.superadmin.id
    const giver = await world.newUser()
    for (const permission of ['access.*', 'users.*', 'queries']) await world.access.give({ userId: giver.id, permission })
    const helper = await world.signIn(giver)
    for (const by of [helper]) {
      await expect(as(by).access.assignRole({ userId: giver.id, roleId })).rejects.toMatchObject(notHeld)
      await expect(as(by).access.unassignRole({ userId: superadmin.user.id, roleId })).rejects.toMatchObject(notHeld)
      await expect(as(by).access.grantPermission({ userId: giver.id, permission: '*' })).rejects.toMatchObject(notHeld)
    }
    await expect(as(owner).access.assignRole({ userId: owner.user.id, roleId })).rejects.toMatchObject(denied)
    const service = await world.newUser({
      kind: 'service',
      email: undefined,
      password: undefined,
      username: `bot-${crypto.randomUUID().slice(0, 8)}`,
    })
    const suspended = await world.newUser()
    await as(superadmin).users.setStatus({ userId: suspended.id, status: 'suspended' })
    for (const { id: userId } of [service, suspended])
      await expect(as(superadmin).access.assignRole({ userId, roleId })).rejects.toMatchObject({ code: 'users.notPromotable' })
    await expect(as(superadmin).access.unassignRole({ userId: superadmin.user.id, roleId })).rejects.toMatchObject({
      code: 'users.lastSuperadmin',
    })
    expect(await as(superadmin).access.assignRole({ userId: giver.id, roleId })).toMatchObject({ assigned: true })
    expect(await codeOf(as(superadmin).access.unassignRole({ userId: giver.id, roleId }))).toBe('done')
  })

  it('ABUSE 21: with the power to impersonate goes what is done by it', async () => {
    const superadmin = served().admin
    const agent = await world.newUser()
    const roleId = await world.access.newRole({ permissions: ['auth.impersonate', 'users.get', 'organizations.create'] })
    await as(superadmin).access.assignRole({ userId: agent.id, roleId })
    const [impersonator, victim] = [await world.signIn(agent), await world.newUser()]
    const { accessToken } = await as(impersonator).auth.impersonate({ userId: victim.id, reason: 'they asked for help' })
    expect((await world.core.authenticate(accessToken))?.userId).toBe(victim.id)
    await as(superadmin).access.unassignRole({ userId: agent.id, roleId })
    expect(await world.core.authenticate(accessToken)).toBeNull()
  })

  it('ABUSE 22: a monitor reads who has what everywhere, and gives nothing', async () => {
    const { member } = cast()
    const monitor = await world.asMonitor()
    expect((await as(monitor).access.listAssignments({ organizationId })).items).toBeDefined()
    expect((await as(monitor).access.listAssignments({ userId: member.user.id })).items.length).toBeGreaterThan(0)
    await expect(
      as(monitor).access.grantPermission({ userId: member.user.id, permission: 'document.read', on: { organizationId } }),
    ).rejects.toMatchObject(denied)
  })

  it('ABUSE 23: whoever had a role of a name has not the next one of that name', async () => {
    const { admin, member } = cast()
    const create = () => as(admin).roles.create({ organizationId, name: 'night watch', permissions: ['night.watch'] })
    const first = await create()
    await as(admin).access.assignRole({ userId: member.user.id, roleId: first.id, on: { organizationId } })
    await as(admin).roles.delete({ roleId: first.id })
    const second = await create()
    expect((await world.core.authenticate(member.token))?.grants.allows('night.watch', organizationId)).toBe(false)
    await expect(as(admin).access.assignRole({ userId: member.user.id, roleId: first.id, on: { organizationId } })).rejects.toMatchObject(
      notFound,
    )
    await as(admin).roles.delete({ roleId: second.id })
    const team = () => as(admin).teams.create({ organizationId, name: 'Night' })
    const { id: teamId } = await team()
    await as(admin).teams.addMember({ teamId, userId: member.user.id })
    await as(admin).access.grantPermission({ teamId, permission: 'night.watch', on: { organizationId } })
    expect((await world.core.authenticate(member.token))?.grants.allows('night.watch', organizationId)).toBe(true)
    await as(admin).teams.delete({ teamId })
    expect((await world.core.authenticate(member.token))?.grants.allows('night.watch', organizationId)).toBe(false)
    const next = await team()
    expect(next.memberCount).toBe(0)
    await expect(as(admin).access.grantPermission({ teamId, permission: 'night.watch', on: { organizationId } })).rejects.toMatchObject(
      notFound,
    )
    await as(admin).teams.delete({ teamId: next.id })
  })

  it('ABUSE 42: an API token gives no more than its scopes say, whatever its user holds', async () => {
    const { admin, member } = cast()
    const scopes = ['access.grantPermission', 'document.read']
    const { secret } = await admin.as.tokens.create({ name: crypto.randomUUID(), scopes })
    const principal = await world.core.authenticate(secret)
    if (principal === null) throw new Error('a new token opens nothing')
    const program = as({ ...admin, token: secret, principal, as: world.core.as({ kind: 'user', principal }) })
    const give = (permission: string) => program.access.grantPermission({ userId: member.user.id, permission, on: { organizationId } })
    expect(await codeOf(give('document.read'))).toBe('done')
    for (const permission of ['document.write', 'document.*', 'teams.create', 'application'])
      await expect(give(permission)).rejects.toMatchObject(notHeld)
    await expect(program.access.unassignRole({ assignmentId: 'asg_01h455vb4pex5vsknk084sn02q' })).rejects.toMatchObject({
      code: 'auth.outOfScope',
    })
    await as(admin).access.revokePermission({ userId: member.user.id, permission: 'document.read', on: { organizationId } })
  })
})
