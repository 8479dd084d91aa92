import type { Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ResourceId } from '../model.ts'

const unknown = { user: 'usr_01h455vb4pex5vsknk084sn02q', asg: 'asg_01h455vb4pex5vsknk084sn02q' } as const
const noResource = { code: 'request.notFound', details: { type: 'resource' } }
const noAssignment = { code: 'request.notFound', details: { type: 'assignment' } }
const notHeld = { code: 'access.notHeld', kind: 'denied' }
const denied = { code: 'request.denied' }

describe.each(databases)('sharing resources on %s', (database) => {
  const world = useWorld({ database })
  let organizationId: Id<'org'>
  let [admin, member, other]: SignedInUser[] = []
  const people = () => {
    if (admin === undefined || member === undefined || other === undefined) throw new Error('they are there from beforeAll on')
    return { admin, member, other }
  }
  beforeAll(async () => {
    organizationId = await world().newOrganization()
    admin = await world().asMember(organizationId, 'admin')
    member = await world().asMember(organizationId)
    other = await world().asMember(organizationId)
  })

  const register = async (as: SignedInUser, input: Partial<Parameters<SignedInUser['as']['resources']['register']>[0]> = {}) => {
    const made = await as.as.resources.register({ type: 'document', ...input })
    if (made === null) throw new Error('resources.register answered null without ifAbsent')
    return made
  }
  const sees = async ({ as }: SignedInUser, resourceId: ResourceId) =>
    as.resources.get({ resourceId }).then(
      () => true,
      () => false,
    )

  test('what is given for later, and until a time, begins and ends by the clock that everything goes by', async () => {
    const { admin, other } = people()
    const { id: resourceId } = await register(admin, { organizationId })
    const minute = 60_000
    const at = (minutes: number) => new Date(world().clock.now().getTime() + minutes * minute)
    const window = { validFrom: at(1), validUntil: at(2) }
    await admin.as.resources.grant({ resourceId, userId: other.user.id, permission: 'resources.get', ...window })
    expect(await sees(other, resourceId)).toBe(false)
    world().clock.advance(minute)
    expect(await sees(other, resourceId)).toBe(true)
    world().clock.advance(minute)
    expect(await sees(other, resourceId)).toBe(false)
  })

  test('whoever owns one gives others a permission or a role on it, and takes it back; it counts inside, from the next call on', async () => {
    const { admin, member, other } = people()
    const { id: resourceId } = await register(admin, { organizationId, ownerUserId: member.user.id })
    const { id: child } = await register(member, { parentId: resourceId })
    const userId = other.user.id
    const roleId = await world().access.newRole({ organizationId, permissions: ['resources.get', 'document.read'] })
    for (const what of [{ permission: 'resources.get' }, { roleId }]) {
      expect(await sees(other, child)).toBe(false)
      const { assignment, assigned } = await member.as.resources.grant({ resourceId, userId, ...what })
      expect(assigned).toBe(true)
      expect(assignment).toMatchObject({
        subject: { kind: 'user', id: userId },
        scope: { kind: 'resource', organizationId, teamId: null, resourceId },
        grantedBy: member.user.id,
        state: 'current',
      })
      expect([await sees(other, resourceId), await sees(other, child)]).toEqual([true, true])
      expect(await member.as.resources.grant({ resourceId, userId, ...what })).toEqual({ assignment, assigned: false })
      const ended = await member.as.resources.revoke({ resourceId, userId, ...what })
      expect(ended.assignment).toMatchObject({ id: assignment.id, state: 'revoked', revokedBy: member.user.id })
      expect([await sees(other, resourceId), await sees(other, child)]).toEqual([false, false])
      await expect(member.as.resources.revoke({ resourceId, userId, ...what })).rejects.toMatchObject(noAssignment)
      const told = await world().rows<{ type: string; payload: object }>(
        `select type, payload from events where subject = ? and payload->>'assignmentId' = ? order by type`,
        [resourceId, assignment.id],
      )
      const about = expect.objectContaining({ resourceId, organizationId, assignmentId: assignment.id, userId })
      expect(told).toEqual([
        { type: 'resources.granted', payload: about },
        { type: 'resources.revoked', payload: about },
      ])
    }
  })

  test('a team has it, and who sits in it; an assignment is also taken away by its id, on the resource that it is on only', async () => {
    const { admin, other } = people()
    const { id: teamId } = await admin.as.teams.create({ organizationId, name: `Readers ${database}` })
    await admin.as.teams.addMember({ teamId, userId: other.user.id })
    const { id: resourceId } = await register(admin, { organizationId })
    const { id: beside } = await register(admin, { organizationId })
    const { assignment } = await admin.as.resources.grant({ resourceId, teamId, permission: 'resources.get' })
    expect(assignment.subject).toMatchObject({ kind: 'team', id: teamId })
    expect([await sees(other, resourceId), await sees(other, beside)]).toEqual([true, false])
    for (const [on, assignmentId] of [
      [beside, assignment.id],
      [resourceId, unknown.asg],
    ] as const)
      await expect(admin.as.resources.revoke({ resourceId: on, assignmentId })).rejects.toMatchObject(noAssignment)
    const { assignment: ended } = await admin.as.resources.revoke({ resourceId, assignmentId: assignment.id })
    expect(ended).toMatchObject({ id: assignment.id, state: 'revoked' })
    expect(await sees(other, resourceId)).toBe(false)
  })

  test('for a time, and on a condition', async () => {
    const { admin, other } = people()
    const { id: resourceId } = await register(admin, { organizationId })
    const now = world().clock.now()
    const userId = other.user.id
    const { assignment } = await admin.as.resources.grant({
      resourceId,
      userId,
      permission: 'resources.get',
      validUntil: new Date(now.getTime() + 3_600_000),
      condition: { assurance: 'aal2' },
    })
    expect(assignment).toMatchObject({ condition: { assurance: 'aal2' }, validUntil: new Date(now.getTime() + 3_600_000) })
    expect(await sees(other, resourceId)).toBe(false)
  })

  test('ABUSE 19: nobody gives or takes on a resource what they do not hold there', async () => {
    const { admin, member, other } = people()
    const { id: resourceId } = await register(admin, { organizationId })
    const [userId, mine] = [other.user.id, member.user.id]
    await expect(member.as.resources.grant({ resourceId, userId, permission: 'resources.get' })).rejects.toMatchObject(noResource)
    await admin.as.resources.grant({ resourceId, userId: mine, permission: 'resources.get' })
    await expect(member.as.resources.grant({ resourceId, userId, permission: 'resources.get' })).rejects.toMatchObject(denied)
    for (const permission of ['resources.grant', 'resources.revoke', 'document.read'])
      await admin.as.resources.grant({ resourceId, userId: mine, permission })
    expect((await member.as.resources.grant({ resourceId, userId, permission: 'document.read' })).assigned).toBe(true)
    const roleId = await world().access.newRole({ organizationId, permissions: ['document.read', 'document.write'] })
    for (const what of [{ permission: 'document.write' }, { permission: 'document.*' }, { permission: '*' }, { roleId }])
      await expect(member.as.resources.grant({ resourceId, userId, ...what })).rejects.toMatchObject(notHeld)
    await admin.as.resources.grant({ resourceId, userId, roleId })
    await expect(member.as.resources.revoke({ resourceId, userId, roleId })).rejects.toMatchObject(notHeld)
    expect((await member.as.resources.revoke({ resourceId, userId, permission: 'document.read' })).assignment.state).toBe('revoked')
  })

  test("somebody's own is shared with whom its owner names; roles of organizations mean nothing there", async () => {
    const { other } = people()
    const ada = await world().signUp()
    const { id: resourceId } = await register(ada)
    await ada.as.resources.grant({ resourceId, userId: other.user.id, permission: 'resources.get' })
    expect(await sees(other, resourceId)).toBe(true)
    const roleId = await world().access.newRole({ organizationId, permissions: ['document.read'] })
    await expect(ada.as.resources.grant({ resourceId, userId: other.user.id, roleId })).rejects.toMatchObject({
      code: 'request.notFound',
      details: { type: 'role' },
    })
    await expect(ada.as.resources.grant({ resourceId, userId: unknown.user, permission: 'resources.get' })).rejects.toMatchObject({
      code: 'request.notFound',
    })
  })

  test('what was given ends with the resource, and with the membership', async () => {
    const { admin } = people()
    const leaver = await world().asMember(organizationId)
    const { id: resourceId } = await register(admin, { organizationId })
    await admin.as.resources.grant({ resourceId, userId: leaver.user.id, permission: 'resources.get' })
    await admin.as.organizations.removeMember({ organizationId, userId: leaver.user.id })
    await world().join(organizationId, leaver.user)
    expect(await sees(await world().signIn(leaver.user), resourceId)).toBe(false)
    await admin.as.resources.grant({ resourceId, userId: leaver.user.id, permission: 'resources.get' })
    expect(await admin.as.resources.delete({ resourceId })).toMatchObject({ assignmentsEnded: 1 })
    await expect(admin.as.resources.grant({ resourceId, userId: leaver.user.id, permission: 'resources.get' })).rejects.toMatchObject(
      noResource,
    )
  })

  test('who and what are named once each, and plans tell what would come of it', async () => {
    const { admin, other } = people()
    const { id: resourceId } = await register(admin, { organizationId })
    const userId = other.user.id
    for (const input of [
      { permission: 'document.read' },
      { userId },
      { userId, teamId: 'team_01h455vb4pex5vsknk084sn02q', permission: 'document.read' },
      { userId, permission: 'document.read', roleId: 'rol_01h455vb4pex5vsknk084sn02q' },
    ] as const)
      for (const call of ['grant', 'revoke'] as const)
        await expect(admin.as.resources[call]({ resourceId, ...input })).rejects.toMatchObject({ code: 'request.invalid' })
    const named = { resourceId, userId, permission: 'document.read' }
    expect(await admin.as.resources.grant.plan(named)).toMatchObject({ rows: { role_assignments: { inserted: 1 } } })
    await admin.as.resources.grant(named)
    expect(await admin.as.resources.revoke.plan(named)).toMatchObject({ rows: { role_assignments: { updated: 1 } } })
    await expect(admin.as.resources.revoke({ ...named, assignmentId: unknown.asg })).rejects.toMatchObject({ code: 'request.invalid' })
  })
})
