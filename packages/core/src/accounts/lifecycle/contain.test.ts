import { newId, uuidOf } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

describe.each(databases)('users.contain on %s', (database) => {
  const world = useWorld({ database })

  test('takes everything at once, and says what there is to look into', async () => {
    const admin = await world().asSuperadmin()
    const user = await world().newUser()
    await world().grant(user, 'monitor')
    const organizationId = await world().newOrganization()
    await world().join(organizationId, user, 'owner')
    const origin = { ip: '203.0.113.9', userAgent: 'a thief' }
    for (let index = 0; index < 25; index++) {
      await world()
        .core.as({ kind: 'anonymous' }, origin)
        .auth.signIn({ identifier: user.id, password: 'wrong password here' })
        .catch(() => undefined)
      world().clock.advance(1000)
    }
    const sessions: SignedInUser[] = []
    for (let index = 0; index < 22; index++) {
      sessions.push(await world().signIn(user))
      world().clock.advance(1000)
    }
    for (const { as } of sessions.slice(0, 21)) {
      await as.users.updatePreferences({ preferences: { canary: 'x'.repeat(sessions.length) } })
      world().clock.advance(1000)
    }
    const id = newId('inv', world().clock.now(), world().ports.random.bytes(10))
    await world().rows(
      `insert into invitations (id, organization_id, email, role, token_hash, invited_by, created_at, expires_at)
        values (?, ?, 'a@example.org', 'member', 'x', ?, ?, ?) returning 1`,
      [uuidOf(id), uuidOf(organizationId), uuidOf(user.id), world().clock.now(), new Date(world().clock.now().getTime() + 1000)],
    )
    const report = await admin.as.users.contain({ userId: user.id, reason: 'stolen laptop' })
    const now = world().clock.now()
    expect(report.user).toMatchObject({
      status: 'suspended',
      statusReason: 'stolen laptop',
      statusChangedAt: now,
      statusChangedBy: admin.user.id,
      grantsFrozenAt: now,
    })
    expect(report).toMatchObject({ sessionsEnded: 22, tokensEnded: 22, invitationsRevoked: 1, rolesFrozen: ['monitor', 'user'] })
    expect(report.organizations).toEqual([{ organization: expect.objectContaining({ id: organizationId }), role: 'owner' }])
    for (const list of [report.recentSessions, report.recentSignIns, report.recentActions]) expect(list).toHaveLength(20)
    const times = [
      report.recentSessions.map((one) => one.createdAt),
      report.recentSignIns.map(({ at }) => at),
      report.recentActions.map(({ at }) => at),
    ]
    for (const list of times) expect(list.map(Number)).toEqual(list.map(Number).toSorted((one, other) => other - one))
    expect(report.recentSessions.every(({ endedAt }) => endedAt?.getTime() === now.getTime())).toBe(true)
    expect(report.recentSignIns[0]).toMatchObject({ outcome: 'succeeded' })
    expect(report.recentActions[0]).toMatchObject({ action: 'users.updatePreferences', outcome: 'succeeded', targetId: user.id })
    for (const { token, as } of sessions) {
      expect(await world().core.authenticate(token)).toBeNull()
      await expect(as.auth.signOut()).rejects.toMatchObject({ code: 'request.unauthenticated' })
    }
    expect(await world().rows('select distinct end_reason from sessions where user_id = ?', [uuidOf(user.id)])).toEqual([
      { end_reason: 'contained' },
    ])
    // Nothing of what the roles were is lost: it is history.
    expect(await world().rows('select 1 from role_assignments where user_id = ? and revoked_at is null', [uuidOf(user.id)])).toHaveLength(2)
  })

  test('keeps grants frozen when the user may act again, until they are released', async () => {
    const user = await world().newUser()
    await world().grant(user, 'superadmin')
    await world().asSuperadmin()
    const organizationId = await world().newOrganization()
    await world().join(organizationId, user, 'admin')
    const { users } = world().asSystem()
    const { user: contained } = await users.contain({ userId: user.id, reason: 'to be looked into' })
    const { user: active } = await users.setStatus({ userId: user.id, status: 'active' })
    expect(active.grantsFrozenAt).toEqual(contained.grantsFrozenAt)
    const frozen = await world().signIn(user)
    expect(frozen.principal).toMatchObject({ roles: [], memberships: [] })
    expect(frozen.principal.grants.allowsEverywhere('users.list')).toBe(false)
    expect(frozen.principal.grants.allows('organizations.update', organizationId)).toBe(false)
    await expect(frozen.as.users.list({})).rejects.toMatchObject({ code: 'request.denied' })
    // Nobody releases somebody above them: frozen is not gone.
    const support = await world().newUser()
    await supportRole(support.id)
    const helper = await world().signIn(support)
    await expect(helper.as.users.setStatus({ userId: user.id, status: 'active', releaseGrants: true })).rejects.toMatchObject({
      code: 'request.denied',
    })
    world().clock.advance(1000)
    expect((await users.contain({ userId: user.id, reason: 'again' })).user.grantsFrozenAt).toEqual(contained.grantsFrozenAt)
    const { user: released } = await users.setStatus({ userId: user.id, status: 'active', releaseGrants: true })
    expect(released.grantsFrozenAt).toBeNull()
    const again = await world().signIn(user)
    expect(again.principal).toMatchObject({ roles: ['superadmin', 'user'], memberships: [{ organizationId, role: 'admin' }] })
    const note = `select changes->'grantsReleased' as released from audit_entries where target_id = ? and changes->>'grantsReleased' is not null`
    expect(await world().rows(note, [user.id])).toEqual([{ released: true }])
  })

  test('of a session that is open, released grants are there at once', async () => {
    const user = await world().newUser()
    await world().grant(user, 'monitor')
    const { users } = world().asSystem()
    await users.contain({ userId: user.id, reason: 'x' })
    await users.setStatus({ userId: user.id, status: 'active' })
    const { token } = await world().signIn(user)
    expect((await world().core.authenticate(token))?.roles).toEqual([])
    await users.setStatus({ userId: user.id, status: 'active', releaseGrants: true })
    expect((await world().core.authenticate(token))?.roles).toEqual(['monitor', 'user'])
  })

  test('counts a superadmin with frozen grants as none', async () => {
    await world().asSuperadmin()
    const others = await world().rows<{ id: string }>(
      `update role_assignments a set revoked_at = now() from roles r where r.id = a.role_id and r.name = 'superadmin' and a.revoked_at is null returning a.id::text`,
    )
    expect(others.length).toBeGreaterThan(0)
    const [frozen, last] = [await world().newUser(), await world().asSuperadmin()]
    await world().grant(frozen, 'superadmin')
    await world().asSystem().users.contain({ userId: frozen.id, reason: 'x' })
    await world().asSystem().users.setStatus({ userId: frozen.id, status: 'active' })
    await expect(last.as.users.demote({ userId: last.user.id })).rejects.toMatchObject({ code: 'users.lastSuperadmin' })
    await world().asSystem().users.setStatus({ userId: frozen.id, status: 'active', releaseGrants: true })
    expect((await last.as.users.demote({ userId: last.user.id })).outcome).toBe('demoted')
  })

  test('asks for a reason, and tells nobody who may not', async () => {
    const [user, nobody, monitor] = [await world().newUser(), await world().signUp(), await world().asMonitor()]
    for (const reason of ['', '   '])
      await expect(world().asSystem().users.contain({ userId: user.id, reason })).rejects.toMatchObject({ code: 'request.invalid' })
    await expect(nobody.as.users.contain({ userId: user.id, reason: 'x' })).rejects.toMatchObject({ code: 'request.notFound' })
    await expect(nobody.as.users.contain({ userId: nobody.user.id, reason: 'x' })).rejects.toMatchObject({ code: 'request.denied' })
    await expect(monitor.as.users.contain({ userId: user.id, reason: 'x' })).rejects.toMatchObject({ code: 'request.denied' })
    expect((await world().asSystem().users.get({ userId: user.id })).version).toBe(1)
  })

  /** A custom role for those who help: they change users and read everything. */
  async function supportRole(userId: string): Promise<void> {
    const roleId = uuidOf('rol_01h455vb4pex5vsknk084sn02q')
    await world().rows(
      `insert into roles (id, name, built_in, created_at) values (?, 'support', false, now()) on conflict do nothing returning 1`,
      [roleId],
    )
    await world().rows(
      `insert into role_permissions (role_id, permission) values (?, 'users.setStatus'), (?, 'queries') on conflict do nothing returning 1`,
      [roleId, roleId],
    )
    await world().rows(
      `insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, valid_from, granted_at)
        values (gen_random_uuid(), 'user', ?, ?, 'system', now() - interval '1 day', now()) returning 1`,
      [uuidOf(userId), roleId],
    )
  }
})
