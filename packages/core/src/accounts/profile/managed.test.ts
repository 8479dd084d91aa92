import { uuidOf, type Id, type User } from '@denizen/core'
import { databases, newEmail, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const denied = { code: 'request.denied', kind: 'denied' }
const hidden = { code: 'request.notFound', kind: 'notFound' }

describe.each(databases)('accounts that an organization manages, on %s', (database) => {
  const world = useWorld({ database })
  let organizationId: Id<'org'>
  let elsewhere: Id<'org'>
  let admin: SignedInUser
  let foreign: SignedInUser
  let count = 0
  const address = (domain = 'acme.example') => `p${++count}-${crypto.randomUUID().slice(0, 8)}@${domain}`
  const managed = (email: string | undefined = address()): Promise<User> =>
    world().newUser({
      organizationId,
      ...(email === undefined ? { username: `u${++count}-${crypto.randomUUID().slice(0, 8)}` } : { email }),
    })

  beforeAll(async () => {
    ;[organizationId, elsewhere] = [await world().newOrganization(), await world().newOrganization()]
    for (const domain of ['acme.example', 'acme.test']) await world().ownDomain(organizationId, domain)
    await world().ownDomain(elsewhere, 'other.example')
    ;[admin, foreign] = [await world().asMember(organizationId, 'admin'), await world().asMember(elsewhere, 'owner')]
  })

  test('are run by its admins, and by those of no other', async () => {
    const { id: userId } = await managed()
    const { users } = admin.as
    expect(await users.update({ userId, displayName: 'Ada', allowedIps: ['192.0.2.1'], needPasswordChange: true })).toMatchObject({
      displayName: 'Ada',
    })
    expect((await users.setStatus({ userId, status: 'suspended' })).user.status).toBe('suspended')
    expect((await users.setStatus({ userId, status: 'active' })).user.status).toBe('active')
    expect((await users.contain({ userId, reason: 'x' })).user.status).toBe('suspended')
    expect((await users.archive({ userId })).user.status).toBe('archived')
    expect((await users.restore({ userId })).status).toBe('suspended')
    const calls = ({ users: of }: SignedInUser['as']) => [
      () => of.update({ userId, displayName: 'Mine' }),
      () => of.setStatus({ userId, status: 'active' }),
      () => of.contain({ userId, reason: 'x' }),
      () => of.archive({ userId }),
      () => of.restore({ userId }),
      () => of.setLegalHold({ userId, legalHold: true }),
      () => of.promote({ userId }),
      () => of.demote({ userId }),
    ]
    for (const call of calls(foreign.as)) await expect(call()).rejects.toMatchObject(hidden)
    for (const call of calls(admin.as).slice(5)) await expect(call()).rejects.toMatchObject(denied)
  })

  test('are not those of members whom it does not manage', async () => {
    const guest = await world().newUser({ email: address('other.example') })
    await world().join(organizationId, guest)
    const { users } = admin.as
    for (const call of [
      () => users.update({ userId: guest.id, displayName: 'Mine' }),
      () => users.setStatus({ userId: guest.id, status: 'suspended' }),
      () => users.contain({ userId: guest.id, reason: 'x' }),
      () => users.archive({ userId: guest.id }),
    ])
      await expect(call()).rejects.toMatchObject(hidden)
    expect((await world().asSystem().users.get({ userId: guest.id })).version).toBe(1)
  })

  test.each([
    ['emailVerified', true],
    ['resourcePolicy', 'big'],
    ['sudoSessionEnabled', true],
    ['container', { uid: 0, mainGid: 0, gids: [0] }],
    ['privateMetadata', { plan: 'free' }],
    ['isBot', true],
    ['isScanner', true],
  ])('ABUSE 18: have fields for operators only: %s', async (field, value) => {
    if (field === 'resourcePolicy') await world().newPolicy('big')
    const user = await managed()
    for (const given of [value, ...(field === 'container' || field === 'resourcePolicy' ? [null] : [])])
      await expect(admin.as.users.update({ userId: user.id, displayName: 'Changed', [field]: given })).rejects.toMatchObject(denied)
    expect(await world().asSystem().users.get({ userId: user.id })).toEqual(user)
    const superadmin = await world().asSuperadmin()
    expect(await superadmin.as.users.update({ userId: user.id, [field]: value })).toMatchObject({ [field]: value })
  })

  test('keep an address that the organization has verified, whoever of it changes it', async () => {
    const user = await managed()
    let ada = await world().signIn(user)
    const refused = { code: 'users.managedAddress', kind: 'denied' }
    const before = await world().asSystem().users.get({ userId: user.id })
    for (const email of [newEmail(), address('other.example'), 'x@sub.acme.example', 'x@acme.example.evil.example']) {
      await expect(admin.as.users.update({ userId: user.id, email })).rejects.toMatchObject(refused)
      await expect(ada.as.users.updateCurrent({ email })).rejects.toMatchObject(refused)
    }
    expect(await world().asSystem().users.get({ userId: user.id })).toEqual(before)
    for (const email of [address('acme.test'), address(), null]) {
      expect((await admin.as.users.update({ userId: user.id, email })).email).toBe(email)
      // Another address ends the sessions that there were.
      ada = await world().signIn(user)
      const own = email === null ? null : address()
      expect((await ada.as.users.updateCurrent({ email: own }))[own === null ? 'email' : 'pendingEmail']).toBe(own)
    }
    // Without an address it is still theirs: it does not walk away by taking one, nor is it taken along.
    await expect(ada.as.users.updateCurrent({ email: newEmail() })).rejects.toMatchObject(refused)
    await expect(admin.as.users.update({ userId: user.id, email: newEmail() })).rejects.toMatchObject(refused)
    // Whoever administers the installation lets it go.
    const free = newEmail()
    expect((await world().asSystem().users.update({ userId: user.id, email: free })).email).toBe(free)
    ada = await world().signIn(user)
    await expect(admin.as.users.update({ userId: user.id, displayName: 'Mine' })).rejects.toMatchObject(hidden)
    const wished = newEmail()
    expect(await ada.as.users.updateCurrent({ email: wished })).toMatchObject({ email: free, pendingEmail: wished })
  })

  test('ABUSE 19: are out of reach where they are above: superadmins, monitors, the owner', async () => {
    const [superadmin, monitor, owner, other] = [await managed(), await managed(), await managed(), await managed()]
    await world().grant(superadmin, 'superadmin')
    await world().grant(monitor, 'monitor')
    // They are members already: their home made them so.
    const roles = [
      [owner, 'owner'],
      [other, 'admin'],
    ] as const
    for (const [user, role] of roles)
      await world().rows(`update memberships set role = ? where user_id = (select id from users where username = ?) returning 1`, [
        role,
        user.username,
      ])
    for (const { id: userId } of [superadmin, monitor, owner]) {
      const { users } = admin.as
      for (const call of [
        () => users.update({ userId, email: address() }),
        () => users.setStatus({ userId, status: 'suspended' }),
        () => users.contain({ userId, reason: 'x' }),
        () => users.archive({ userId }),
        () => users.restore({ userId }),
      ])
        await expect(call()).rejects.toMatchObject(denied)
      expect((await world().asSystem().users.get({ userId })).version).toBe(1)
    }
    expect((await admin.as.users.setStatus({ userId: other.id, status: 'suspended' })).user.status).toBe('suspended')
    const boss = await world().signIn(owner)
    expect((await boss.as.users.setStatus({ userId: other.id, status: 'active' })).user.status).toBe('active')
    await expect(boss.as.users.setStatus({ userId: superadmin.id, status: 'suspended' })).rejects.toMatchObject(denied)
  })

  test('S25: are not taken over by their admins where they are more than these are, in whichever organization', async () => {
    const [founder, member, granted] = [await managed(), await managed(), await managed()]
    await world().join(elsewhere, founder, 'owner')
    await world().join(elsewhere, member)
    const roleId = await world().access.newRole({ organizationId: elsewhere, permissions: ['organizations.update'] })
    await world().access.give({ userId: granted.id, roleId, on: { organizationId: elsewhere } })
    await world().rows(
      `insert into passkeys (id, user_id, credential_id, public_key, counter, transports, name, backed_up, created_at)
        values (gen_random_uuid(), ?, ?, '', 0, '{}', 'key', false, now()) returning 1`,
      [uuidOf(founder.id), founder.id],
    )
    for (const { id: userId } of [founder, member, granted]) {
      await expect(admin.as.users.update({ userId, email: address() })).rejects.toMatchObject(denied)
      await expect(admin.as.auth.sendSetupLink({ userId })).rejects.toMatchObject(denied)
      await expect(admin.as.factors.reset({ userId })).rejects.toMatchObject(denied)
      // What only takes something away is theirs to do.
      await expect(admin.as.users.update({ userId, displayName: 'Ours' })).resolves.toBeDefined()
      await expect(admin.as.users.setStatus({ userId, status: 'suspended' })).resolves.toBeDefined()
    }
  })

  test('ABUSE 19: are put on legal hold only by whoever may do that everywhere: a role in the organization does not count', async () => {
    const [user, lawyer] = [await managed(), await managed()]
    const roleId = uuidOf('rol_01h455vb4pex5vsknk084sn02q')
    const permissions = `insert into role_permissions (role_id, permission) values (?, 'users.*') returning 1`
    await world().rows(`insert into roles (id, name, built_in, created_at) values (?, 'lawyer', false, now()) returning 1`, [roleId])
    await world().rows(permissions, [roleId])
    await world().rows(
      `insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, organization_id, valid_from, granted_at)
        values (gen_random_uuid(), 'user', ?, ?, 'organization', ?, now() - interval '1 day', now()) returning 1`,
      [uuidOf(lawyer.id), roleId, uuidOf(organizationId)],
    )
    const { as, principal } = await world().signIn(lawyer)
    expect(principal.grants.allows('users.setLegalHold', organizationId)).toBe(true)
    await expect(as.users.setLegalHold({ userId: user.id, legalHold: true })).rejects.toMatchObject(denied)
    await expect(as.users.promote({ userId: user.id })).rejects.toMatchObject(denied)
    expect((await as.users.setStatus({ userId: user.id, status: 'suspended' })).user.legalHold).toBe(false)
  })

  test('ABUSE 13: contained by an admin, tell nothing of what they are in other organizations', async () => {
    const user = await managed()
    await world().join(elsewhere, user, 'owner')
    const ada = await world().signIn(user)
    await ada.as.users.updateCurrent({ displayName: 'Ada' })
    await world().rows(
      `insert into audit_entries (id, at, action, outcome, actor_kind, actor_id, target_id, organization_id, request_id, duration_ms)
        select gen_random_uuid(), now(), 'organizations.update', 'succeeded', 'user', u.id, 'a secret of theirs', o.id, 'req_1', 1
          from users u, organizations o where u.username = ? and o.id = (select organization_id from organization_domains where domain = 'other.example')
        returning 1`,
      [user.username],
    )
    const superadmin = await world().asSuperadmin()
    const plan = await admin.as.users.contain.plan({ userId: user.id, reason: 'x' })
    expect(plan.sessionsEnded).toBe(1)
    const report = await admin.as.users.contain({ userId: user.id, reason: 'x' })
    expect(report.organizations.map(({ organization }) => organization.id)).toEqual([organizationId])
    expect(JSON.stringify(report)).not.toContain('a secret of theirs')
    expect(JSON.stringify(report)).not.toContain(elsewhere)
    const whole = await superadmin.as.users.contain({ userId: user.id, reason: 'x' })
    expect(whole.organizations).toHaveLength(2)
    expect(JSON.stringify(whole)).toContain('a secret of theirs')
  })

  test.each(['archive', 'contain'] as const)(
    'ABUSE 13: %s takes back what they sent in other organizations too, and does not count it',
    async (verb) => {
      const user = await managed()
      for (const [place, address] of [organizationId, elsewhere, elsewhere].map((id) => [id, newEmail()] as const)) {
        await world().rows(
          `insert into invitations (id, organization_id, email, role, token_hash, invited_by, created_at, expires_at)
          values (gen_random_uuid(), ?, ?, 'member', 'x', ?, ?, ?) returning 1`,
          [uuidOf(place), address, uuidOf(user.id), world().clock.now(), new Date(world().clock.now().getTime() + 60_000)],
        )
      }
      const { users } = admin.as
      const answer = verb === 'archive' ? await users.archive({ userId: user.id }) : await users.contain({ userId: user.id, reason: 'x' })
      expect(answer.invitationsRevoked).toBe(1)
      expect(await world().rows('select 1 from invitations where invited_by = ? and revoked_at is null', [uuidOf(user.id)])).toEqual([])
    },
  )

  test('ABUSE 13: as the last owner of another organization, are not archived, and its id is not told', async () => {
    const user = await managed()
    const third = await world().newOrganization()
    await world().join(third, user, 'owner')
    await world().join(third, await world().newUser())
    await expect(admin.as.users.archive({ userId: user.id })).rejects.toMatchObject({
      code: 'organizations.lastOwner',
      details: { organizationIds: [] },
    })
    const superadmin = await world().asSuperadmin()
    await expect(superadmin.as.users.archive({ userId: user.id })).rejects.toMatchObject({ details: { organizationIds: [third] } })
  })
})
