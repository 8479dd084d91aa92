import { builtInRoles, type Id } from '@denizen/core'
import type { SignedInUser, World } from '@denizen/core/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { useServer } from '../packages/api/src/testing/server.ts'
import { codeOf, denied, facesOf, notFound, notHeld, useCast } from './escalation-cast.ts'

const served = useServer()

describe.each(facesOf(served))('giving above oneself by %s', (_name, as) => {
  const cast = useCast(served)
  let world: World
  let organizationId: Id<'org'>
  beforeAll(() => {
    ;({ world } = served())
    ;({ organizationId } = cast())
  })
  const newRole = (...permissions: string[]) => world.access.newRole({ organizationId, permissions })
  /** A member who may do these things in the organization besides. */
  async function memberWith(...permissions: string[]): Promise<SignedInUser> {
    const user = await world.newUser()
    await world.join(organizationId, user)
    for (const permission of permissions) await world.access.give({ userId: user.id, permission, on: { organizationId } })
    return world.signIn(user)
  }

  it('ABUSE 10: a removed member loses what was given in the organization, on its teams and resources, and gets none of it back by joining again', async () => {
    const { id: teamId } = await as(cast().admin).teams.create({ organizationId, name: crypto.randomUUID() })
    const resourceId = await world.access.newResource({ organizationId })
    const leaver = await memberWith('document.read')
    const userId = leaver.user.id
    const mine = await world.access.newResource({ organizationId, ownerUserId: userId })
    for (const on of [{ teamId }, { resourceId }])
      await as(cast().admin).access.grantPermission({ userId, permission: 'document.write', on })
    await as(cast().admin).access.grantPermission({ teamId, permission: 'document.print', on: { organizationId } })
    await as(cast().admin).teams.addMember({ teamId, userId })
    const share = () =>
      as(leaver).access.grantPermission({ userId: cast().member.user.id, permission: 'document.read', on: { resourceId: mine } })
    expect(await codeOf(share())).toBe('done')
    const reach = async () => {
      const grants = (await world.core.authenticate(leaver.token))?.grants
      return ['document.read', 'document.print', 'document.write'].map((permission) =>
        grants?.allows(permission, organizationId, [teamId, resourceId]),
      )
    }
    expect(await reach()).toEqual([true, true, true])
    expect(await as(cast().admin).organizations.removeMember({ organizationId, userId })).toMatchObject({ teamsLeft: 1, rolesLost: 3 })
    expect(await reach()).toEqual([false, false, false])
    expect(await codeOf(share())).toBe('request.notFound')
    await as(cast().owner)
      .organizations.addMember({ organizationId, userId, role: 'member' })
      .catch(() => world.join(organizationId, leaver.user))
    expect((await as(cast().admin).access.listAssignments({ organizationId, userId })).items).toEqual([])
    const back = await world.signIn(leaver.user)
    expect(back.principal.grants.allows('document.write', organizationId, [teamId, resourceId])).toBe(false)
  })

  it('ABUSE 15: the organization that a call names counts, whichever the session is in', async () => {
    const elsewhere = await world.newOrganization()
    const roleId = await world.access.newRole({ organizationId: elsewhere, permissions: ['document.read'] })
    const stranger = await world.asMember(elsewhere)
    const both = cast().admin.user
    await world.join(elsewhere, both)
    const inside = await world.signIn(both)
    const given = { userId: stranger.user.id, roleId, on: { organizationId: elsewhere } }
    for (const active of [organizationId, elsewhere]) {
      await as(inside).organizations.switch({ organizationId: active })
      await expect(as(inside).access.assignRole(given)).rejects.toMatchObject(denied)
      const own = { userId: cast().member.user.id, permission: 'document.switch', on: { organizationId } }
      expect(await codeOf(as(inside).access.grantPermission(own))).toBe('done')
      expect(await codeOf(as(inside).access.revokePermission(own))).toBe('done')
    }
  })

  it('ABUSE 18: what only the server says is refused in every input', async () => {
    const { admin, member } = cast()
    const given = { userId: member.user.id, permission: 'document.mass', on: { organizationId } }
    const extra = {
      grantedBy: member.user.id,
      grantedAt: new Date(0),
      provider: 'google',
      state: 'current',
      revokedAt: null,
      scopeKind: 'system',
      roleHome: organizationId,
    }
    for (const [field, value] of Object.entries(extra))
      await expect(as(admin).access.grantPermission({ ...given, [field]: value } as never)).rejects.toMatchObject({
        code: 'request.invalid',
        details: { issues: [{ path: field, message: expect.stringMatching(/^there is no such field/) as string }] },
      })
    await expect(
      as(admin).access.grantPermission({ ...given, on: { organizationId, teamId: 'team_01h455vb4pex5vsknk084sn02q' } } as never),
    ).rejects.toMatchObject({
      code: 'request.invalid',
    })
    for (const on of [null, 'system', ['organizationId'], { __proto__: { organizationId } }])
      expect(await codeOf(as(member).access.grantPermission({ ...given, on } as never))).not.toBe('done')
  })

  it('ABUSE 19: nobody gives what they do not hold there: to others, to themselves, to a team, alone or within a role, or by including it', async () => {
    const { owner, admin, member } = cast()
    const { id: teamId } = await as(admin).teams.create({ organizationId, name: crypto.randomUUID() })
    const high = await newRole('document.read', 'organizations.archive')
    const including = await world.access.newRole({
      organizationId,
      includes: [await world.access.newRole({ organizationId, includes: [high] })],
    })
    const withMonitor = await world.access.newRole({ organizationId, includes: [builtInRoles.monitor.id] })
    for (const roleId of [high, including, withMonitor])
      for (const subject of [{ userId: member.user.id }, { userId: admin.user.id }, { teamId }])
        for (const on of [{ organizationId }, { teamId }])
          await expect(as(admin).access.assignRole({ ...subject, roleId, on })).rejects.toMatchObject(notHeld)
    for (const permission of ['*', 'queries', 'organizations.*', 'users.promote', 'access.*', 'auth.impersonate'])
      await expect(as(admin).access.grantPermission({ userId: admin.user.id, permission, on: { organizationId } })).rejects.toMatchObject(
        notHeld,
      )
    expect(await codeOf(as(owner).access.assignRole({ userId: member.user.id, roleId: including, on: { organizationId } }))).toBe('done')
    await expect(
      as(admin).access.unassignRole({ userId: member.user.id, roleId: including, on: { organizationId } }),
    ).rejects.toMatchObject(notHeld)
    expect(await codeOf(as(owner).access.unassignRole({ userId: member.user.id, roleId: including, on: { organizationId } }))).toBe('done')
  })

  it('ABUSE 19: what is held on one thing is given there and on what is inside, and nowhere else', async () => {
    const { member } = cast()
    const folder = await world.access.newResource({ organizationId, type: 'folder' })
    const [inside, beside] = [
      await world.access.newResource({ organizationId, parentId: folder }),
      await world.access.newResource({ organizationId }),
    ]
    const keeper = await memberWith()
    for (const permission of ['access.grantPermission', 'access.revokePermission', 'document.read', 'resources.get'])
      await world.access.give({ userId: keeper.user.id, permission, on: { resourceId: folder } })
    const give = (permission: string, on: object) => as(keeper).access.grantPermission({ userId: member.user.id, permission, on } as never)
    expect(await codeOf(give('document.read', { resourceId: folder }))).toBe('done')
    expect(await codeOf(give('document.read', { resourceId: inside }))).toBe('done')
    await expect(give('document.write', { resourceId: inside })).rejects.toMatchObject(notHeld)
    await expect(give('document.*', { resourceId: folder })).rejects.toMatchObject(notHeld)
    await expect(give('document.read', { resourceId: beside })).rejects.toMatchObject(notFound)
    await expect(give('document.read', { organizationId })).rejects.toMatchObject(denied)
    await expect(give('document.read', {})).rejects.toMatchObject(denied)
  })

  it('ABUSE 19: nobody is put into a team that has more than whoever puts them there', async () => {
    const { owner, admin, member } = cast()
    const [above, fine] = [
      await as(admin).teams.create({ organizationId, name: crypto.randomUUID() }),
      await as(admin).teams.create({ organizationId, name: crypto.randomUUID() }),
    ]
    const resourceId = await world.access.newResource({ organizationId })
    await world.access.give({ teamId: above.id, permission: 'users.promote', on: { organizationId } })
    for (const userId of [admin.user.id, member.user.id])
      for (const by of [admin, owner]) await expect(as(by).teams.addMember({ teamId: above.id, userId })).rejects.toMatchObject(notHeld)
    expect(await codeOf(as(served().admin).teams.addMember({ teamId: above.id, userId: member.user.id }))).toBe('done')
    await as(admin).access.grantPermission({ teamId: fine.id, permission: 'document.read', on: { resourceId } })
    expect(await codeOf(as(admin).teams.addMember({ teamId: fine.id, userId: member.user.id }))).toBe('done')
    const recruiter = await memberWith('teams.addMember')
    const newcomer = await memberWith()
    await expect(as(recruiter).teams.addMember({ teamId: fine.id, userId: newcomer.user.id })).rejects.toMatchObject(notHeld)
    await world.access.give({ userId: recruiter.user.id, permission: 'document.read', on: { resourceId } })
    expect(await codeOf(as(recruiter).teams.addMember({ teamId: fine.id, userId: newcomer.user.id }))).toBe('done')
  })

  it('ABUSE 19: what a stranger shares with a team keeps nobody from being put into it', async () => {
    const { admin, member } = cast()
    const { id: teamId } = await as(admin).teams.create({ organizationId, name: crypto.randomUUID() })
    const resourceId = await world.access.newResource({ ownerUserId: member.user.id })
    await as(member).access.grantPermission({ teamId, permission: 'document.read', on: { resourceId } })
    expect(await codeOf(as(admin).teams.addMember({ teamId, userId: cast().owner.user.id }))).toBe('done')
  })

  it('ABUSE 40: nobody fills what a stranger may have with what is their own, nor learns by it who there is', async () => {
    const giver = await world.signUp()
    const { id: toUserId } = await world.newUser()
    const resourceId = await world.access.newResource({ ownerUserId: giver.user.id })
    const refusals: unknown[] = []
    for (const to of [toUserId, 'usr_01h455vb4pex5vsknk084sn02q'] as const)
      refusals.push(
        await as(giver)
          .resources.transfer({ resourceId, toUserId: to })
          .catch((error: { code: string; message: string }) => [error.code, error.message]),
      )
    expect(refusals[0]).toEqual(refusals[1])
    expect(refusals[0]).toMatchObject([notFound.code, expect.stringContaining('user')])
    const member = cast().member.user
    await world.join(organizationId, giver.user)
    expect(await codeOf(as(await world.signIn(giver.user)).resources.transfer({ resourceId, toUserId: member.id }))).toBe('done')
  })

  it('ABUSE 19: nobody acts on the account of somebody who may more, by a role of the organization or by a team', async () => {
    const managed = async () => {
      const user = await as(cast().admin).users.create({
        organizationId,
        username: `m-${crypto.randomUUID().slice(0, 8)}`,
        password: 'correct horse battery staple',
      })
      if (user === null) throw new Error('users.create answered null without ifAbsent')
      return user
    }
    const [byRole, byTeam, plain] = [await managed(), await managed(), await managed()]
    await world.access.give({ userId: byRole.id, roleId: await newRole('organizations.archive'), on: { organizationId } })
    const { id: teamId } = await as(cast().admin).teams.create({ organizationId, name: crypto.randomUUID() })
    await as(cast().admin).teams.addMember({ teamId, userId: byTeam.id })
    await world.access.give({ teamId, permission: 'organizations.archive', on: { organizationId } })
    for (const { id: userId } of [byRole, byTeam]) {
      await expect(as(cast().admin).users.setStatus({ userId, status: 'suspended' })).rejects.toMatchObject(denied)
      await expect(as(cast().admin).users.update({ userId, email: `x${crypto.randomUUID()}@example.com` })).rejects.toMatchObject(denied)
      await expect(as(cast().admin).auth.sendSetupLink({ userId })).rejects.toMatchObject(denied)
    }
    expect(await codeOf(as(cast().admin).users.setStatus({ userId: plain.id, status: 'suspended' }))).toBe('done')
    expect(await codeOf(as(cast().owner).users.setStatus({ userId: byRole.id, status: 'suspended' }))).toBe('done')
  })
})
