import type { Id } from '@denizen/core'
import type { SignedInUser, World } from '@denizen/core/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { useServer } from '../packages/api/src/testing/server.ts'
import { codeOf, facesOf, notHeld, useCast } from './escalation-cast.ts'

const served = useServer()

describe.each(facesOf(served))('teams above oneself by %s', (_name, as) => {
  const cast = useCast(served)
  let world: World
  let organizationId: Id<'org'>
  beforeAll(() => {
    ;({ world } = served())
    ;({ organizationId } = cast())
  })
  /** A team with these people in it, and what its organization's owner gave it besides. */
  async function teamOf(people: readonly SignedInUser[], given: { permission?: string; roleId?: Id<'rol'>; validFrom?: Date } = {}) {
    const { id: teamId } = await as(cast().owner).teams.create({ organizationId, name: crypto.randomUUID() })
    for (const { user } of people) await as(cast().owner).teams.addMember({ teamId, userId: user.id })
    if (Object.keys(given).length > 0) await world.access.give({ teamId, on: { organizationId }, ...given })
    return teamId
  }
  const above = 'organizations.archive'

  it('ABUSE 19: nobody takes a seat in a team that has more than they do, nor renames or deletes it; who holds it does', async () => {
    const { owner, admin } = cast()
    const [first, second] = [await world.asMember(organizationId), await world.asMember(organizationId)]
    const roleId = await world.access.newRole({
      organizationId,
      includes: [await world.access.newRole({ organizationId, permissions: [above] })],
    })
    for (const given of [
      { permission: above },
      { roleId },
      { permission: above, validFrom: new Date(world.clock.now().getTime() + 60_000) },
    ]) {
      const teamId = await teamOf([first, second], given)
      const seat = { teamId, userId: first.user.id }
      await expect(as(admin).teams.removeMember(seat)).rejects.toMatchObject(notHeld)
      await expect(as(admin).teams.update({ teamId, name: crypto.randomUUID() })).rejects.toMatchObject(notHeld)
      await expect(as(admin).teams.delete({ teamId })).rejects.toMatchObject(notHeld)
      // As it is with the role, or the permission, itself.
      const { items } = await as(owner).access.listAssignments({ teamId, organizationId })
      const what = 'roleId' in given ? as(admin).access.unassignRole : as(admin).access.revokePermission
      for (const { id: assignmentId } of items) await expect(what({ assignmentId })).rejects.toMatchObject(notHeld)
      expect((await as(owner).teams.listMembers({ teamId })).items).toHaveLength(2)
      expect(await codeOf(as(owner).teams.removeMember(seat))).toBe('done')
      expect(await codeOf(as(owner).teams.update({ teamId, description: 'renamed by who holds it' }))).toBe('done')
      expect(await codeOf(as(owner).teams.delete({ teamId }))).toBe('done')
    }
  })

  it('ABUSE 19: with a team ends what others have on it: who deletes it holds that too', async () => {
    const { owner, admin, member } = cast()
    const someone = await world.asMember(organizationId)
    const teamId = await teamOf([someone])
    await world.access.give({ userId: member.user.id, permission: above, on: { teamId } })
    await expect(as(admin).teams.delete({ teamId })).rejects.toMatchObject(notHeld)
    // The seat itself brings none of that.
    expect(await codeOf(as(admin).teams.removeMember({ teamId, userId: someone.user.id }))).toBe('done')
    expect(await codeOf(as(admin).teams.update({ teamId, name: crypto.randomUUID() }))).toBe('done')
    expect(await codeOf(as(owner).teams.delete({ teamId }))).toBe('done')
  })

  it('anybody leaves, whatever the team has, and what a stranger shares with a team keeps nobody from changing it', async () => {
    const { admin, member } = cast()
    const someone = await world.asMember(organizationId)
    const teamId = await teamOf([member, someone], { permission: above })
    expect(await codeOf(as(member).teams.removeMember({ teamId, userId: member.user.id }))).toBe('done')
    const plain = await teamOf([someone])
    const resourceId = await world.access.newResource({ ownerUserId: member.user.id })
    await as(member).access.grantPermission({ teamId: plain, permission: 'document.read', on: { resourceId } })
    for (const call of [
      () => as(admin).teams.update({ teamId: plain, name: crypto.randomUUID() }),
      () => as(admin).teams.removeMember({ teamId: plain, userId: someone.user.id }),
      () => as(admin).teams.delete({ teamId: plain }),
    ])
      expect(await codeOf(call())).toBe('done')
  })
})
