import { systemActor, type User } from '@denizen/core'
import { databases, type SignedInUser, useFreshWorlds, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const statuses = ['active', 'inactive', 'suspended'] as const

describe.each(databases)('users.setStatus on %s', (database) => {
  const world = useWorld({ database })

  test('changes the status, and says who, when and why', async () => {
    const [admin, user] = [await world().asSuperadmin(), await world().newUser()]
    world().clock.advance(1000)
    const { as } = admin
    const { user: changed } = await as.users.setStatus({ userId: user.id, status: 'suspended', reason: ' abuse report 17 ' })
    const now = world().clock.now()
    expect(changed).toEqual({
      ...user,
      status: 'suspended',
      statusReason: 'abuse report 17',
      statusChangedAt: now,
      statusChangedBy: admin.user.id,
      updatedAt: now,
      version: 2,
    })
    expect(await world().asSystem().users.get({ userId: user.id })).toEqual(changed)
    const by = 'select b.username from users u join users b on b.id = u.status_changed_by where u.username = ?'
    expect(await world().rows(by, [user.username])).toEqual([{ username: admin.user.username }])

    const { user: active } = await world().asSystem().users.setStatus({ userId: user.id, status: 'active' })
    expect(active).toMatchObject({ status: 'active', statusReason: null, statusChangedBy: null, version: 3 })
    expect(await world().rows(by, [user.username])).toEqual([])
  })

  test.each(['inactive', 'suspended'] as const)('to %s ends every session and token, and says how many', async (status) => {
    const user = await world().newUser()
    const sessions = [await world().signIn(user), await world().signIn(user), await world().signIn(user)]
    const bystander = await world().signUp()
    await sessions[0]?.as.auth.signOut()
    expect(await world().asSystem().users.setStatus({ userId: user.id, status })).toMatchObject({ sessionsEnded: 2, tokensEnded: 2 })
    for (const { token, as } of sessions) {
      expect(world().core.authenticated(token)).toBeUndefined()
      expect(await world().core.authenticate(token)).toBeNull()
      await expect(as.auth.signOut()).rejects.toMatchObject({ code: 'request.unauthenticated' })
    }
    const ends = `select end_reason, count(*)::int as count from sessions s join users u on u.id = s.user_id
      where u.username = ? and ended_at is not null group by 1 order by 1`
    expect(await world().rows(ends, [user.username])).toEqual([
      { end_reason: 'signedOut', count: 1 },
      { end_reason: 'userStatus', count: 2 },
    ])
    await expect(world().signIn(user)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    expect(await world().core.authenticate(bystander.token)).not.toBeNull()
  })

  test('back to active revives no session', async () => {
    const ada = await world().signUp()
    await world().asSystem().users.setStatus({ userId: ada.user.id, status: 'suspended' })
    const { sessionsEnded } = await world().asSystem().users.setStatus({ userId: ada.user.id, status: 'active' })
    expect(sessionsEnded).toBe(0)
    expect(await world().core.authenticate(ada.token)).toBeNull()
    expect((await world().signIn(ada.user)).principal.status).toBe('active')
  })

  test('is told to the log, to the feed and to other processes', async () => {
    const ada = await world().signUp()
    const origin = { requestId: `req_status_${database}` }
    const system = world().core.as(systemActor('night shift'), origin)
    await system.users.setStatus({ userId: ada.user.id, status: 'suspended', reason: 'left the company' })
    expect(
      await world().rows('select action, outcome, target_id, actor_reason, changes from audit_entries where request_id = ?', [
        origin.requestId,
      ]),
    ).toEqual([
      {
        action: 'users.setStatus',
        outcome: 'succeeded',
        target_id: ada.user.id,
        actor_reason: 'night shift',
        changes: { status: ['active', 'suspended'], reason: 'left the company', sessionsEnded: 1, tokensEnded: 1 },
      },
    ])
    expect(await world().rows(`select payload from events where type = 'users.statusChanged' and subject = ?`, [ada.user.id])).toEqual([
      { payload: { userId: ada.user.id, before: 'active', status: 'suspended' } },
    ])
    expect(await world().rows('select 1 from invalidations where ? = any(keys)', [ada.user.id])).toHaveLength(1)
  })
})

describe('users.setStatus', () => {
  const world = useWorld()

  test.each(statuses.flatMap((before) => statuses.map((status) => [before, status] as const)))('%s → %s', async (before, status) => {
    const user = await world().newUser()
    await world().asSystem().users.setStatus({ userId: user.id, status: before })
    expect((await world().asSystem().users.setStatus({ userId: user.id, status })).user.status).toBe(status)
    const told = [before, status].filter((one, index, all) => one !== (all[index - 1] ?? 'active'))
    const events = await world().rows<{ status: string }>(
      `select payload->>'status' as status from events where type = 'users.statusChanged' and subject = ? order by payload->>'before' <> 'active'`,
      [user.id],
    )
    expect(events.map((event) => event.status)).toEqual(told)
  })

  test.each([
    ['what it cannot set', { status: 'archived' }, 'status'],
    ['what only a sign-up sets', { status: 'pending' }, 'status'],
    ['no status', {}, 'status'],
    ['a reason of two lines', { status: 'suspended', reason: 'a\nb' }, 'reason'],
    ['a reason of 501 letters', { status: 'suspended', reason: 'x'.repeat(501) }, 'reason'],
    ['the id of something else', { status: 'suspended', userId: 'ses_01h455vb4pex5vsknk084sn02q' }, 'userId'],
  ])('refuses %s', async (_name, input, path) => {
    const user = await world().newUser()
    const call = { actor: systemActor('test'), origin: { requestId: 'req_1', ip: null, userAgent: null } }
    await expect(world().core.run('users.setStatus', { userId: user.id, ...input }, call)).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path }] },
    })
    expect(await world().asSystem().users.get({ userId: user.id })).toEqual(user)
  })

  test('refuses a version that is not the current one', async () => {
    const user = await world().newUser()
    const input = { userId: user.id, status: 'suspended' } as const
    await expect(
      world()
        .asSystem()
        .users.setStatus({ ...input, version: 2 }),
    ).rejects.toMatchObject({
      code: 'request.versionConflict',
      details: { expected: 2, current: 1 },
    })
    expect(
      (
        await world()
          .asSystem()
          .users.setStatus({ ...input, version: 1 })
      ).user.status,
    ).toBe('suspended')
  })

  test('is for those who hold the permission, and nobody learns who else there is', async () => {
    const [user, nobody, monitor] = [await world().newUser(), await world().signUp(), await world().asMonitor()]
    const missing = 'usr_01h455vb4pex5vsknk084sn02q'
    const answers = async (as: SignedInUser['as'], userId: User['id']) => {
      const error: unknown = await as.users.setStatus({ userId, status: 'suspended' }).catch((thrown: unknown) => thrown)
      const { code, message, details } = error as { code: string; message: string; details: object }
      return { code, message, details }
    }
    expect(await answers(nobody.as, user.id)).toEqual(await answers(nobody.as, missing))
    expect(await answers(nobody.as, user.id)).toMatchObject({ code: 'request.notFound' })
    expect(await answers(nobody.as, nobody.user.id)).toMatchObject({ code: 'request.denied' })
    expect(await answers(monitor.as, user.id)).toMatchObject({ code: 'request.denied' })
    expect(await answers(world().asAnonymous(), user.id)).toMatchObject({ code: 'request.unauthenticated' })
    expect((await world().asSystem().users.get({ userId: user.id })).version).toBe(1)
    expect(
      await world().rows(
        `select outcome, count(*)::int as count from audit_entries where action = 'users.setStatus' and target_id = ? group by 1`,
        [user.id],
      ),
    ).toEqual([{ outcome: 'denied', count: 3 }])
  })
})

describe('the last superadmin', () => {
  const world = useFreshWorlds()

  test('cannot be taken out of action, by nobody, and stays signed in', async () => {
    const root = await world().asSuperadmin()
    const before = await world().asSystem().users.get({ userId: root.user.id })
    for (const as of [root.as, world().asSystem()]) {
      for (const status of ['inactive', 'suspended'] as const) {
        await expect(as.users.setStatus({ userId: root.user.id, status })).rejects.toMatchObject({
          code: 'users.lastSuperadmin',
          kind: 'conflict',
        })
        await expect(as.users.setStatus.plan({ userId: root.user.id, status })).rejects.toMatchObject({ code: 'users.lastSuperadmin' })
      }
    }
    expect(await world().asSystem().users.get({ userId: root.user.id })).toEqual(before)
    expect(await root.as.sessions.whoami()).toMatchObject({ roles: ['superadmin', 'user'] })
  })

  test.each([
    ['suspended', async (user: User) => world().rows(`update users set status = 'suspended' where email = ? returning 1`, [user.email])],
    [
      'not one any more',
      async (user: User) =>
        world().rows(`update role_assignments set revoked_at = now() where user_id = (select id from users where email = ?) returning 1`, [
          user.email,
        ]),
    ],
    [
      'one for a while only',
      async (user: User) =>
        world().rows(
          `update role_assignments set valid_until = now() + interval '1 day' where user_id = (select id from users where email = ?) returning 1`,
          [user.email],
        ),
    ],
  ])('is the last also when the other is %s', async (_name, spoil) => {
    const { user: last } = await world().asSuperadmin()
    const other = await world().newUser()
    await world().grant(other, 'superadmin')
    await spoil(other)
    const call = () => world().asSystem().users.setStatus({ userId: last.id, status: 'suspended' })
    await expect(call()).rejects.toMatchObject({ code: 'users.lastSuperadmin' })
  })

  test('may go when there is another one, also by their own hand', async () => {
    const next = await world().asSuperadmin()
    await world().asSuperadmin()
    const { user, sessionsEnded } = await next.as.users.setStatus({ userId: next.user.id, status: 'inactive' })
    expect(user.status).toBe('inactive')
    expect(sessionsEnded).toBe(1)
    await expect(next.as.users.setStatus({ userId: next.user.id, status: 'active' })).rejects.toMatchObject({
      code: 'request.unauthenticated',
    })
    expect(await world().core.authenticate(next.token)).toBeNull()
  })
})
