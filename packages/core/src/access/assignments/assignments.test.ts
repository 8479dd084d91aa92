import { builtInRoles, type Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { uuidOf } from '../../kernel/id.ts'

const unknown = {
  user: 'usr_01h455vb4pex5vsknk084sn02q',
  team: 'team_01h455vb4pex5vsknk084sn02q',
  role: 'rol_01h455vb4pex5vsknk084sn02q',
  resource: 'res_01h455vb4pex5vsknk084sn02q',
  organization: 'org_01h455vb4pex5vsknk084sn02q',
  assignment: 'asg_01h455vb4pex5vsknk084sn02q',
} as const
const notFound = (type: string) => ({ code: 'request.notFound', details: { type } })
const hour = 3_600_000

describe.each(databases)('assignments on %s', (database) => {
  const world = useWorld({ database })
  let organizationId: Id<'org'>
  let [boss, member]: SignedInUser[] = []
  const people = () => {
    if (boss === undefined || member === undefined) throw new Error('they are there from beforeAll on')
    return { boss, member }
  }
  beforeAll(async () => {
    organizationId = await world().newOrganization()
    boss = await world().asMember(organizationId, 'admin')
    member = await world().asMember(organizationId)
  })

  const newRole = (permissions: readonly string[] = ['document.read'], home: Id<'org'> | null = organizationId) =>
    world().access.newRole({ organizationId: home, permissions })
  const newTeam = async (...users: readonly SignedInUser[]): Promise<Id<'team'>> => {
    const { id: teamId } = await world().asSystem().teams.create({ organizationId, name: crypto.randomUUID() })
    for (const { user } of users) await world().asSystem().teams.addMember({ teamId, userId: user.id })
    return teamId
  }
  const may = async ({ token }: SignedInUser, permission: string, within: readonly string[] = []) =>
    (await world().core.authenticate(token))?.grants.allows(permission, organizationId, within) ?? false
  const events = async (type: string, subject: string) =>
    (await world().rows<{ payload: object }>('select payload from events where type = ? and subject = ? order by id', [type, subject])).map(
      ({ payload }) => payload,
    )

  test('a role is given in an organization, counts at the next call, and is taken away again', async () => {
    const { boss } = people()
    const member = await world().asMember(organizationId)
    const [roleId, on] = [await newRole(), { organizationId }]
    const userId = member.user.id
    expect(await may(member, 'document.read')).toBe(false)
    const { assignment, assigned } = await boss.as.access.assignRole({ userId, roleId, on })
    expect(assigned).toBe(true)
    expect(assignment).toMatchObject({
      subject: { kind: 'user', id: userId, name: member.user.username },
      role: { id: roleId },
      permission: null,
      scope: { kind: 'organization', organizationId, teamId: null, resourceId: null },
      validFrom: world().clock.now(),
      validUntil: null,
      condition: null,
      state: 'current',
      grantedBy: boss.user.id,
      revokedAt: null,
    })
    expect(await may(member, 'document.read')).toBe(true)
    expect(await boss.as.access.assignRole({ userId, roleId, on })).toEqual({ assignment, assigned: false })
    const ended = await boss.as.access.unassignRole({ userId, roleId, on })
    expect(ended.assignment).toMatchObject({ id: assignment.id, state: 'revoked', revokedBy: boss.user.id, revokedAt: world().clock.now() })
    expect(await may(member, 'document.read')).toBe(false)
    for (const input of [{ userId, roleId, on }, { assignmentId: assignment.id }])
      await expect(boss.as.access.unassignRole(input)).rejects.toMatchObject(notFound('assignment'))
    const again = await boss.as.access.assignRole({ userId, roleId, on })
    expect(again.assignment.id).not.toBe(assignment.id)
    await boss.as.access.unassignRole({ assignmentId: again.assignment.id })
    const told = { userId, roleId, scope: { kind: 'organization', organizationId } }
    const both = [assignment.id, again.assignment.id].map((assignmentId) => expect.objectContaining({ ...told, assignmentId }))
    const given = await events('access.assigned', userId)
    expect(given).toHaveLength(2)
    expect(given).toEqual(expect.arrayContaining(both))
    expect(await events('access.unassigned', userId)).toHaveLength(2)
    const noted = await world().rows<{ action: string; target: string }>(
      `select action, changes from audit_entries where target_type = 'assignment' and target_id = ? and outcome = 'succeeded'`,
      [again.assignment.id],
    )
    expect(noted.map(({ action }) => action).sort()).toEqual(['access.assignRole', 'access.unassignRole'])
  })

  test('a single permission, or all of a group, is given and taken alike', async () => {
    const { boss, member } = people()
    const userId = member.user.id
    for (const permission of ['document.share', 'document.*', 'application', 'teams.create']) {
      const on = { organizationId }
      const { assignment } = await boss.as.access.grantPermission({ userId, permission, on })
      expect(assignment).toMatchObject({ role: null, permission, state: 'current' })
      expect(await may(member, permission.includes('.') ? permission.replace('*', 'print') : 'any.thing')).toBe(true)
      await expect(boss.as.access.unassignRole({ assignmentId: assignment.id })).rejects.toMatchObject(notFound('assignment'))
      await boss.as.access.revokePermission({ userId, permission, on })
      expect(await may(member, 'document.print')).toBe(false)
    }
    await expect(boss.as.access.grantPermission({ userId, permission: 'teams.destroy', on: { organizationId } })).rejects.toMatchObject({
      code: 'access.unknownPermission',
      kind: 'invalid',
    })
    for (const permission of ['users.*.*', 'nothing', 'users.'])
      await expect(boss.as.access.grantPermission({ userId, permission, on: { organizationId } })).rejects.toMatchObject({
        code: 'request.invalid',
        details: { issues: [{ path: 'permission' }] },
      })
  })

  test('what a team has, everybody in it has, from the next call on and until the next call', async () => {
    const { boss, member } = people()
    const [teamId, roleId] = [await newTeam(member), await newRole(['paper.read'])]
    const { assignment } = await boss.as.access.assignRole({ teamId, roleId, on: { organizationId } })
    expect(assignment.subject).toMatchObject({ kind: 'team', id: teamId })
    expect(await may(member, 'paper.read')).toBe(true)
    await boss.as.access.unassignRole({ teamId, roleId, on: { organizationId } })
    expect(await may(member, 'paper.read')).toBe(false)
    const onTeam = await boss.as.access.grantPermission({ teamId, permission: 'paper.burn', on: { teamId } })
    expect(onTeam.assignment.scope).toEqual({ kind: 'team', organizationId, teamId, resourceId: null })
    expect([await may(member, 'paper.burn'), await may(member, 'paper.burn', [teamId])]).toEqual([false, true])
    for (const on of [undefined, {}])
      await expect(boss.as.access.assignRole({ teamId, roleId, ...(on && { on }) })).rejects.toMatchObject({
        code: 'request.invalid',
        details: { issues: [{ path: 'on' }] },
      })
  })

  test('owners share what is theirs, also in no organization, with people and with teams that they see', async () => {
    const { member } = people()
    const [owner, friend] = [await world().signUp(), await world().signUp()]
    const resourceId = await world().access.newResource({ ownerUserId: owner.user.id })
    const on = { resourceId }
    const given = await owner.as.access.grantPermission({ userId: friend.user.id, permission: 'document.read', on })
    expect(given.assignment.scope).toEqual({ kind: 'resource', organizationId: null, teamId: null, resourceId })
    expect((await owner.as.access.listAssignments({ on })).items).toEqual([given.assignment])
    const secret = { code: 'request.notFound' }
    await expect(friend.as.access.grantPermission({ userId: friend.user.id, permission: 'document.write', on })).rejects.toMatchObject(
      secret,
    )
    const teamId = await newTeam(member)
    await expect(owner.as.access.grantPermission({ teamId, permission: 'document.read', on })).rejects.toMatchObject(notFound('team'))
    const mine = await world().access.newResource({ ownerUserId: member.user.id })
    await member.as.access.grantPermission({ teamId, permission: 'document.read', on: { resourceId: mine } })
    await expect(owner.as.access.grantPermission({ userId: unknown.user, permission: 'document.read', on })).rejects.toMatchObject(
      notFound('user'),
    )
    await owner.as.access.revokePermission({ userId: friend.user.id, permission: 'document.read', on })
  })

  test('one subject is named, and the assignment or who has what: never both, never neither', async () => {
    const { boss, member } = people()
    const [teamId, roleId, on] = [await newTeam(), await newRole(), { organizationId }]
    const userId = member.user.id
    const invalid = { code: 'request.invalid' }
    const { access } = boss.as
    await expect(access.assignRole({ roleId, on })).rejects.toMatchObject(invalid)
    await expect(access.assignRole({ userId, teamId, roleId, on })).rejects.toMatchObject(invalid)
    await expect(access.unassignRole({})).rejects.toMatchObject(invalid)
    await expect(access.unassignRole({ userId, on })).rejects.toMatchObject(invalid)
    await expect(access.unassignRole({ assignmentId: unknown.assignment, roleId })).rejects.toMatchObject(invalid)
    await expect(access.revokePermission({ permission: 'document.read', on })).rejects.toMatchObject(invalid)
  })

  test('built-in roles are given where they mean something', async () => {
    const superadmin = await world().asSuperadmin()
    const user = await world().newUser()
    const { access } = superadmin.as
    for (const name of ['user', 'anonymous', 'system'] as const) {
      const roleId = builtInRoles[name].id
      const fixed = { code: 'access.notAssignable', details: { role: name } }
      await expect(access.assignRole({ userId: user.id, roleId })).rejects.toMatchObject(fixed)
      if (name === 'user') await expect(access.unassignRole({ userId: user.id, roleId })).rejects.toMatchObject(fixed)
    }
    const { member } = people()
    const everything = { roleId: builtInRoles.superadmin.id, on: { organizationId } }
    for (const subject of [{ userId: member.user.id }, { teamId: await newTeam(member) }])
      await expect(access.assignRole({ ...subject, ...everything })).rejects.toMatchObject({ code: 'access.notAssignable' })
    const watching = { roleId: builtInRoles.monitor.id, on: { organizationId } }
    await access.assignRole({ userId: member.user.id, ...watching })
    expect([await may(member, 'sessions.list'), await may(member, 'teams.create')]).toEqual([true, false])
    await access.unassignRole({ userId: member.user.id, ...watching })
  })

  test('nothing is given to whoever is archived, nor in an organization that is not active', async () => {
    const superadmin = (await world().asSuperadmin()).as
    const there = await world().newOrganization()
    const [user, gone] = [await world().newUser(), await world().newUser()]
    for (const who of [user, gone]) await world().join(there, who)
    await world().asSystem().users.archive({ userId: gone.id })
    const given = { permission: 'document.read', on: { organizationId: there } }
    await expect(superadmin.access.grantPermission({ userId: gone.id, ...given })).rejects.toMatchObject({
      code: 'organizations.userInactive',
    })
    await superadmin.access.grantPermission({ userId: user.id, ...given })
    for (const status of ['suspended', 'archived']) {
      await world().rows(
        `update organizations set status = ?, archived_at = case when ?::boolean then now() end where id = ? returning 1`,
        [status, status === 'archived', uuidOf(there)],
      )
      const inactive = { code: 'organizations.inactive' }
      await expect(superadmin.access.grantPermission({ userId: user.id, ...given, permission: 'a.b' })).rejects.toMatchObject(inactive)
      await expect(superadmin.access.revokePermission({ userId: user.id, ...given })).rejects.toMatchObject(inactive)
    }
  })

  test('what is on other terms already is a conflict that says what to do', async () => {
    const { boss, member } = people()
    const [roleId, on, userId] = [await newRole(), { organizationId }, member.user.id]
    const validUntil = new Date(world().clock.now().getTime() + hour)
    const condition = { networks: ['192.0.2.0/24', '198.51.100.1'] }
    const { assignment } = await boss.as.access.assignRole({ userId, roleId, on, validUntil, condition })
    expect(assignment.condition).toEqual({ networks: ['192.0.2.0/24', '198.51.100.1/32'] })
    const same = { userId, roleId, on, validUntil, condition: { networks: ['198.51.100.1/32', '192.0.2.0/24'] } }
    expect((await boss.as.access.assignRole(same)).assigned).toBe(false)
    const others = [
      { ...same, validUntil: undefined },
      { ...same, condition: undefined },
      { ...same, validFrom: new Date(validUntil.getTime() - 1) },
    ]
    for (const other of others) {
      const conflict = boss.as.access.assignRole(other)
      await expect(conflict).rejects.toMatchObject({
        code: 'access.alreadyAssigned',
        kind: 'conflict',
        details: { assignmentId: assignment.id },
      })
      await expect(conflict).rejects.toThrow(/Revoke that first/)
    }
  })

  test('networks of a condition count from where the call comes', async () => {
    const { boss, member } = people()
    const given = { userId: member.user.id, permission: 'vault.open', on: { organizationId }, condition: { networks: ['192.0.2.0/24'] } }
    await boss.as.access.grantPermission(given)
    const principal = await world().core.authenticate(member.token)
    const from = (ip: string) => principal?.conditionalGrants?.from({ ip }).allows('vault.open', organizationId)
    expect([await may(member, 'vault.open'), from('192.0.2.7'), from('198.51.100.1')]).toEqual([false, true, false])
    for (const condition of [{}, { networks: [] }, { networks: ['everywhere'] }, { assurance: 'aal3' }, { assurance: 'aal2', also: 1 }])
      await expect(boss.as.access.grantPermission({ ...given, condition } as never)).rejects.toMatchObject({ code: 'request.invalid' })
  })
})
