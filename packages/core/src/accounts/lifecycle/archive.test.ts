import { newId, uuidOf, type Id, type User } from '@denizen/core'
import { databases, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const day = 24 * 60 * 60 * 1000

describe.each(databases)('users.archive and users.restore on %s', (database) => {
  const world = useWorld({ database })

  /** An invitation past every rule. */
  async function invite(
    from: User,
    organizationId: Id<'org'>,
    state: 'pending' | 'accepted' | 'declined' | 'revoked' | 'expired' = 'pending',
  ) {
    const now = world().clock.now()
    const at = (wanted: string) => (state === wanted ? now : null)
    await world().rows(
      `insert into invitations (id, organization_id, email, role, token_hash, invited_by, created_at, expires_at, accepted_at, declined_at, revoked_at)
        values (?, ?, ?, 'member', 'x', ?, ?, ?, ?, ?, ?) returning 1`,
      [
        uuidOf(newId('inv', now, world().ports.random.bytes(10))),
        uuidOf(organizationId),
        `${crypto.randomUUID()}@example.org`,
        uuidOf(from.id),
        now,
        new Date(now.getTime() + (state === 'expired' ? 0 : day)),
        at('accepted'),
        at('declined'),
        at('revoked'),
      ],
    )
  }

  test('archive: says who, when and why, and keeps everything that is no way in', async () => {
    const admin = await world().asSuperadmin()
    const user = await world().newUser({ fullName: 'Ada', preferences: { theme: 'dark' } })
    const organizationId = await world().newOrganization()
    await world().join(organizationId, user)
    world().clock.advance(1000)
    const answer = await admin.as.users.archive({ userId: user.id, reason: ' left the company ', version: 1 })
    const now = world().clock.now()
    expect(answer).toEqual({
      user: {
        ...user,
        status: 'archived',
        statusChangedAt: now,
        statusChangedBy: admin.user.id,
        archivedAt: now,
        archivedBy: admin.user.id,
        archiveReason: 'left the company',
        version: 2,
        updatedAt: now,
      },
      sessionsEnded: 0,
      tokensEnded: 0,
      invitationsRevoked: 0,
      restorableUntil: new Date(now.getTime() + 30 * day),
    })
    expect(await world().asSystem().users.get({ userId: user.id })).toEqual(answer.user)
    expect(await world().rows('select role from memberships where user_id = ?', [uuidOf(user.id)])).toHaveLength(1)
    // The name and the address stay reserved.
    await expect(world().newUser({ email: user.email ?? '' })).rejects.toMatchObject({ code: 'users.emailTaken' })
    await expect(world().newUser({ username: user.username })).rejects.toMatchObject({ code: 'users.usernameTaken' })
  })

  test('archive: ends every session and token, and takes back the invitations that are open', async () => {
    const user = await world().newUser()
    const sessions = [await world().signIn(user), await world().signIn(user)]
    const bystander = await world().signUp()
    const organizationId = await world().newOrganization()
    for (const state of ['pending', 'pending', 'accepted', 'declined', 'revoked', 'expired'] as const)
      await invite(user, organizationId, state)
    await invite(bystander.user, organizationId)
    const answer = await world().asSystem().users.archive({ userId: user.id })
    expect(answer).toMatchObject({ sessionsEnded: 2, tokensEnded: 2, invitationsRevoked: 2 })
    for (const { token, as } of sessions) {
      expect(world().core.authenticated(token)).toBeUndefined()
      expect(await world().core.authenticate(token)).toBeNull()
      await expect(as.auth.signOut()).rejects.toMatchObject({ code: 'request.unauthenticated' })
    }
    const ends = 'select distinct end_reason from sessions where user_id = ?'
    expect(await world().rows(ends, [uuidOf(user.id)])).toEqual([{ end_reason: 'archived' }])
    const open =
      'select 1 from invitations where invited_by = ? and revoked_at is null and accepted_at is null and declined_at is null and expires_at > ?'
    expect(await world().rows(open, [uuidOf(user.id), world().clock.now()])).toEqual([])
    expect(await world().rows(open, [uuidOf(bystander.user.id), world().clock.now()])).toHaveLength(1)
    await expect(world().signIn(user)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    expect(await world().core.authenticate(bystander.token)).not.toBeNull()
    expect(await world().rows('select changes from audit_entries where target_id = ? and action = ?', [user.id, 'users.archive'])).toEqual([
      { changes: { reason: null, sessionsEnded: 2, tokensEnded: 2, invitationsRevoked: 2 } },
    ])
    const events = await world().rows<{ type: string }>('select type from events where subject = ? order by type', [user.id])
    expect(events.map(({ type }) => type).slice(-2)).toEqual(['users.created', 'users.statusChanged'])
    expect(events.map(({ type }) => type)).toContain('users.archived')
  })

  test('archive: of one who is archived is a conflict, and so is another status', async () => {
    const user = await world().newUser()
    await world().asSystem().users.archive({ userId: user.id })
    const archived = await world().asSystem().users.get({ userId: user.id })
    const { users } = world().asSystem()
    const conflict = { code: 'users.archived', kind: 'conflict' }
    await expect(users.archive({ userId: user.id })).rejects.toMatchObject(conflict)
    for (const status of ['active', 'inactive', 'suspended'] as const)
      await expect(users.setStatus({ userId: user.id, status })).rejects.toMatchObject(conflict)
    await expect(users.contain({ userId: user.id, reason: 'x' })).rejects.toMatchObject(conflict)
    expect(await users.get({ userId: user.id })).toEqual(archived)
  })

  test.each(['active', 'inactive', 'suspended'] as const)('restore: gives back the status %s, with its reason', async (status) => {
    const user = await world().newUser()
    const { users } = world().asSystem()
    await users.setStatus({ userId: user.id, status, reason: 'as it was' })
    const before = await users.get({ userId: user.id })
    const { user: archived } = await users.archive({ userId: user.id, reason: 'gone' })
    world().clock.advance(1000)
    const restored = await users.restore({ userId: user.id, version: archived.version })
    const now = world().clock.now()
    expect(restored).toEqual({ ...before, statusChangedAt: now, updatedAt: now, version: before.version + 2 })
    await expect(users.restore({ userId: user.id })).rejects.toMatchObject({ code: 'users.notArchived', kind: 'conflict' })
  })

  test('ABUSE 9: restore revives no session, no token and no invitation; a new sign-in works', async () => {
    const ada = await world().signUp()
    const organizationId = await world().newOrganization()
    await world().join(organizationId, ada.user, 'admin')
    await invite(ada.user, organizationId)
    await world().asSystem().users.archive({ userId: ada.user.id })
    await world().asSystem().users.restore({ userId: ada.user.id })
    for (const core of [world().core, world().another({})]) expect(await core.authenticate(ada.token)).toBeNull()
    await expect(ada.as.auth.signOut()).rejects.toMatchObject({ code: 'request.unauthenticated' })
    expect(await world().rows('select 1 from tokens where user_id = ? and revoked_at is null', [uuidOf(ada.user.id)])).toEqual([])
    expect(await world().rows('select 1 from sessions where user_id = ? and ended_at is null', [uuidOf(ada.user.id)])).toEqual([])
    expect(await world().rows('select 1 from invitations where invited_by = ? and revoked_at is null', [uuidOf(ada.user.id)])).toEqual([])
    const again = await world().signIn(ada.user)
    expect(again.principal).toMatchObject({ roles: ['user'], memberships: [{ organizationId, role: 'admin' }] })
    expect((await again.as.sessions.whoami()).user.id).toBe(ada.user.id)
  })

  test('restore: until the window is over, to the millisecond', async () => {
    const [inTime, late] = [await world().newUser(), await world().newUser()]
    const { users } = world().asSystem()
    const { restorableUntil } = await users.archive({ userId: inTime.id })
    await users.archive({ userId: late.id })
    world().clock.advance(30 * day)
    expect((await users.restore({ userId: inTime.id })).status).toBe('active')
    world().clock.advance(1)
    await expect(users.restore({ userId: late.id })).rejects.toMatchObject({
      code: 'users.restoreWindowOver',
      kind: 'conflict',
      details: { restorableUntil },
    })
    expect((await users.get({ userId: late.id })).status).toBe('archived')
  })

  test('archive: leaves no organization with members and without an owner', async () => {
    const [owner, other, member, archivedOwner] = [
      await world().newUser(),
      await world().newUser(),
      await world().newUser(),
      await world().newUser(),
    ]
    const { users } = world().asSystem()
    const [alone, shared, deserted, closed] = [
      await world().newOrganization(),
      await world().newOrganization(),
      await world().newOrganization(),
      await world().newOrganization(),
    ]
    await world().join(alone, owner, 'owner') // nobody else is in it
    await world().join(shared, owner, 'owner')
    await world().join(shared, other, 'owner')
    await world().join(deserted, owner, 'owner')
    await world().join(deserted, member, 'admin')
    await world().join(deserted, archivedOwner, 'owner')
    await world().join(closed, owner, 'owner')
    await world().join(closed, member)
    await world().rows(`update organizations set status = 'archived' where id = ? returning 1`, [uuidOf(closed)])
    await users.archive({ userId: archivedOwner.id })
    await expect(users.archive({ userId: owner.id })).rejects.toMatchObject({
      code: 'organizations.lastOwner',
      kind: 'conflict',
      details: { organizationIds: [deserted] },
    })
    expect((await users.get({ userId: owner.id })).status).toBe('active')
    await world().rows(`update memberships set role = 'owner' where user_id = ? and organization_id = ? returning 1`, [
      uuidOf(member.id),
      uuidOf(deserted),
    ])
    expect((await users.archive({ userId: owner.id })).user.status).toBe('archived')
  })

  test('setLegalHold: puts on and lifts, once each, for archived users too', async () => {
    const user = await world().newUser()
    const { users } = world().asSystem()
    const held = await users.setLegalHold({ userId: user.id, legalHold: true, reason: 'case 12', version: 1 })
    expect(held).toMatchObject({ legalHold: true, version: 2 })
    expect(await users.setLegalHold({ userId: user.id, legalHold: true })).toEqual(held)
    await users.archive({ userId: user.id })
    expect(await users.setLegalHold({ userId: user.id, legalHold: false })).toMatchObject({ legalHold: false, version: 4 })
    const told = await world().rows(
      `select payload->'legalHold' as hold from events where type = 'users.legalHoldChanged' and subject = ?`,
      [user.id],
    )
    expect(told).toHaveLength(2)
    const notes = `select changes from audit_entries where action = 'users.setLegalHold' and target_id = ? and changes->>'reason' = 'case 12'`
    expect(await world().rows(notes, [user.id])).toEqual([{ changes: { legalHold: [false, true], reason: 'case 12' } }])
  })
})

describe('the last superadmin', () => {
  const world = useWorld()

  test('cannot be archived or contained, by nobody, and can once there is another one', async () => {
    const root = await world().asSuperadmin()
    const calls = (as: typeof root.as) => [
      () => as.users.archive({ userId: root.user.id }),
      () => as.users.archive.plan({ userId: root.user.id }),
      () => as.users.contain({ userId: root.user.id, reason: 'x' }),
      () => as.users.demote({ userId: root.user.id }),
    ]
    for (const as of [root.as, world().asSystem()])
      for (const call of calls(as)) await expect(call()).rejects.toMatchObject({ code: 'users.lastSuperadmin', kind: 'conflict' })
    expect((await root.as.sessions.whoami()).roles).toEqual(['superadmin', 'user'])
    const next = await world().asSuperadmin()
    expect((await next.as.users.archive({ userId: root.user.id })).sessionsEnded).toBe(1)
    // What is archived is not in action: a restore does not count before it happens.
    await expect(next.as.users.demote({ userId: next.user.id })).rejects.toMatchObject({ code: 'users.lastSuperadmin' })
    await next.as.users.restore({ userId: root.user.id })
    expect((await next.as.users.demote({ userId: next.user.id })).outcome).toBe('demoted')
  })
})
