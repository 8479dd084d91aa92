import { userActor, type Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { uuidOf } from '../kernel/id.ts'

describe.each(databases)('what teams have, on %s', (database) => {
  const world = useWorld({ database })
  let organizationId: Id<'org'>
  let admin: SignedInUser
  beforeAll(async () => {
    organizationId = await world().newOrganization()
    admin = await world().asMember(organizationId, 'admin')
  })
  const newTeam = async () => (await admin.as.teams.create({ organizationId, name: crypto.randomUUID() })).id
  const allows = async ({ token }: SignedInUser, permission: string, within: readonly string[] = []) =>
    (await world().core.authenticate(token))?.grants.allows(permission, organizationId, within)
  const dropped = async (key: string) => (await world().rows('select 1 from invalidations where ? = any(keys)', [key])).length

  test('counts for whoever comes into it from the next call on, and for whoever leaves it no more', async () => {
    const [teamId, member] = [await newTeam(), await world().asMember(organizationId)]
    const userId = member.user.id
    await admin.as.access.grantPermission({ teamId, permission: 'desk.use', on: { organizationId } })
    expect(await allows(member, 'desk.use')).toBe(false)
    await admin.as.teams.addMember({ teamId, userId })
    expect(await allows(member, 'desk.use')).toBe(true)
    await admin.as.teams.removeMember({ teamId, userId })
    expect(await allows(member, 'desk.use')).toBe(false)
    expect(await dropped(userId)).toBe(2)
  })

  test('nobody is looked up anew for a team that has nothing', async () => {
    const [teamId, member] = [await newTeam(), await world().asMember(organizationId)]
    await admin.as.teams.addMember({ teamId, userId: member.user.id })
    await admin.as.teams.removeMember({ teamId, userId: member.user.id })
    expect(await dropped(member.user.id)).toBe(0)
  })

  test('ends with the team, like all that anybody has on it; the history of both stays, and the name is free again', async () => {
    const [teamId, other] = [await newTeam(), await newTeam()]
    const [inside, beside, mate] = [
      await world().asMember(organizationId),
      await world().asMember(organizationId),
      await world().asMember(organizationId),
    ]
    await admin.as.teams.addMember({ teamId, userId: inside.user.id })
    await admin.as.teams.addMember({ teamId: other, userId: mate.user.id })
    const roleId = await world().access.newRole({ organizationId, permissions: ['desk.use'] })
    await admin.as.access.assignRole({ teamId, roleId, on: { organizationId } })
    for (const subject of [{ userId: beside.user.id }, { teamId: other }])
      await admin.as.access.assignRole({ ...subject, roleId, on: { teamId } })
    const all = async () => [
      await allows(inside, 'desk.use'),
      await allows(beside, 'desk.use', [teamId]),
      await allows(mate, 'desk.use', [teamId]),
    ]
    expect(await all()).toEqual([true, true, true])
    const { name } = (await admin.as.teams.list({ organizationId, userId: inside.user.id })).items[0] ?? { name: '' }
    world().clock.advance(1000)
    expect(await admin.as.teams.delete({ teamId })).toEqual({ teamId, membersLost: 1 })
    expect(await all()).toEqual([false, false, false])
    for (const named of ['team_id', 'scope_team_id'])
      expect(await world().rows(`select 1 from role_assignments where ${named} = ? and revoked_at is null`, [uuidOf(teamId)])).toEqual([])
    const noted = await world().rows(
      `select changes->>'assignmentsEnded' as ended from audit_entries where action = 'teams.delete' and target_id = ?`,
      [teamId],
    )
    expect(noted).toEqual([{ ended: '3' }])
    const history = (await admin.as.access.listAssignments({ organizationId, roleId, history: true })).items
    const ended = history.map(({ state, subject }) => `${state} ${subject.kind}`)
    expect(ended.sort()).toEqual(['revoked team', 'revoked team', 'revoked user'])
    expect((await admin.as.teams.create({ organizationId, name })).memberCount).toBe(0)
    const listed = (await admin.as.teams.list({ organizationId, total: true })).items
    expect(listed.map(({ id }) => id)).not.toContain(teamId)
    const there = { code: 'request.notFound' }
    await expect(admin.as.teams.update({ teamId, name: 'again' })).rejects.toMatchObject(there)
    await expect(admin.as.teams.delete({ teamId })).rejects.toMatchObject(there)
    await expect(admin.as.teams.listMembers({ teamId })).rejects.toMatchObject(there)
    await expect(admin.as.teams.addMember({ teamId, userId: inside.user.id })).rejects.toMatchObject(there)
  })

  test('seats that end are remembered: who left, who was sent away with the team, and who left the organization', async () => {
    const since = world().clock.now()
    const [left, deleted, gone] = [await newTeam(), await newTeam(), await newTeam()]
    const member = await world().asMember(organizationId)
    const userId = member.user.id
    for (const teamId of [left, deleted, gone]) await admin.as.teams.addMember({ teamId, userId })
    world().clock.advance(1000)
    const again = world().core.as(userActor((await world().core.authenticate(member.token)) ?? member.principal))
    await again.teams.removeMember({ teamId: left, userId })
    await admin.as.teams.delete({ teamId: deleted })
    await admin.as.organizations.removeMember({ organizationId, userId })
    const former = await world().rows<{ team: string; began: number; ended: number }>(
      `select object_id::text as team, (extract(epoch from began_at) * 1000)::float8 as began, (extract(epoch from ended_at) * 1000)::float8 as ended
        from former_states where kind = 'seat' and subject_id = ?`,
      [uuidOf(userId)],
    )
    const seat = (teamId: Id<'team'>) => ({ team: uuidOf(teamId), began: since.getTime(), ended: world().clock.now().getTime() })
    expect(former).toHaveLength(3)
    expect(former).toEqual(expect.arrayContaining([left, deleted, gone].map(seat)))
  })

  test('static separation of duty holds for whoever is put into a team', async () => {
    const [teamId, member, free] = [await newTeam(), await world().asMember(organizationId), await world().asMember(organizationId)]
    const roleIds = [await world().access.newRole({ organizationId }), await world().access.newRole({ organizationId })] as const
    await world()
      .asSystem()
      .access.createExclusion({ organizationId, name: crypto.randomUUID(), kind: 'static', roleIds: [...roleIds] })
    await admin.as.access.assignRole({ teamId, roleId: roleIds[0], on: { organizationId } })
    await admin.as.access.assignRole({ userId: member.user.id, roleId: roleIds[1], on: { organizationId } })
    const excluded = { code: 'access.excluded', kind: 'conflict' }
    await expect(admin.as.teams.addMember({ teamId, userId: member.user.id })).rejects.toMatchObject(excluded)
    await admin.as.teams.addMember({ teamId, userId: free.user.id })
    await expect(admin.as.access.assignRole({ userId: free.user.id, roleId: roleIds[1], on: { organizationId } })).rejects.toMatchObject(
      excluded,
    )
    await expect(admin.as.access.assignRole({ teamId, roleId: roleIds[1], on: { organizationId } })).rejects.toMatchObject(excluded)
  })
})
