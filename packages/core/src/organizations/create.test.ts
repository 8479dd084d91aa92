import { userActor, uuidOf, type Calls, type Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

describe.each(databases)('organizations.create on %s', (database) => {
  const world = useWorld({ database, settings: { maxOwnedOrganizations: 3, defaultOrganization: 'everybody' } })

  /** The same session with its next request: a query is answered for the principal as it was loaded for it. */
  async function again({ token }: SignedInUser): Promise<Calls> {
    const principal = await world().core.authenticate(token)
    if (principal === null) throw new Error('the session is over')
    return world().core.as(userActor(principal))
  }

  test('whoever is signed in founds one, and owns it at once, in every session', async () => {
    const ada = await world().signUp({ username: 'ada' })
    const before = await world().core.authenticate(ada.token)
    expect(before?.memberships).toEqual([])
    const organization = await ada.as.organizations.create({ name: ' Ada’s Engines ', settings: { theme: 'dark' } })
    const now = world().clock.now()
    expect(organization).toEqual({
      id: expect.stringMatching(/^org_/),
      slug: 'ada-s-engines',
      name: 'Ada’s Engines',
      status: 'active',
      seatLimit: null,
      resourcePolicy: null,
      settings: { theme: 'dark' },
      memberCount: 1,
      archivedAt: null,
      version: 1,
      createdAt: now,
      updatedAt: now,
    })
    const { id: organizationId } = organization
    const { organizations } = await again(ada)
    expect(await organizations.get({ organizationId })).toEqual(organization)
    const principal = await world().core.authenticate(ada.token)
    expect(principal?.memberships).toEqual([{ organizationId, role: 'owner' }])
    expect(principal?.organization).toBeNull()
    expect((await organizations.listMembers({ organizationId })).items).toMatchObject([{ user: { id: ada.user.id }, role: 'owner' }])
    expect(await world().rows('select created_by::text as by from organizations where id = ?', [uuidOf(organizationId)])).toEqual([
      { by: uuidOf(ada.user.id) },
    ])
    const payload = { organizationId, slug: 'ada-s-engines', ownerId: ada.user.id }
    expect(
      await world().rows('select payload from events where type = ? and subject = ?', ['organizations.created', organizationId]),
    ).toEqual([{ payload }])
    const audit = `select organization_id::text as organization, target_id from audit_entries where action = 'organizations.create' and target_id = ?`
    expect(await world().rows(audit, [organizationId])).toEqual([{ organization: uuidOf(organizationId), target_id: organizationId }])
  })

  test('a slug of ours gives way to one that is there; one that was asked for does not', async () => {
    const [ada, bob] = [await world().signUp(), await world().signUp()]
    const first = await ada.as.organizations.create({ name: 'Taken' })
    const second = await bob.as.organizations.create({ name: 'Taken!' })
    expect(first.slug).toBe('taken')
    expect(second.slug).toBe(`taken-${second.id.slice(-8)}`)
    await expect(bob.as.organizations.create({ name: 'Other', slug: ' TAKEN ' })).rejects.toMatchObject({
      code: 'organizations.slugTaken',
      kind: 'conflict',
    })
    expect((await (await again(bob)).organizations.list({ total: true })).total).toBe(1)
  })

  test('of so many that one owns, and those that are archived or handed over do not count', async () => {
    const [ada, bob] = [await world().signUp(), await world().newUser()]
    const found = () => ada.as.organizations.create({ name: 'One more' })
    const [first, second, third] = [await found(), await found(), await found()]
    const tooMany = { code: 'organizations.tooMany', kind: 'limited', details: { limit: 3 } }
    await expect(found()).rejects.toMatchObject(tooMany)
    await world().asSystem().organizations.update({ organizationId: second.id, status: 'suspended' })
    await expect(found()).rejects.toMatchObject(tooMany)
    await ada.as.organizations.archive({ organizationId: first.id })
    await found()
    await expect(found()).rejects.toMatchObject(tooMany)
    await world().join(third.id, bob)
    await ada.as.organizations.transferOwnership({ organizationId: third.id, toUserId: bob.id })
    await found()
    await expect(found()).rejects.toMatchObject(tooMany)
    const admin = await world().asSuperadmin()
    for (let count = 0; count < 5; count++) await admin.as.organizations.create({ name: 'Of an administrator' })
    await admin.as.organizations.create({ name: 'For somebody who owns enough', ownerId: ada.user.id })
  })

  test('by nobody but administrators, where the limit is none', async () => {
    const core = world().another({ settings: { maxOwnedOrganizations: 0 } })
    const [ada, admin] = [await world().signUp(), await world().asSuperadmin()]
    await expect(core.as(userActor(ada.principal)).organizations.create({ name: 'x' })).rejects.toMatchObject({
      code: 'organizations.tooMany',
      message: expect.stringContaining('Only administrators of the installation'),
    })
    expect((await core.as(userActor(admin.principal)).organizations.create({ name: 'x' })).memberCount).toBe(1)
  })

  test('for somebody else: only administrators; for others nobody is there', async () => {
    const [ada, bob, admin] = [await world().signUp(), await world().newUser(), await world().asSuperadmin()]
    const unknown: Id<'usr'> = 'usr_01j0000000e008000000000009'
    const answers = await Promise.all(
      [bob.id, unknown, admin.user.id].map((ownerId) =>
        ada.as.organizations
          .create({ name: 'A gift', ownerId })
          .catch(({ code, message, details }: Error & { code: string; details: unknown }) => ({ code, message, details })),
      ),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ code: 'request.notFound', message: 'There is no such user.', details: { type: 'user' } })]),
    )
    const own = await ada.as.organizations.create({ name: 'My own', ownerId: ada.user.id })
    expect(own.memberCount).toBe(1)
    const given = await admin.as.organizations.create({ name: 'A gift', ownerId: bob.id })
    const { items } = await admin.as.organizations.listMembers({ organizationId: given.id })
    expect(items).toMatchObject([{ user: { id: bob.id }, role: 'owner' }])
    await expect(admin.as.organizations.create({ name: 'A gift', ownerId: unknown })).rejects.toMatchObject({ code: 'request.notFound' })
    await world().asSystem().users.setStatus({ userId: bob.id, status: 'suspended' })
    await expect(admin.as.organizations.create({ name: 'A gift', ownerId: bob.id })).rejects.toMatchObject({
      code: 'organizations.userInactive',
      details: { status: 'suspended' },
    })
  })

  test('by the operator of the machine: an owner has to be named', async () => {
    const ada = await world().newUser()
    const { organizations } = world().asSystem()
    await expect(organizations.create({ name: 'Nobody’s' })).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path: 'ownerId' }] },
    })
    expect((await organizations.create({ name: 'Hers', ownerId: ada.id })).memberCount).toBe(1)
  })

  test('nobody slips into the place of the organization that everybody joins', async () => {
    const [ada, admin] = [await world().signUp(), await world().asSuperadmin()]
    const reserved = { code: 'organizations.slugReserved', kind: 'conflict' }
    await expect(ada.as.organizations.create({ name: 'x', slug: 'everybody' })).rejects.toMatchObject(reserved)
    const named = await ada.as.organizations.create({ name: 'Everybody' })
    expect(named.slug).toMatch(/^everybody-/)
    await expect(ada.as.organizations.update({ organizationId: named.id, slug: 'everybody' })).rejects.toMatchObject(reserved)
    const real = await admin.as.organizations.create({ name: 'x', slug: 'everybody', ownerId: ada.user.id })
    await expect(ada.as.organizations.update({ organizationId: real.id, slug: 'nobody' })).rejects.toMatchObject(reserved)
    const newcomer = await world().signUp()
    expect(newcomer.principal.memberships).toEqual([{ organizationId: real.id, role: 'member' }])
    expect((await admin.as.organizations.update({ organizationId: real.id, slug: 'nobody' })).slug).toBe('nobody')
  })

  test('is refused to strangers and for what is no name or slug', async () => {
    await expect(world().asAnonymous().organizations.create({ name: 'x' })).rejects.toMatchObject({ code: 'request.unauthenticated' })
    const ada = await world().signUp()
    for (const input of [
      { name: ' ' },
      { name: 'a\nb' },
      { name: 'x', slug: 'no spaces' },
      { name: 'x', slug: '-x' },
      { name: 'x', seatLimit: 3 },
    ])
      await expect(ada.as.organizations.create(input)).rejects.toMatchObject({ code: 'request.invalid' })
    const plan = await ada.as.organizations.create.plan({ name: 'Planned' })
    expect(plan.rows).toMatchObject({ organizations: { inserted: 1 }, memberships: { inserted: 1 } })
    expect((await (await again(ada)).organizations.list({})).items).toEqual([])
  })
})
