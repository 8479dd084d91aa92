import { uuidOf, userActor, type DenizenError, type User } from '@denizen/core'
import { databases, newEmail, password, type SignedInUser, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: DenizenError) => error.code,
  )

describe.each(databases)('21: impersonation on %s', (database) => {
  const world = useWorld({ database })
  const reason = 'ticket 4711'

  async function guise(by: SignedInUser, user: User, minutes?: number) {
    const opened = await by.as.auth.impersonate({ userId: user.id, reason, ...(minutes !== undefined && { minutes }) })
    const principal = await world().core.authenticate(opened.accessToken)
    if (principal === null) throw new Error('a new token opens nothing')
    return { ...opened, principal, as: world().core.as(userActor(principal)) }
  }
  const opens = async (token: string) => (await world().core.authenticate(token)) !== null

  test('a session as the user, under both names in every audit entry, in the login history and as events', async () => {
    const [admin, user] = [await world().asSuperadmin(), await world().newUser()]
    const { as, principal, session } = await guise(admin, user)
    expect(principal).toMatchObject({
      userId: user.id,
      impersonator: { userId: admin.user.id, username: admin.user.username },
      recentAuthUntil: null,
    })
    const told = { id: admin.user.id, username: admin.user.username }
    expect((await as.sessions.whoami({})).session?.impersonator).toEqual(told)
    expect((await as.users.current({})).session?.impersonator).toEqual(told)
    expect((await admin.as.sessions.whoami({})).session).not.toHaveProperty('impersonator')
    await as.users.updateCurrent({ fullName: 'Somebody' })
    const entries = await world().rows(
      `select action, actor_id, impersonator_id from audit_entries where session_id = ? or (action = 'auth.impersonate' and target_id = ?) order by action`,
      [uuidOf(session.id), user.id],
    )
    expect(entries).toEqual([
      { action: 'auth.impersonate', actor_id: uuidOf(admin.user.id), impersonator_id: null },
      { action: 'users.updateCurrent', actor_id: uuidOf(user.id), impersonator_id: uuidOf(admin.user.id) },
    ])
    const [entry] = await world().rows<{ changes: object; target_id: string }>(
      `select changes, target_id from audit_entries where action = 'auth.impersonate' and actor_id = ?`,
      [uuidOf(admin.user.id)],
    )
    expect(entry).toMatchObject({ changes: { reason, minutes: 60, sessionId: session.id }, target_id: user.id })
    expect(await world().rows('select method, outcome, actor_id from login_attempts where user_id = ?', [uuidOf(user.id)])).toEqual([
      { method: 'impersonation', outcome: 'succeeded', actor_id: uuidOf(admin.user.id) },
    ])
    const events = `select payload->>'reason' as reason from events where type = 'auth.impersonationStarted' and subject = ?`
    expect(await world().rows(events, [user.id])).toEqual([{ reason }])
  })

  test('a narrow agent token of it says who acts, and no more than it may do: roles and permissions are what is enforced', async () => {
    const [admin, user] = [await world().asSuperadmin(), await world().newUser()]
    const roleId = await world().access.newRole({
      name: `auditor-${user.username}`,
      permissions: ['users.get', 'users.list', 'access.check'],
    })
    await world().access.give({ userId: user.id, roleId })
    await world().access.give({ userId: user.id, permission: 'organizations.list', condition: { networks: ['192.0.2.0/24'] } })
    const from = { ip: '192.0.2.9', userAgent: null, remote: true as const }
    const { as, principal } = await guise(admin, user)
    expect((await world().core.as(userActor(principal), from).users.current({})).roles).toContain(`auditor-${user.username}`)
    const agent = async (...scopes: string[]) => {
      const { token } = await as.tokens.issueAgent({ scopes })
      const found = await world().core.authenticate(token)
      if (found === null) throw new Error('the agent token opens nothing')
      return world().core.as(userActor(found), from)
    }
    const impersonator = { id: admin.user.id, username: admin.user.username }
    expect(await (await agent('users.get')).sessions.whoami({})).toMatchObject({ roles: [], session: { impersonator } })
    const narrow = await agent('users.current', 'access.check', 'users.get')
    const { roles, permissions, session } = await narrow.users.current({})
    expect([roles, session?.impersonator]).toEqual([[], impersonator])
    const asked = ['access.check', 'users.get', 'users.list', 'organizations.list', 'organizations.create', 'document.read']
    const enforced: string[] = []
    for (const permission of asked) if ((await narrow.access.check({ permission })).allowed) enforced.push(permission)
    expect(permissions).toEqual(enforced)
    expect(enforced).toEqual(['access.check', 'users.get'])
  })

  test('it ends when it is stopped, and after an hour at most; the impersonator’s own session goes on', async () => {
    const [admin, user] = [await world().asSuperadmin(), await world().newUser()]
    const own = await world().signIn(user)
    const stopped = await guise(admin, user)
    await expect(stopped.as.auth.stopImpersonating()).resolves.toEqual({ sessionsEnded: 1, tokensEnded: 1 })
    expect([await opens(stopped.accessToken), await opens(admin.token), await opens(own.token)]).toEqual([false, true, true])
    expect(await world().rows('select end_reason, ended_by from sessions where id = ?', [uuidOf(stopped.session.id)])).toEqual([
      { end_reason: 'impersonationOver', ended_by: uuidOf(admin.user.id) },
    ])
    expect(await codeOf(admin.as.auth.impersonate({ userId: user.id, reason, minutes: 61 }))).toBe('request.invalid')
    expect(await codeOf(admin.as.auth.stopImpersonating())).toBe('auth.notImpersonating')
    const short = await guise(admin, user, 10)
    world().clock.advance(10 * 60_000)
    expect([await opens(short.accessToken), await opens(admin.token)]).toEqual([false, true])
  })

  test('it changes no credentials, proves nothing and goes no further', async () => {
    const [admin, user, other] = [await world().asSuperadmin(), await world().asSuperadmin(), await world().newUser()]
    const { as } = await guise(admin, user.user)
    for (const call of [
      () => as.auth.changePassword({ oldPassword: password, newPassword: 'wheelbarrow antlers soup' }),
      () => as.auth.impersonate({ userId: other.id, reason }),
      () => as.factors.beginTotp(),
    ])
      expect(await codeOf(call())).toBe('auth.ownSessionRequired')
    await expect(world().signIn(user.user, password)).resolves.toBeDefined()
  })

  test('19: never upward, nor as oneself, nor as somebody who may not act; strangers learn nothing', async () => {
    const [admin, user] = [await world().asSuperadmin(), await world().signUp()]
    const helper = await world().signUp()
    await world().rows(
      `with role as (insert into roles (id, name, built_in, created_at) values (gen_random_uuid(), 'helper', false, now()) returning id),
        permission as (insert into role_permissions (role_id, permission) select id, unnest(array['auth.impersonate', 'users.get', 'organizations.create']) from role)
        insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, valid_from, granted_at)
          select gen_random_uuid(), 'user', ?::uuid, id, 'system', now() - interval '1 day', now() from role returning 1`,
      [uuidOf(helper.user.id)],
    )
    const impersonate = ({ as }: SignedInUser, { id }: Pick<User, 'id'>) => codeOf(as.auth.impersonate({ userId: id, reason }))
    const again = await world().signIn(helper.user)
    expect(await impersonate(again, admin.user)).toBe('request.denied')
    const owner = await world().newUser()
    await world().join(await world().newOrganization(), owner, 'owner')
    expect(await impersonate(again, owner)).toBe('request.denied')
    expect(await impersonate(again, user.user)).toBe('done')
    expect(await impersonate(user, admin.user)).toBe('request.notFound')
    expect(await impersonate(admin, admin.user)).toBe('auth.cannotImpersonate')
    await world().asSystem().users.setStatus({ userId: user.user.id, status: 'suspended' })
    expect(await impersonate(admin, user.user)).toBe('auth.cannotImpersonate')
    expect(await codeOf(admin.as.auth.impersonate({ userId: owner.id, reason: '  ' }))).toBe('request.invalid')
  })

  test('wants a fresh proof, a session, and an address that the user may act from', async () => {
    const [admin, user] = [await world().asSuperadmin(), await world().newUser()]
    await world().rows(`update users set allowed_ips = '{192.0.2.0/24}' where email = ? returning 1`, [user.email])
    const elsewhere = world().core.as(userActor(admin.principal), { ip: '198.51.100.1' })
    expect(await codeOf(elsewhere.auth.impersonate({ userId: user.id, reason }))).toBe('auth.addressNotAllowed')
    expect(await codeOf(world().asSystem().auth.impersonate({ userId: user.id, reason }))).toBe('auth.ownSessionRequired')
    world().clock.advance(6 * 60_000)
    expect(await codeOf(admin.as.auth.impersonate({ userId: user.id, reason }))).toBe('auth.freshProofRequired')
  })

  test('goes on only from an address that the impersonator may act from too', async () => {
    const [admin, user] = [await world().asSuperadmin(), await world().newUser()]
    const { principal, refreshToken, accessToken } = await guise(admin, user)
    await world()
      .asSystem()
      .users.update({ userId: admin.user.id, allowedIps: ['192.0.2.0/24'] })
    const from = (ip: string) => ({ ip, userAgent: null, remote: true as const })
    const codes = (ip: string) =>
      Promise.all([
        codeOf(world().core.as(userActor(principal), from(ip)).users.updateCurrent({ fullName: ip })),
        world()
          .core.authenticate(accessToken)
          .then((now) =>
            codeOf(now === null ? Promise.reject(new Error('it is over')) : world().core.as(userActor(now), from(ip)).sessions.whoami()),
          ),
        codeOf(world().core.as({ kind: 'anonymous' }, from(ip)).auth.refresh({ refreshToken })),
      ])
    expect(await codes('198.51.100.1')).toEqual(Array(3).fill('auth.addressNotAllowed'))
    expect(await codes('192.0.2.9')).toEqual(Array(3).fill('done'))
  })

  test('7: it is over at once when the impersonator is suspended, or the user changes their password, and is not revived', async () => {
    const [first, admin, user] = [await world().asSuperadmin(), await world().asSuperadmin(), await world().signUp({ email: newEmail() })]
    const one = await guise(admin, user.user)
    await user.as.auth.changePassword({ oldPassword: password, newPassword: 'wheelbarrow antlers soup' })
    expect(await opens(one.accessToken)).toBe(false)
    const other = await guise(admin, user.user)
    await first.as.users.setStatus({ userId: admin.user.id, status: 'suspended' })
    expect(await opens(other.accessToken)).toBe(false)
    await first.as.users.setStatus({ userId: admin.user.id, status: 'active' })
    expect(await opens(other.accessToken)).toBe(false)
  })

  test('7: it is over when the impersonator loses the power to do it', async () => {
    const [first, admin, user] = [await world().asSuperadmin(), await world().asSuperadmin(), await world().newUser()]
    const { accessToken } = await guise(admin, user)
    await first.as.users.demote({ userId: admin.user.id })
    expect(await opens(accessToken)).toBe(false)
  })

  test('71: S13: it ends with the session that it was begun in, however that ends, and with no other of the impersonator’s', async () => {
    const [admin, user] = [await world().asSuperadmin(), await world().newUser()]
    const endings: ((session: SignedInUser) => Promise<unknown>)[] = [
      ({ as }) => as.auth.signOut(),
      ({ principal }) => admin.as.sessions.end({ sessionId: principal.sessionId ?? 'ses_' }),
      () => admin.as.sessions.endOthers(),
      ({ principal }) => world().rows('update sessions set ended_at = now() where id = ? returning 1', [uuidOf(principal.sessionId ?? '')]),
    ]
    for (const end of endings) {
      const [from, other] = [await world().signIn(admin.user), await guise(admin, user)]
      const { accessToken, refreshToken, session } = await guise(from, user)
      const elsewhere = world().another({})
      for (const core of [world().core, elsewhere]) expect(await core.authenticate(accessToken)).not.toBeNull()
      await end(from)
      if (end !== endings.at(-1)) expect(await opens(accessToken)).toBe(false)
      expect(await world().another({}).authenticate(accessToken)).toBeNull()
      expect(await codeOf(world().asAnonymous().auth.refresh({ refreshToken }))).toBe('auth.invalidRefreshToken')
      if (end !== endings.at(-1))
        expect(await world().rows('select end_reason, ended_by from sessions where id = ?', [uuidOf(session.id)])).toEqual([
          { end_reason: 'impersonationOver', ended_by: uuidOf(admin.user.id) },
        ])
      expect(await opens(other.accessToken)).toBe(true)
    }
  })

  test('71: S13: it lasts no longer than the session that it was begun in could', async () => {
    const [admin, user] = [await world().asSuperadmin(), await world().newUser()]
    const end = new Date(world().clock.now().getTime() + 10 * 60_000)
    await world().rows('update sessions set expires_at = ? where id = ? returning 1', [end, uuidOf(admin.principal.sessionId ?? '')])
    const { session, accessToken } = await guise(admin, user)
    expect(session.expiresAt).toEqual(end)
    world().clock.advance(10 * 60_000)
    expect(await opens(accessToken)).toBe(false)
  })

  test('71: S13: access.check does not remember it past the impersonator', async () => {
    const [first, user] = [await world().asSuperadmin(), await world().newUser()]
    const check = (sessionId: `ses_${string}`) =>
      first.as.access.check({ userId: user.id, sessionId, permission: 'organizations.create' }).then(
        ({ allowed }) => allowed,
        () => false,
      )
    const takes: ((admin: SignedInUser) => Promise<unknown>)[] = [
      ({ user: { id: userId } }) => first.as.users.setStatus({ userId, status: 'suspended' }),
      ({ user: { id: userId } }) => first.as.users.demote({ userId }),
      ({ as }) => as.auth.signOut(),
    ]
    for (const take of takes) {
      const admin = await world().asSuperadmin()
      const { session } = await guise(admin, user)
      expect([await check(session.id), await check(session.id)]).toEqual([true, true])
      await take(admin)
      expect(await check(session.id)).toBe(false)
    }
  })
})
