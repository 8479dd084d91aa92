import { builtInRoles, uuidOf } from '@denizen/core'
import { databases, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const hour = 3_600_000

describe.each(databases)('users.promote and users.demote on %s', (database) => {
  const world = useWorld({ database })
  const role = uuidOf(builtInRoles.superadmin.id)
  const history = (userId: string) =>
    world().rows<{ granted_by: string | null; revoked_by: string | null; open: boolean; forever: boolean }>(
      `select (select username from users where id = granted_by) as granted_by, (select username from users where id = revoked_by) as revoked_by,
          revoked_at is null as open, valid_until is null as forever
        from role_assignments where user_id = ? and role_id = ? order by granted_at, revoked_at`,
      [uuidOf(userId), role],
    )

  test('give and take the role, say what happened, and keep the history', async () => {
    const admin = await world().asSuperadmin()
    const ada = await world().signUp()
    const { users } = admin.as
    const userId = ada.user.id
    expect(await users.demote({ userId })).toEqual({ outcome: 'notAdmin', userId })
    expect(await users.promote({ userId, reason: 'on call' })).toEqual({ outcome: 'promoted', userId })
    expect(await users.promote({ userId })).toEqual({ outcome: 'alreadyAdmin', userId })
    expect((await world().core.authenticate(ada.token))?.roles).toEqual(['superadmin', 'user'])
    world().clock.advance(1000)
    expect(await users.demote({ userId })).toEqual({ outcome: 'demoted', userId })
    expect((await world().core.authenticate(ada.token))?.roles).toEqual(['user']) // signed in as before, without the role
    expect(await users.demote({ userId })).toEqual({ outcome: 'notAdmin', userId })
    world().clock.advance(1000)
    expect(await users.promote({ userId })).toEqual({ outcome: 'promoted', userId })
    const { username } = admin.user
    expect(await history(userId)).toEqual([
      { granted_by: username, revoked_by: username, open: false, forever: true },
      { granted_by: username, revoked_by: null, open: true, forever: true },
    ])
    const notes = `select changes from audit_entries where target_id = ? and action = 'users.promote' and changes->>'outcome' = 'promoted'
      and changes->>'reason' is not null`
    expect(await world().rows(notes, [userId])).toEqual([{ changes: { outcome: 'promoted', reason: 'on call' } }])
    const events = await world().rows<{ type: string }>(
      `select type from events where subject = ? and type in ('users.promoted', 'users.demoted')`,
      [userId],
    )
    expect(events.map(({ type }) => type).sort()).toEqual(['users.demoted', 'users.promoted', 'users.promoted'])
    expect(await world().rows('select 1 from invalidations where ? = any(keys)', [userId])).toHaveLength(3)
  })

  test('one who is it for a while becomes it for good, and one who would be it later is not', async () => {
    const { users } = (await world().asSuperadmin()).as
    const now = world().clock.now().getTime()
    const [briefly, later, expired] = [await world().newUser(), await world().newUser(), await world().newUser()]
    await world().grant(briefly, 'superadmin', { validUntil: new Date(now + hour) })
    await world().grant(later, 'superadmin', { validFrom: new Date(now + hour) })
    await world().grant(expired, 'superadmin', { validUntil: new Date(now) })
    expect((await users.promote({ userId: briefly.id })).outcome).toBe('promoted')
    expect(await history(briefly.id)).toMatchObject([
      { open: false, forever: false },
      { open: true, forever: true },
    ])
    expect((await users.demote({ userId: later.id })).outcome).toBe('demoted')
    expect(await history(later.id)).toMatchObject([{ open: false }])
    expect((await users.demote({ userId: expired.id })).outcome).toBe('notAdmin')
    expect((await users.promote({ userId: expired.id })).outcome).toBe('promoted')
  })

  test.each([
    [
      'suspended',
      'this user is suspended',
      (id: `usr_${string}`) => world().asSystem().users.setStatus({ userId: id, status: 'suspended' }),
    ],
    ['inactive', 'this user is inactive', (id: `usr_${string}`) => world().asSystem().users.setStatus({ userId: id, status: 'inactive' })],
    ['archived', 'this user is archived', (id: `usr_${string}`) => world().asSystem().users.archive({ userId: id })],
    [
      'temporary',
      'this user is temporary',
      (id: string) => world().rows(`update users set status = 'temporary' where id = ? returning 1`, [uuidOf(id)]),
    ],
    [
      'anonymous',
      'this user is anonymous',
      (id: string) => world().rows(`update users set kind = 'anonymous', email = null where id = ? returning 1`, [uuidOf(id)]),
    ],
    [
      'a service',
      'this user is a program',
      (id: string) => world().rows(`update users set kind = 'service' where id = ? returning 1`, [uuidOf(id)]),
    ],
    [
      'frozen',
      'the grants of this user are frozen',
      async (userId: `usr_${string}`) => {
        await world().asSystem().users.contain({ userId, reason: 'x' })
        await world().asSystem().users.setStatus({ userId, status: 'active' })
      },
    ],
  ])('promote: not one who is %s', async (_name, because, spoil) => {
    const user = await world().newUser()
    await spoil(user.id)
    await expect(world().asSystem().users.promote({ userId: user.id })).rejects.toMatchObject({
      code: 'users.notPromotable',
      kind: 'conflict',
      details: { because },
    })
    expect(await history(user.id)).toEqual([])
  })

  test('ABUSE 19: are for those who may do everything, also among those who hold the permission', async () => {
    const superadmin = await world().asSuperadmin()
    const [nobody, monitor, support] = [await world().signUp(), await world().asMonitor(), await world().newUser()]
    const roleId = uuidOf('rol_01h455vb4pex5vsknk084sn02q')
    await world().rows(`insert into roles (id, name, built_in, created_at) values (?, 'support', false, now()) returning 1`, [roleId])
    await world().rows(`insert into role_permissions (role_id, permission) values (?, 'users.*'), (?, 'queries') returning 1`, [
      roleId,
      roleId,
    ])
    await world().rows(
      `insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, valid_from, granted_at)
        values (gen_random_uuid(), 'user', ?, ?, 'system', now() - interval '1 day', now()) returning 1`,
      [uuidOf(support.id), roleId],
    )
    const helper = await world().signIn(support)
    expect(helper.principal.grants.allowsEverywhere('users.promote')).toBe(true)
    for (const { as, user } of [nobody, monitor, helper]) {
      await expect(as.users.promote({ userId: user.id })).rejects.toMatchObject({ code: 'request.denied' })
      await expect(as.users.demote({ userId: superadmin.user.id })).rejects.toMatchObject({
        kind: as === nobody.as ? 'notFound' : 'denied',
      })
      expect(await history(user.id)).toEqual([])
    }
    expect((await superadmin.as.sessions.whoami()).roles).toContain('superadmin')

    // The same role is below a superadmin for everything else, too.
    const denied = { code: 'request.denied', kind: 'denied' }
    const userId = superadmin.user.id
    await expect(helper.as.users.setStatus({ userId, status: 'suspended' })).rejects.toMatchObject(denied)
    await expect(helper.as.users.archive({ userId })).rejects.toMatchObject(denied)
    await expect(helper.as.users.contain({ userId, reason: 'x' })).rejects.toMatchObject(denied)
    await expect(helper.as.users.setLegalHold({ userId, legalHold: true })).rejects.toMatchObject(denied)
    await expect(helper.as.users.update({ userId, email: 'mine@example.com' })).rejects.toMatchObject(denied)
    const somebody = await world().newUser()
    expect((await helper.as.users.setStatus({ userId: somebody.id, status: 'suspended' })).user.status).toBe('suspended')
    expect((await helper.as.users.setLegalHold({ userId: somebody.id, legalHold: true })).legalHold).toBe(true)
  })
})
