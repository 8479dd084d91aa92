import { userActor } from '@denizen/core'
import { bothDatabases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

describe.each(bothDatabases)('listing on %s', (database) => {
  const world = useWorld({ database })

  test('about oneself, within the limits of the credential', async () => {
    const organizationId = await world().newOrganization()
    const admin = await world().asMember(organizationId, 'admin')
    const inside = await world().access.newResource({ organizationId, type: 'folder' })
    const own = await world().access.newResource({ ownerUserId: admin.user.id })
    const list = async (as: SignedInUser['as'], permission = 'document.read') =>
      (await as.access.listResources({ permission })).items.map(({ id }) => id)
    expect(await list(admin.as)).toEqual([inside, own].toSorted())
    const through = async (options: Record<string, unknown>) => {
      const { secret } = await admin.as.tokens.create({ name: 'app', ...options })
      const principal = await world().core.authenticate(secret)
      if (principal === null) throw new Error('a new token opens nothing')
      return world().core.as(userActor(principal))
    }
    expect(await list(await through({ organizationId }))).toEqual([inside])
    const reads = await through({ scopes: ['access.listResources', 'document.read'] })
    expect([await list(reads), await list(reads, 'document.write')]).toEqual([[inside, own].toSorted(), []])
    const stranger = await world().signUp()
    expect(await list(stranger.as)).toEqual([])
    await expect(
      stranger.as.access.listResources({ userId: admin.user.id, permission: 'document.read', organizationId }),
    ).rejects.toMatchObject({ kind: 'notFound' })
    await expect(admin.as.access.listResources({ userId: stranger.user.id, permission: 'document.read' })).rejects.toMatchObject({
      kind: 'denied',
    })
    expect(await admin.as.access.listResources({ userId: stranger.user.id, permission: 'document.read', organizationId })).toEqual({
      items: [],
      nextCursor: null,
    })
  })

  test('a superadmin’s token for an organization that they do not belong to lists what is there, and nothing else', async () => {
    const root = await world().asSuperadmin()
    const [organizationId, other] = [await world().newOrganization(), await world().newOrganization()]
    const inside = await world().access.newResource({ organizationId })
    await world().access.newResource({ organizationId: other })
    const { secret } = await root.as.tokens.create({ name: 'app', organizationId })
    const principal = await world().core.authenticate(secret)
    if (principal === null) throw new Error('a new token opens nothing')
    const as = world().core.as(userActor(principal))
    expect((await as.access.listResources({ permission: 'document.read' })).items.map(({ id }) => id)).toEqual([inside])
    expect((await as.access.listResources({ permission: 'document.read', organizationId: other })).items).toEqual([])
  })

  test('whoCan says through what: role, permission, team, membership, ownership; and what is conditional', async () => {
    const organizationId = await world().newOrganization()
    const [admin, owner, member] = [await world().asMember(organizationId, 'admin'), await world().newUser(), await world().newUser()]
    for (const user of [owner, member]) await world().join(organizationId, user)
    const { id: teamId } = await world().asSystem().teams.create({ organizationId, name: 'Blue' })
    await world().asSystem().teams.addMember({ teamId, userId: member.id })
    const resourceId = await world().access.newResource({ organizationId, ownerUserId: owner.id })
    const roleId = await world().access.newRole({ organizationId, name: 'editor', permissions: ['document.*'] })
    await world().access.give({ teamId, roleId, on: { resourceId } })
    await world().access.give({ userId: member.id, permission: 'document.read', on: { organizationId } })
    const far = await world().newUser()
    await world().join(organizationId, far)
    await world().access.give({
      userId: far.id,
      permission: 'document.read',
      on: { organizationId },
      condition: { networks: ['10.0.0.0/8'] },
    })
    const { items } = await admin.as.access.whoCan({ permission: 'document.read', on: { resourceId } })
    const single = { role: null, teamId: null }
    expect(items).toEqual(
      [
        {
          id: admin.user.id,
          username: admin.user.username,
          displayName: null,
          conditional: false,
          through: [{ ...single, kind: 'membership', name: 'admin', on: 'organization' }],
        },
        {
          id: owner.id,
          username: owner.username,
          displayName: null,
          conditional: false,
          through: [{ ...single, kind: 'ownership', name: null, on: 'resource' }],
        },
        {
          id: member.id,
          username: member.username,
          displayName: null,
          conditional: false,
          through: [
            { kind: 'role', role: { id: roleId, name: 'editor' }, name: null, teamId, on: 'resource' },
            { ...single, kind: 'permission', name: 'document.read', on: 'organization' },
          ],
        },
        {
          id: far.id,
          username: far.username,
          displayName: null,
          conditional: true,
          through: [{ ...single, kind: 'permission', name: 'document.read', on: 'organization' }],
        },
      ].toSorted((left, right) => (left.id < right.id ? -1 : 1)),
    )
    const stranger = await world().signUp()
    await expect(stranger.as.access.whoCan({ permission: 'document.read', on: { resourceId } })).rejects.toMatchObject({ kind: 'notFound' })
  })
})
