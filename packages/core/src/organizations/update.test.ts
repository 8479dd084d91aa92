import { uuidOf, type Id } from '@denizen/core'
import { databases, newEmail, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const notFound = { code: 'request.notFound', details: { type: 'organization' } }

describe.each(databases)('organizations.update and organizations.archive on %s', (database) => {
  const world = useWorld({ database })

  const events = (organizationId: Id<'org'>) =>
    world().rows<{ type: string; payload: object }>('select type, payload from events where subject = ? order by id', [organizationId])

  test('an administrator changes name, slug and settings; what stays the same writes nothing', async () => {
    const organizationId = await world().newOrganization()
    const admin = await world().asMember(organizationId, 'admin')
    world().clock.advance(1000)
    const changed = await admin.as.organizations.update({
      organizationId,
      version: 1,
      name: 'New Name',
      slug: 'new-name',
      settings: { a: [1] },
    })
    expect(changed).toMatchObject({ name: 'New Name', slug: 'new-name', settings: { a: [1] }, version: 2, updatedAt: world().clock.now() })
    expect(changed.memberCount).toBe(1)
    const before = await world().counts()
    expect(await admin.as.organizations.update({ organizationId, name: 'New Name', settings: { a: [1] } })).toEqual(changed)
    expect((await world().counts())['events']).toBe(before['events'])
    await expect(admin.as.organizations.update({ organizationId, version: 1, name: 'Too late' })).rejects.toMatchObject({
      code: 'request.versionConflict',
      details: { expected: 1, current: 2 },
    })
    expect(await events(organizationId)).toEqual([
      { type: 'organizations.updated', payload: { organizationId, fields: ['name', 'slug', 'settings'] } },
    ])
    const principal = await world().core.authenticate(admin.token)
    expect(principal?.organization).toEqual({ id: organizationId, slug: 'new-name' })
  })

  test('two patches on one version: one of them is told (48)', async () => {
    const organizationId = await world().newOrganization()
    const admin = await world().asMember(organizationId, 'admin')
    const results = await Promise.allSettled(
      ['one', 'two'].map((name) => admin.as.organizations.update({ organizationId, version: 1, name })),
    )
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'request.versionConflict' } })
  })

  test.each([{ seatLimit: 5 }, { seatLimit: null }, { resourcePolicy: 'large' }, { status: 'suspended' as const }])(
    '%j is for operators only, also for an owner',
    async (fields) => {
      if ('resourcePolicy' in fields) await world().newPolicy(fields.resourcePolicy)
      const organizationId = await world().newOrganization()
      const [owner, operator] = [await world().asMember(organizationId, 'owner'), await world().asSuperadmin()]
      await expect(owner.as.organizations.update({ organizationId, name: 'x', ...fields })).rejects.toMatchObject({
        code: 'request.denied',
      })
      expect(await operator.as.organizations.update({ organizationId, ...fields })).toMatchObject(fields)
    },
  )

  test('no status but these two can be set, and no field that the server keeps (18)', async () => {
    const organizationId = await world().newOrganization()
    const { organizations } = world().asSystem()
    for (const fields of [
      { status: 'archived' },
      { version: '1' },
      { memberCount: 0 },
      { archivedAt: null },
      { createdBy: null },
      { id: 'x' },
    ])
      await expect(organizations.update({ organizationId, ...(fields as object) })).rejects.toMatchObject({ code: 'request.invalid' })
  })

  test('a seat limit below the number of members takes nobody’s seat, and lets nobody in', async () => {
    const organizationId = await world().newOrganization()
    const { organizations } = world().asSystem()
    for (let count = 0; count < 3; count++) await world().join(organizationId, await world().newUser())
    expect(await organizations.update({ organizationId, seatLimit: 2 })).toMatchObject({ seatLimit: 2, memberCount: 3 })
    const newcomer = await world().newUser()
    await expect(organizations.addMember({ organizationId, userId: newcomer.id })).rejects.toMatchObject({
      code: 'organizations.seatsTaken',
      details: { seatLimit: 2 },
    })
    await organizations.update({ organizationId, seatLimit: null })
    await organizations.addMember({ organizationId, userId: newcomer.id })
  })

  test('suspending takes it from everybody at once, and it comes back to sessions that are open', async () => {
    const organizationId = await world().newOrganization()
    const members = [await world().asMember(organizationId, 'owner'), await world().asMember(organizationId)]
    const { organizations } = world().asSystem()
    for (const { token } of members) expect((await world().core.authenticate(token))?.memberships).toHaveLength(1)
    await organizations.update({ organizationId, status: 'suspended' })
    for (const { token, as } of members) {
      const principal = await world().core.authenticate(token)
      expect(principal).toMatchObject({ memberships: [], organization: null })
      expect(principal?.grants.allows('organizations.get', organizationId)).toBe(false)
      await expect(as.organizations.update({ organizationId, name: 'x' })).rejects.toMatchObject(notFound)
      await expect(as.organizations.removeMember({ organizationId, userId: principal?.userId ?? 'usr_' })).rejects.toMatchObject({
        code: 'request.notFound',
      })
    }
    await expect(organizations.addMember({ organizationId, userId: (await world().newUser()).id })).rejects.toMatchObject({
      code: 'organizations.inactive',
      details: { status: 'suspended' },
    })
    world().clock.advance(1)
    await organizations.update({ organizationId, status: 'active' })
    for (const { token } of members) {
      expect((await world().core.authenticate(token))?.memberships).toMatchObject([{ organizationId }])
      expect((await world().core.authenticate(token))?.organization?.id).toBe(organizationId)
    }
    expect((await events(organizationId)).map(({ payload }) => payload)).toEqual([
      { organizationId, fields: ['status'], status: 'suspended' },
      { organizationId, fields: ['status'], status: 'active' },
    ])
  })

  test('archiving: everybody loses it at once, invitations end, domains are free, managed users are nobody’s', async () => {
    const organizationId = await world().newOrganization()
    const [owner, member] = [await world().asMember(organizationId, 'owner'), await world().asMember(organizationId)]
    const other = await world().newOrganization()
    const otherOwner = await world().asMember(other, 'owner')
    await world().ownDomain(organizationId, 'archived.example')
    const managed = await owner.as.users.create({ organizationId, email: 'managed@archived.example' })
    const pending = await owner.as.organizations.invite({ organizationId, email: newEmail() })
    const answered = await owner.as.organizations.invite({ organizationId, email: newEmail() })
    await owner.as.organizations.revokeInvitation({ invitationId: answered.id })
    const foreign = await otherOwner.as.organizations.invite({ organizationId: other, email: newEmail() })
    world().clock.advance(1000)
    const archived = await owner.as.organizations.archive({ organizationId, version: 1 })
    expect(archived).toMatchObject({
      organization: { id: organizationId, status: 'archived', archivedAt: world().clock.now(), version: 2 },
      membersLost: 3,
      invitationsRevoked: 1,
    })
    for (const { token, as } of [owner, member]) {
      expect(await world().core.authenticate(token)).toMatchObject({ memberships: [], organization: null })
      await expect(as.organizations.update({ organizationId, name: 'x' })).rejects.toMatchObject(notFound)
    }
    const states = await world().rows<{ id: string; revoked: boolean }>(
      'select id::text, revoked_at is not null as revoked from invitations',
    )
    expect(states.find(({ id }) => id === uuidOf(pending.id))?.revoked).toBe(true)
    expect(states.find(({ id }) => id === uuidOf(foreign.id))?.revoked).toBe(false)
    expect(
      await world().rows('select 1 from organization_domains where domain = ? and verified_at is not null', ['archived.example']),
    ).toEqual([])
    await expect(owner.as.users.update({ userId: managed?.id ?? 'usr_', displayName: 'x' })).rejects.toMatchObject({
      code: 'request.notFound',
    })
    expect((await events(organizationId)).at(-1)).toEqual({ type: 'organizations.archived', payload: { organizationId, membersLost: 3 } })
    const changes = `select changes from audit_entries where action = 'organizations.archive' and target_id = ?`
    expect(await world().rows(changes, [organizationId])).toEqual([
      { changes: { membersLost: 3, invitationsRevoked: 1, domainsReleased: 1 } },
    ])
  })

  test('O5: an archived organization is restored by the installation: members are back, invitations and domains are not', async () => {
    const organizationId = await world().newOrganization()
    const [owner, member] = [await world().asMember(organizationId, 'owner'), await world().asMember(organizationId)]
    await world().ownDomain(organizationId, 'restored.example')
    const pending = await owner.as.organizations.invite({ organizationId, email: newEmail() })
    const { organizations } = world().asSystem()
    await expect(organizations.restore({ organizationId })).rejects.toMatchObject({
      code: 'organizations.notArchived',
      details: { status: 'active' },
    })
    world().clock.advance(1000)
    await owner.as.organizations.archive({ organizationId })
    await expect(owner.as.organizations.restore({ organizationId })).rejects.toMatchObject(notFound)
    world().clock.advance(1000)
    await expect(organizations.restore({ organizationId, version: 1 })).rejects.toMatchObject({ code: 'request.versionConflict' })
    expect(await organizations.restore({ organizationId, version: 2 })).toMatchObject({
      organization: { status: 'active', archivedAt: null, version: 3, memberCount: 2 },
      membersBack: 2,
    })
    for (const { token } of [owner, member])
      expect((await world().core.authenticate(token))?.memberships).toMatchObject([{ organizationId }])
    await organizations.update({ organizationId, name: 'Back again' })
    const open = 'select 1 from invitations where id = ? and revoked_at is null'
    expect(await world().rows(open, [uuidOf(pending.id)])).toEqual([])
    const verified = 'select 1 from organization_domains where organization_id = ? and verified_at is not null'
    expect(await world().rows(verified, [uuidOf(organizationId)])).toEqual([])
    expect((await events(organizationId)).map(({ type }) => type)).toContain('organizations.restored')
  })

  test('O5: one that was suspended before it was archived is suspended again', async () => {
    const organizationId = await world().newOrganization()
    const { organizations } = world().asSystem()
    for (const step of [
      () => organizations.update({ organizationId, status: 'suspended' }),
      () => organizations.archive({ organizationId }),
    ]) {
      world().clock.advance(1000)
      await step()
    }
    world().clock.advance(1000)
    expect((await organizations.restore({ organizationId })).organization.status).toBe('suspended')
  })

  test('archiving is for owners, once, and nothing changes in it afterwards', async () => {
    const organizationId = await world().newOrganization('was-archived')
    const [owner, admin, member] = [
      await world().asMember(organizationId, 'owner'),
      await world().asMember(organizationId, 'admin'),
      await world().asMember(organizationId),
    ]
    for (const { as } of [admin, member])
      await expect(as.organizations.archive({ organizationId })).rejects.toMatchObject({ code: 'request.denied' })
    await expect(owner.as.organizations.archive({ organizationId, version: 7 })).rejects.toMatchObject({ code: 'request.versionConflict' })
    await owner.as.organizations.archive({ organizationId })
    const { organizations } = world().asSystem()
    const inactive = { code: 'organizations.inactive', kind: 'conflict', details: { status: 'archived' } }
    await expect(organizations.archive({ organizationId })).rejects.toMatchObject(inactive)
    await expect(organizations.update({ organizationId, name: 'x' })).rejects.toMatchObject(inactive)
    await expect(organizations.update({ organizationId, status: 'active' })).rejects.toMatchObject(inactive)
    await expect(organizations.addMember({ organizationId, userId: (await world().newUser()).id })).rejects.toMatchObject(inactive)
    await expect(organizations.addDomain({ organizationId, domain: 'x.example' })).rejects.toMatchObject(inactive)
    await expect(organizations.removeMember({ organizationId, userId: member.user.id })).rejects.toMatchObject(inactive)
    expect(await organizations.get({ organizationId })).toMatchObject({ status: 'archived', memberCount: 3 })
    const bob = await world().signUp()
    await expect(bob.as.organizations.create({ name: 'x', slug: 'was-archived' })).rejects.toMatchObject({
      code: 'organizations.slugTaken',
    })
  })
})
