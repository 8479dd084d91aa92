import { uuidOf, type Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

describe.each(databases)('organizations.transferOwnership on %s', (database) => {
  const world = useWorld({ database })

  interface Place {
    readonly organizationId: Id<'org'>
    readonly owner: SignedInUser
    readonly member: SignedInUser
  }

  async function place(): Promise<Place> {
    const organizationId = await world().newOrganization()
    return { organizationId, owner: await world().asMember(organizationId, 'owner'), member: await world().asMember(organizationId) }
  }

  const rolesIn = (organizationId: Id<'org'>) =>
    world().rows<{ role: string }>('select role from memberships where organization_id = ? order by role', [uuidOf(organizationId)])

  test('hands over, both at once, seen at once by both', async () => {
    const { organizationId, owner, member } = await place()
    const answer = await owner.as.organizations.transferOwnership({ organizationId, toUserId: member.user.id })
    expect(answer).toMatchObject({
      from: { user: { id: owner.user.id }, role: 'admin' },
      to: { user: { id: member.user.id }, role: 'owner' },
    })
    expect((await world().core.authenticate(owner.token))?.memberships).toEqual([{ organizationId, role: 'admin' }])
    expect((await world().core.authenticate(member.token))?.memberships).toEqual([{ organizationId, role: 'owner' }])
    const payload = { organizationId, fromUserId: owner.user.id, toUserId: member.user.id }
    expect(
      await world().rows(`select payload from events where type = 'organizations.ownershipTransferred' and subject = ?`, [organizationId]),
    ).toEqual([{ payload }])
    await expect(owner.as.organizations.transferOwnership({ organizationId, toUserId: member.user.id })).rejects.toMatchObject({
      code: 'request.denied',
    })
    await member.as.organizations.transferOwnership({ organizationId, toUserId: owner.user.id })
    expect(await rolesIn(organizationId)).toEqual([{ role: 'admin' }, { role: 'owner' }])
  })

  test('for another owner: operators only, and of an owner only', async () => {
    const { organizationId, owner, member } = await place()
    const second = await world().asMember(organizationId, 'owner')
    const operator = await world().asSuperadmin()
    const [toUserId, fromUserId] = [member.user.id, second.user.id]
    await expect(owner.as.organizations.transferOwnership({ organizationId, toUserId, fromUserId })).rejects.toMatchObject({
      code: 'request.denied',
    })
    const notAnOwner = { code: 'organizations.notAnOwner', kind: 'conflict' }
    await expect(operator.as.organizations.transferOwnership({ organizationId, toUserId })).rejects.toMatchObject(notAnOwner)
    await expect(
      operator.as.organizations.transferOwnership({ organizationId, toUserId: owner.user.id, fromUserId: toUserId }),
    ).rejects.toMatchObject(notAnOwner)
    const { organizations } = world().asSystem()
    await expect(organizations.transferOwnership({ organizationId, toUserId })).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path: 'fromUserId' }] },
    })
    await operator.as.organizations.transferOwnership({ organizationId, toUserId, fromUserId })
    expect(await rolesIn(organizationId)).toEqual([{ role: 'admin' }, { role: 'owner' }, { role: 'owner' }])
  })

  test('to whoever is a member and may act, and to nobody else', async () => {
    const { organizationId, owner, member } = await place()
    const [stranger, operator] = [await world().newUser(), await world().asSuperadmin()]
    const fromUserId = owner.user.id
    for (const toUserId of [stranger.id, 'usr_01j0000000e008000000000009'] as const) {
      const notFound = { code: 'request.notFound', details: { type: 'member' } }
      await expect(owner.as.organizations.transferOwnership({ organizationId, toUserId })).rejects.toMatchObject(notFound)
      await expect(operator.as.organizations.transferOwnership({ organizationId, toUserId, fromUserId })).rejects.toMatchObject({
        code: 'request.notFound',
      })
    }
    await expect(owner.as.organizations.transferOwnership({ organizationId, toUserId: fromUserId })).rejects.toMatchObject({
      code: 'request.invalid',
    })
    await expect(member.as.organizations.transferOwnership({ organizationId, toUserId: member.user.id })).rejects.toMatchObject({
      code: 'request.denied',
    })
    await world().asSystem().users.setStatus({ userId: member.user.id, status: 'suspended' })
    await expect(owner.as.organizations.transferOwnership({ organizationId, toUserId: member.user.id })).rejects.toMatchObject({
      code: 'organizations.userInactive',
    })
    expect(await rolesIn(organizationId)).toEqual([{ role: 'member' }, { role: 'owner' }])
  })
})
