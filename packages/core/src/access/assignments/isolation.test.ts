import { newId, type Id } from '@denizen/core'
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

describe.each(databases)('isolation of assignments on %s', (database) => {
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

  test('ABUSE 13: what is of another organization is not there, like what never was', async () => {
    const { boss, member } = people()
    const elsewhere = await world().newOrganization()
    const stranger = await world().asMember(elsewhere, 'owner')
    const [own, foreign, common] = [await newRole(), await newRole(['document.read'], elsewhere), await newRole(['document.read'], null)]
    const { id: foreignTeam } = await stranger.as.teams.create({ organizationId: elsewhere, name: 'Blue' })
    const foreignThing = await world().access.newResource({ organizationId: elsewhere })
    const { access } = boss.as
    const [userId, on] = [member.user.id, { organizationId }]
    for (const user of [stranger.user.id, unknown.user])
      await expect(access.assignRole({ userId: user, roleId: own, on })).rejects.toMatchObject(notFound('member'))
    for (const role of [foreign, unknown.role])
      await expect(access.assignRole({ userId, roleId: role, on })).rejects.toMatchObject(notFound('role'))
    for (const team of [foreignTeam, unknown.team])
      await expect(access.assignRole({ teamId: team, roleId: own, on })).rejects.toMatchObject(notFound('team'))
    const places = [
      { organizationId: elsewhere },
      { organizationId: unknown.organization },
      { teamId: foreignTeam },
      { teamId: unknown.team },
    ]
    for (const place of [...places, { resourceId: foreignThing }, { resourceId: unknown.resource }]) {
      await expect(access.assignRole({ userId, roleId: own, on: place })).rejects.toMatchObject(notFound('place'))
      await expect(access.unassignRole({ userId, roleId: own, on: place })).rejects.toMatchObject(notFound('assignment'))
      await expect(access.listAssignments({ on: place })).rejects.toMatchObject(notFound('place'))
    }
    const theirs = await world().access.give({ userId: stranger.user.id, roleId: foreign, on: { organizationId: elsewhere } })
    for (const assignmentId of [theirs, unknown.assignment])
      await expect(access.unassignRole({ assignmentId })).rejects.toMatchObject(notFound('assignment'))
    const superadmin = (await world().asSuperadmin()).as
    await expect(superadmin.access.assignRole({ userId, roleId: foreign, on })).rejects.toMatchObject(notFound('role'))
    await expect(superadmin.access.assignRole({ userId, roleId: own })).rejects.toMatchObject(notFound('role'))
    await expect(superadmin.access.assignRole({ teamId: foreignTeam, roleId: own, on })).rejects.toMatchObject(notFound('team'))
    expect((await access.assignRole({ userId, roleId: common, on })).assigned).toBe(true)
  })

  test('ABUSE 14: the database itself refuses roles, teams and resources of another organization', async () => {
    const elsewhere = await world().newOrganization()
    const [role, team] = [await newRole(['document.read'], elsewhere), newId('team', world().clock.now(), new Uint8Array(10))]
    await world().rows(
      `insert into teams (id, organization_id, name, created_at, updated_at) values (?, ?, 'x', now(), now()) returning 1`,
      [uuidOf(team), uuidOf(elsewhere)],
    )
    const resource = await world().access.newResource({ organizationId: elsewhere })
    const insert = (columns: string, values: readonly string[]) =>
      world().rows(
        `insert into role_assignments (id, ${columns}, organization_id, valid_from, granted_at)
          values (gen_random_uuid(), ${values.map(() => '?').join(', ')}, ?, now(), now()) returning 1`,
        [...values.map((value) => (value.includes('_') ? uuidOf(value) : value)), uuidOf(organizationId)],
      )
    const userId = people().member.user.id
    const [onIt, ofTeam] = [
      'subject_kind, user_id, role_id, role_home, scope_kind',
      'subject_kind, team_id, team_organization_id, permission, scope_kind',
    ]
    const refused: readonly [constraint: string, columns: string, values: readonly string[]][] = [
      ['role_assignments_role_foreign', onIt, ['user', userId, role, organizationId, 'organization']],
      ['role_assignments_role_home', onIt, ['user', userId, role, elsewhere, 'organization']],
      ['role_assignments_team_foreign', ofTeam, ['team', team, organizationId, 'a.b', 'organization']],
      ['role_assignments_subject_known', ofTeam, ['team', team, elsewhere, 'a.b', 'organization']],
      [
        'role_assignments_scope_team_foreign',
        'subject_kind, user_id, permission, scope_kind, scope_team_id',
        ['user', userId, 'a.b', 'team', team],
      ],
      [
        'role_assignments_resource_foreign',
        'subject_kind, user_id, permission, scope_kind, resource_id',
        ['user', userId, 'a.b', 'resource', resource],
      ],
    ]
    for (const [constraint, columns, values] of refused) await expect(insert(columns, values)).rejects.toMatchObject({ constraint })
  })
})
