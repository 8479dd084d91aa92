import { newId, type Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { uuidOf } from '../kernel/id.ts'

const unknownUser = 'usr_01h455vb4pex5vsknk084sn02q'
const unknownTeam = 'team_01h455vb4pex5vsknk084sn02q'
const noTeam = { code: 'request.notFound', details: { type: 'team' } }
const noMember = { code: 'request.notFound', details: { type: 'member' } }
const noSeat = { code: 'request.notFound', details: { type: 'team member' } }

describe.each(databases)('teams on %s', (database) => {
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

  let teams = 0
  const newTeam = (as = people().admin) => as.as.teams.create({ organizationId, name: `Team ${++teams}` })

  async function seats(teamId: Id<'team'>): Promise<number> {
    return (await world().rows('select 1 from team_members where team_id = ?', [uuidOf(teamId)])).length
  }

  async function events(type: string, teamId: Id<'team'>): Promise<unknown[]> {
    const rows = await world().rows<{ payload: unknown }>('select payload from events where type = ? and subject = ? order by id', [
      type,
      teamId,
    ])
    return rows.map(({ payload }) => payload)
  }

  test('admins and owners make, change and delete them; members do not, but see them', async () => {
    for (const manager of [people().owner, people().admin]) {
      const team = await manager.as.teams.create({ organizationId, name: '  Blue ', description: 'the blue\nones' })
      expect(team).toMatchObject({ organizationId, name: 'Blue', description: 'the blue\nones', memberCount: 0, version: 1 })
      const { id: teamId } = team
      for (const call of [
        () => people().member.as.teams.create({ organizationId, name: 'Mine' }),
        () => people().member.as.teams.update({ teamId, name: 'Mine' }),
        () => people().member.as.teams.delete({ teamId }),
        () => people().member.as.teams.addMember({ teamId, userId: people().member.user.id }),
      ])
        await expect(call()).rejects.toMatchObject({ code: 'request.denied' })
      expect((await people().member.as.teams.list({ organizationId })).items).toContainEqual(team)

      const renamed = await manager.as.teams.update({ teamId, version: 1, name: 'BLUE', description: null })
      expect(renamed).toMatchObject({ name: 'BLUE', description: null, version: 2 })
      expect(await manager.as.teams.update({ teamId, name: 'BLUE' })).toEqual(renamed)
      await expect(manager.as.teams.update({ teamId, version: 1, name: 'Green' })).rejects.toMatchObject({
        code: 'request.versionConflict',
      })
      await manager.as.teams.addMember({ teamId, userId: people().member.user.id })
      expect(await manager.as.teams.delete({ teamId })).toEqual({ teamId, membersLost: 1 })
      await expect(manager.as.teams.listMembers({ teamId })).rejects.toMatchObject(noTeam)
      expect(await events('teams.created', teamId)).toEqual([{ teamId, organizationId, name: 'Blue' }])
      expect(await events('teams.updated', teamId)).toEqual([{ teamId, organizationId, fields: ['name', 'description'] }])
      expect(await events('teams.deleted', teamId)).toEqual([{ teamId, organizationId, name: 'BLUE', membersLost: 1 }])
    }
  })

  test('names are unique in an organization, without regard to case, and free in another', async () => {
    const { admin } = people()
    const [first, second] = [await newTeam(), await newTeam()]
    const taken = { code: 'teams.nameTaken', kind: 'conflict' }
    const shouted = first.name.toUpperCase()
    await expect(admin.as.teams.create({ organizationId, name: shouted })).rejects.toMatchObject(taken)
    await expect(admin.as.teams.update({ teamId: second.id, name: shouted })).rejects.toMatchObject(taken)
    const elsewhere = await world().newOrganization()
    const other = await world().asMember(elsewhere, 'owner')
    expect(await other.as.teams.create({ organizationId: elsewhere, name: shouted })).toMatchObject({ name: shouted })
    await admin.as.teams.delete({ teamId: first.id })
    expect(await admin.as.teams.create({ organizationId, name: shouted })).toMatchObject({ name: shouted })
  })

  test('whoever is no member of the organization is not there, known or not', async () => {
    const { admin, member } = people()
    const { id: teamId } = await newTeam()
    const foreigner = await world().asMember(await world().newOrganization())
    for (const as of [admin.as, (await world().asSuperadmin()).as, world().asSystem()])
      for (const userId of [foreigner.user.id, unknownUser] as const)
        await expect(as.teams.addMember({ teamId, userId })).rejects.toMatchObject(noMember)
    expect(await seats(teamId)).toBe(0)
    expect(await admin.as.teams.addMember({ teamId, userId: member.user.id })).toEqual({ teamId, userId: member.user.id, added: true })
    expect(await admin.as.teams.addMember({ teamId, userId: member.user.id })).toEqual({ teamId, userId: member.user.id, added: false })
    expect(await events('teams.memberAdded', teamId)).toEqual([{ teamId, organizationId, userId: member.user.id }])
  })

  test("a team of another organization is not there, known or not, and neither are its members' seats", async () => {
    const { admin, member } = people()
    const { id: teamId } = await newTeam()
    await admin.as.teams.addMember({ teamId, userId: member.user.id })
    const elsewhere = await world().newOrganization()
    const foreigner = await world().asMember(elsewhere, 'owner')
    for (const named of [teamId, unknownTeam] as const) {
      const userId = foreigner.user.id
      await expect(foreigner.as.teams.update({ teamId: named, name: 'Ours' })).rejects.toMatchObject(noTeam)
      await expect(foreigner.as.teams.delete({ teamId: named })).rejects.toMatchObject(noTeam)
      await expect(foreigner.as.teams.listMembers({ teamId: named })).rejects.toMatchObject(noTeam)
      await expect(foreigner.as.teams.addMember({ teamId: named, userId })).rejects.toMatchObject(noTeam)
      await expect(foreigner.as.teams.removeMember({ teamId: named, userId })).rejects.toMatchObject(noSeat)
      await expect(foreigner.as.teams.removeMember({ teamId: named, userId: member.user.id })).rejects.toMatchObject(noSeat)
    }
    expect(await seats(teamId)).toBe(1)
  })

  test('the database itself refuses a team or a person of another organization', async () => {
    const { member } = people()
    const { id: teamId } = await newTeam()
    const elsewhere = await world().newOrganization()
    const foreigner = await world().asMember(elsewhere)
    const insert = (seat: { organizationId: Id<'org'>; userId: Id<'usr'> }) =>
      world().rows('insert into team_members (team_id, user_id, organization_id, created_at) values (?, ?, ?, now())', [
        uuidOf(teamId),
        uuidOf(seat.userId),
        uuidOf(seat.organizationId),
      ])
    const refusedBy = (constraint: string) => expect.objectContaining({ constraint, code: '23503' })
    const person = insert({ organizationId, userId: foreigner.user.id })
    await expect(person).rejects.toEqual(refusedBy('team_members_membership_foreign'))
    const team = insert({ organizationId: elsewhere, userId: foreigner.user.id })
    await expect(team).rejects.toEqual(refusedBy('team_members_team_foreign'))
    await insert({ organizationId, userId: member.user.id })
    const move = world().rows('update team_members set organization_id = ? where team_id = ?', [uuidOf(elsewhere), uuidOf(teamId)])
    await expect(move).rejects.toMatchObject({ code: '23503' })
    const moveTeam = world().rows('update teams set organization_id = ? where id = ?', [uuidOf(elsewhere), uuidOf(teamId)])
    await expect(moveTeam).rejects.toEqual(refusedBy('team_members_team_foreign'))
    expect(await seats(teamId)).toBe(1)
  })

  test('anybody may leave, and only those who manage the team send others away', async () => {
    const { admin, member } = people()
    const { id: teamId } = await newTeam()
    const other = await world().asMember(organizationId)
    for (const { user } of [member, other]) await admin.as.teams.addMember({ teamId, userId: user.id })
    const { id: userId } = member.user
    await expect(other.as.teams.removeMember({ teamId, userId })).rejects.toMatchObject({ code: 'request.denied' })
    expect(await member.as.teams.removeMember({ teamId, userId })).toEqual({ teamId, userId })
    await expect(member.as.teams.removeMember({ teamId, userId })).rejects.toMatchObject(noSeat)
    await admin.as.teams.removeMember({ teamId, userId: other.user.id })
    for (const as of [admin.as, world().asSystem()])
      await expect(as.teams.removeMember({ teamId, userId: other.user.id })).rejects.toMatchObject(noSeat)
    expect(await seats(teamId)).toBe(0)
    const gone = [userId, other.user.id].map((userId) => ({ teamId, organizationId, userId }))
    const told = await events('teams.memberRemoved', teamId)
    expect(told).toHaveLength(2)
    expect(told).toEqual(expect.arrayContaining(gone))
  })

  test('whoever loses the membership loses the seats, and gets none back by joining again', async () => {
    const { admin } = people()
    const leaver = await world().asMember(organizationId)
    const { id: teamId } = await newTeam()
    await admin.as.teams.addMember({ teamId, userId: leaver.user.id })
    await world().rows('delete from memberships where user_id = ?', [uuidOf(leaver.user.id)])
    expect(await seats(teamId)).toBe(0)
    await world().join(organizationId, leaver.user)
    expect(await seats(teamId)).toBe(0)
    await admin.as.teams.addMember({ teamId, userId: leaver.user.id })
    expect(await seats(teamId)).toBe(1)
  })

  test('the teams of an archived organization are there for nobody, and those of a suspended one are not changed', async () => {
    const there = await world().newOrganization()
    const boss = await world().asMember(there, 'owner')
    const { id: teamId } = await boss.as.teams.create({ organizationId: there, name: 'Left behind' })
    const { id: userId } = boss.user
    await boss.as.teams.addMember({ teamId, userId })
    const superadmin = (await world().asSuperadmin()).as
    const become = (status: string) =>
      world().rows(`update organizations set status = ?, archived_at = case when ?::boolean then now() end where id = ?`, [
        status,
        status === 'archived',
        uuidOf(there),
      ])

    await become('suspended')
    expect((await superadmin.teams.list({ organizationId: there, total: true })).total).toBe(1)
    const inactive = { code: 'organizations.inactive' }
    await expect(superadmin.teams.create({ organizationId: there, name: 'Another' })).rejects.toMatchObject(inactive)
    await expect(superadmin.teams.update({ teamId, name: 'Another' })).rejects.toMatchObject(inactive)
    await expect(superadmin.teams.delete({ teamId })).rejects.toMatchObject(inactive)
    await expect(superadmin.teams.addMember({ teamId, userId })).rejects.toMatchObject(inactive)
    await expect(superadmin.teams.removeMember({ teamId, userId })).rejects.toMatchObject(inactive)

    await become('archived')
    const again = await world().signIn(boss.user)
    for (const as of [again.as, superadmin]) {
      const noOrganization = { code: 'request.notFound', details: { type: 'organization' } }
      await expect(as.teams.list({ organizationId: there })).rejects.toMatchObject(noOrganization)
      await expect(as.teams.create({ organizationId: there, name: 'Another' })).rejects.toMatchObject(noOrganization)
      await expect(as.teams.update({ teamId, name: 'Another' })).rejects.toMatchObject(noTeam)
      await expect(as.teams.delete({ teamId })).rejects.toMatchObject(noTeam)
      await expect(as.teams.listMembers({ teamId })).rejects.toMatchObject(noTeam)
      await expect(as.teams.addMember({ teamId, userId })).rejects.toMatchObject(noTeam)
      await expect(as.teams.removeMember({ teamId, userId })).rejects.toMatchObject({ code: 'request.notFound' })
    }
    expect(await seats(teamId)).toBe(1)
  })

  test('an id that was never given out and one of another kind are told apart by what is said, not by what is found', async () => {
    const now = world().clock.now()
    const fresh = newId('team', now, world().ports.random.bytes(10))
    await expect(people().admin.as.teams.listMembers({ teamId: fresh })).rejects.toMatchObject(noTeam)
    await expect(people().admin.as.teams.listMembers({ teamId: organizationId as unknown as Id<'team'> })).rejects.toMatchObject({
      code: 'request.invalid',
    })
  })
})
