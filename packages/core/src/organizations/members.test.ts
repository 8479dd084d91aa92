import { uuidOf, type Id } from '@denizen/core'
import { databases, newEmail, type SignedInUser, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

type Role = 'owner' | 'admin' | 'member'
const roles = ['owner', 'admin', 'member'] as const
const ranks = { member: 0, admin: 1, owner: 2 }
const notFoundMember = { code: 'request.notFound', details: { type: 'member' } }

describe.each(databases)('members of organizations on %s', (database) => {
  const world = useWorld({ database })

  /** An organization with two owners, so that no guard decides what a rule should. */
  async function organization(): Promise<Id<'org'>> {
    const organizationId = await world().newOrganization()
    for (let count = 0; count < 2; count++) await world().join(organizationId, await world().newUser(), 'owner')
    return organizationId
  }

  async function roleOf(organizationId: Id<'org'>, { user }: Pick<SignedInUser, 'user'>): Promise<Role | null> {
    const [row] = await world().rows<{ role: Role }>('select role from memberships where organization_id = ? and user_id = ?', [
      uuidOf(organizationId),
      uuidOf(user.id),
    ])
    return row?.role ?? null
  }

  test('addMember: an operator adds anybody, with any role, seen at once in sessions that are open', async () => {
    const organizationId = await world().newOrganization()
    const operator = await world().asSuperadmin()
    for (const role of roles) {
      const ada = await world().signUp()
      expect((await world().core.authenticate(ada.token))?.memberships).toEqual([])
      const added = await operator.as.organizations.addMember({ organizationId, userId: ada.user.id, role })
      expect(added).toMatchObject({ user: { id: ada.user.id, email: ada.user.email }, role, managed: false, joinedAt: world().clock.now() })
      expect((await world().core.authenticate(ada.token))?.memberships).toEqual([{ organizationId, role }])
      const payload = { organizationId, userId: ada.user.id, role }
      expect(
        await world().rows(
          `select payload, organization_id::text as org from events where type = 'organizations.memberAdded' and subject = ?`,
          [ada.user.id],
        ),
      ).toEqual([{ payload, org: uuidOf(organizationId) }])
      await expect(operator.as.organizations.addMember({ organizationId, userId: ada.user.id })).rejects.toMatchObject({
        code: 'organizations.alreadyMember',
      })
    }
    expect(await world().rows('select 1 from memberships where organization_id = ?', [uuidOf(organizationId)])).toHaveLength(3)
  })

  test('addMember: an administrator adds whom the organization manages; anybody else is not there', async () => {
    const [organizationId, other] = [await organization(), await organization()]
    const admin = await world().asMember(organizationId, 'admin')
    await world().ownDomain(organizationId, `${uuidOf(organizationId)}.example`)
    const managed = await admin.as.users.create({ organizationId, email: `managed@${uuidOf(organizationId)}.example` })
    const guest = await world().asSystem().users.create({ organizationId, email: newEmail() })
    const foreign = await world()
      .asSystem()
      .users.create({ organizationId: other, username: `foreign-${uuidOf(other)}` })
    const strangers = [await world().newUser(), await world().newUser({ email: `stranger@${uuidOf(organizationId)}.example` })]
    if (managed === null || guest === null || foreign === null) throw new Error('users.create made nobody')
    for (const user of [managed, guest]) await world().asSystem().organizations.removeMember({ organizationId, userId: user.id })
    const ids: Id<'usr'>[] = [guest.id, foreign.id, ...strangers.map(({ id }) => id), 'usr_01j0000000e008000000000009']
    const answers = await Promise.all(
      ids.map((userId) =>
        admin.as.organizations
          .addMember({ organizationId, userId })
          .catch(({ code, message, details }: Error & { code: string; details: unknown }) => ({ code, message, details })),
      ),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ code: 'request.notFound', details: { type: 'user' } })
    expect(await admin.as.organizations.addMember({ organizationId, userId: managed.id })).toMatchObject({ role: 'member', managed: true })
    const member = await world().asMember(organizationId)
    await expect(admin.as.organizations.addMember({ organizationId, userId: member.user.id })).rejects.toMatchObject({
      code: 'organizations.alreadyMember',
    })
    await expect(member.as.organizations.addMember({ organizationId, userId: managed.id })).rejects.toMatchObject({
      code: 'request.notFound',
    })
    await world()
      .asSystem()
      .users.archive({ userId: strangers[0]?.id ?? 'usr_' })
    await expect(
      world()
        .asSystem()
        .organizations.addMember({ organizationId, userId: strangers[0]?.id ?? 'usr_' }),
    ).rejects.toMatchObject({ code: 'organizations.userInactive', details: { status: 'archived' } })
  })

  test.each(roles.flatMap((by) => roles.map((to) => [by, to] as const)))(
    'ABUSE 19: %s gives a managed user the role %s',
    async (by, to) => {
      const organizationId = await organization()
      const actor = await world().asMember(organizationId, by)
      const managed = await world()
        .asSystem()
        .users.create({ organizationId, username: `m-${crypto.randomUUID()}` })
      if (managed === null) throw new Error('users.create made nobody')
      await world().asSystem().organizations.removeMember({ organizationId, userId: managed.id })
      const call = actor.as.organizations.addMember({ organizationId, userId: managed.id, role: to })
      if (by === 'member') await expect(call).rejects.toMatchObject({ code: 'request.notFound' })
      else if (ranks[to] > ranks[by]) await expect(call).rejects.toMatchObject({ code: 'organizations.roleTooHigh', kind: 'denied' })
      else expect(await call).toMatchObject({ role: to })
    },
  )

  const changes = roles.flatMap((by) => roles.flatMap((from) => roles.map((to) => [by, from, to] as const)))
  test.each(changes)('ABUSE 19: %s makes a member who is %s %s', async (by, from, to) => {
    const organizationId = await organization()
    const [actor, member] = [await world().asMember(organizationId, by), await world().asMember(organizationId, from)]
    const call = actor.as.organizations.updateMember({ organizationId, userId: member.user.id, role: to })
    if (by === 'member' || ranks[from] > ranks[by]) await expect(call).rejects.toMatchObject({ code: 'request.denied' })
    else if (ranks[to] > ranks[by]) await expect(call).rejects.toMatchObject({ code: 'organizations.roleTooHigh' })
    else expect(await call).toMatchObject({ user: { id: member.user.id }, role: to })
    const allowed = by !== 'member' && ranks[from] <= ranks[by] && ranks[to] <= ranks[by]
    expect(await roleOf(organizationId, member)).toBe(allowed ? to : from)
    expect((await world().core.authenticate(member.token))?.memberships).toEqual([{ organizationId, role: allowed ? to : from }])
  })

  test.each(roles.flatMap((by) => roles.map((of) => [by, of] as const)))('%s removes %s', async (by, of) => {
    const organizationId = await organization()
    const [actor, member] = [await world().asMember(organizationId, by), await world().asMember(organizationId, of)]
    const call = actor.as.organizations.removeMember({ organizationId, userId: member.user.id })
    const allowed = by !== 'member' && ranks[of] <= ranks[by]
    if (allowed) expect(await call).toMatchObject({ userId: member.user.id })
    else await expect(call).rejects.toMatchObject({ code: 'request.denied' })
    expect(await roleOf(organizationId, member)).toBe(allowed ? null : of)
  })

  test.each(roles)('nobody raises their own role, and %s leaves when they like', async (role) => {
    const organizationId = await organization()
    const ada = await world().asMember(organizationId, role)
    for (const wanted of roles.filter((other) => ranks[other] > ranks[role]))
      await expect(ada.as.organizations.updateMember({ organizationId, userId: ada.user.id, role: wanted })).rejects.toMatchObject({
        kind: 'denied',
      })
    expect(await ada.as.organizations.removeMember({ organizationId, userId: ada.user.id })).toEqual({
      userId: ada.user.id,
      teamsLeft: 0,
      invitationsRevoked: 0,
      rolesLost: 0,
    })
    expect(await world().core.authenticate(ada.token)).toMatchObject({ memberships: [], organization: null })
    expect(
      await world().rows(`select payload->'left' as left from events where type = 'organizations.memberRemoved' and subject = ?`, [
        ada.user.id,
      ]),
    ).toEqual([{ left: true }])
    await expect(ada.as.organizations.removeMember({ organizationId, userId: ada.user.id })).rejects.toMatchObject(notFoundMember)
  })

  test('ABUSE 10: a removed member loses the organization in sessions, teams, invitations and roles, and not what they have elsewhere', async () => {
    const [organizationId, other] = [await organization(), await organization()]
    const owner = await world().asMember(organizationId, 'owner')
    const user = await world().newUser({ emailVerified: true })
    await world().join(organizationId, user, 'admin')
    world().clock.advance(1) // sessions begin in the organization that was joined first
    await world().join(other, user, 'admin')
    const sessions = [await world().signIn(user), await world().signIn(user)]
    const [ada] = sessions
    if (ada === undefined) throw new Error('there are two')
    for (const id of [organizationId, other]) {
      const team = await ada.as.teams.create({ organizationId: id, name: 'Team' })
      await ada.as.teams.addMember({ teamId: team.id, userId: user.id })
      await ada.as.organizations.invite({ organizationId: id, email: newEmail() })
      await giveRole(user.id, id)
    }
    expect((await world().core.authenticate(ada.token))?.grants.allows('teams.create', organizationId)).toBe(true)
    const answer = await owner.as.organizations.removeMember({ organizationId, userId: user.id })
    expect(answer).toEqual({ userId: user.id, teamsLeft: 1, invitationsRevoked: 1, rolesLost: 1 })
    for (const { token, as } of sessions) {
      const principal = await world().core.authenticate(token)
      expect(principal?.memberships).toEqual([{ organizationId: other, role: 'admin' }])
      expect(principal?.organization).toBeNull()
      expect(principal?.grants.allows('organizations.get', organizationId)).toBe(false)
      await expect(as.teams.create({ organizationId, name: 'Another' })).rejects.toMatchObject({ code: 'request.notFound' })
      await as.organizations.update({ organizationId: other, settings: { still: 'there' } })
    }
    const left = async (table: string, condition: string) =>
      (await world().rows<{ id: string }>(`select organization_id::text as id from ${table} where ${condition}`, [uuidOf(user.id)])).map(
        ({ id }) => id,
      )
    expect(await left('team_members', 'user_id = ?')).toEqual([uuidOf(other)])
    expect(await left('invitations', 'invited_by = ? and revoked_at is null')).toEqual([uuidOf(other)])
    expect(await left('role_assignments', 'user_id = ? and revoked_at is null and organization_id is not null')).toEqual([uuidOf(other)])
    expect(await left('role_assignments', 'user_id = ? and revoked_at is not null')).toEqual([uuidOf(organizationId)])
    expect(await left('sessions', 'user_id = ? and organization_id is not null')).toEqual([])
    await world().asSystem().organizations.addMember({ organizationId, userId: user.id })
    const back = await world().core.authenticate(ada.token)
    expect(back?.memberships).toHaveLength(2)
    expect(back?.organization).toBeNull() // who comes back begins anew
    expect(back?.grants.allows('teams.create', organizationId)).toBe(false)
  })

  /** A custom role in one organization, past every rule. */
  async function giveRole(userId: Id<'usr'>, organizationId: Id<'org'>): Promise<void> {
    const roleId = await world().access.newRole({ organizationId, name: 'teams', permissions: ['teams.*'] })
    await world().access.give({ userId, roleId, on: { organizationId } })
  }

  test('ABUSE 19: nobody removes or changes a member who has more by a role of its own than they have', async () => {
    const organizationId = await world().newOrganization()
    const [admin, chief] = [await world().asMember(organizationId, 'admin'), await world().asMember(organizationId)]
    const roleId = await world().access.newRole({ organizationId, permissions: ['organizations.archive'] })
    await world().access.give({ userId: chief.user.id, roleId, on: { organizationId } })
    const about = { organizationId, userId: chief.user.id }
    const denied = { code: 'request.denied' }
    await expect(admin.as.organizations.removeMember(about)).rejects.toMatchObject(denied)
    await expect(admin.as.organizations.updateMember({ ...about, role: 'admin' })).rejects.toMatchObject(denied)
    const owner = await world().asMember(organizationId, 'owner')
    expect(await owner.as.organizations.removeMember(about)).toMatchObject({ rolesLost: 1 })
  })

  test('the last owner stays, whatever is tried; one who is archived counts as none', async () => {
    const organizationId = await world().newOrganization()
    const [owner, gone] = [await world().asMember(organizationId, 'owner'), await world().asMember(organizationId, 'owner')]
    await world().asMember(organizationId, 'admin')
    await world().asSystem().users.archive({ userId: gone.user.id })
    const lastOwner = { code: 'organizations.lastOwner', kind: 'conflict', details: { organizationId } }
    const userId = owner.user.id
    for (const { organizations } of [owner.as, world().asSystem()]) {
      await expect(organizations.removeMember({ organizationId, userId })).rejects.toMatchObject(lastOwner)
      await expect(organizations.updateMember({ organizationId, userId, role: 'member' })).rejects.toMatchObject(lastOwner)
    }
    expect(await owner.as.organizations.updateMember({ organizationId, userId, role: 'owner' })).toMatchObject({ role: 'owner' })
    expect(await owner.as.organizations.removeMember({ organizationId, userId: gone.user.id })).toMatchObject({ userId: gone.user.id })
    expect(await roleOf(organizationId, owner)).toBe('owner')
  })
})
