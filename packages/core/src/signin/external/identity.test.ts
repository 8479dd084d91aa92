import { completed, idOf, newId, uuidOf, type DenizenError } from '@denizen/core'
import { databases, newEmail, password, TestProvider, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const google = TestProvider.configured('google', {
  roles: { claim: 'groups', mapped: { staff: 'editor', boss: 'superadmin', root: 'user' } },
})
const other = TestProvider.configured('other')
const clerk = TestProvider.configured('clerk', { kind: 'clerk', audiences: ['https://app.example.com'] })
const refused = { code: 'auth.identityRefused', kind: 'unauthenticated', details: {} }
const settings = { identityProviders: [google, other, clerk] }

describe.each(databases)('auth.signInWithIdentity on %s', (database) => {
  const world = useWorld({ database, settings })
  let provider: TestProvider
  let second: TestProvider
  beforeAll(async () => {
    provider = await TestProvider.open(world().ports, google)
    second = await TestProvider.open(world().ports, other)
  })

  const signIn = (token: string, name = 'google') => {
    world().clock.advance(1) // so that the history has an order
    return world().asAnonymous().auth.signInWithIdentity({ provider: name, token })
  }
  const subject = () => crypto.randomUUID()
  const userOf = (userId: string) =>
    world()
      .asSystem()
      .users.get({ userId: userId as `usr_${string}` })
  const attempts = () =>
    world().rows<{ outcome: string; method: string; user_id: string | null }>(
      'select outcome, method, user_id from login_attempts order by xmin::text::bigint desc limit 1',
    )

  test('makes a user of somebody who comes for the first time, and finds them again', async () => {
    const [sub, email] = [subject(), newEmail()]
    const claims = {
      sub,
      email: email.toUpperCase(),
      email_verified: true,
      name: 'Ada Lovelace',
      picture: 'https://img.example/a.png',
      locale: 'en-GB',
    }
    const first = completed(await signIn(await provider.sign(claims)))
    expect(await userOf(first.user.id)).toMatchObject({
      email,
      emailVerified: true,
      fullName: 'Ada Lovelace',
      displayName: 'Ada Lovelace',
      avatarUrl: 'https://img.example/a.png',
      locale: 'en-GB',
      kind: 'human',
      status: 'active',
      passwordChangedAt: null,
    })
    expect(await attempts()).toEqual([{ outcome: 'succeeded', method: 'identity', user_id: uuidOf(first.user.id) }])
    const again = completed(await signIn(await provider.sign({ sub })))
    expect(again.user).toEqual(first.user)
    expect(again.session.id).not.toBe(first.session.id)
    const principal = await world().core.authenticate(again.accessToken)
    expect(principal).toMatchObject({ userId: first.user.id, roles: ['user'], assurance: 'aal1' })
    const events = await world().rows<{ type: string }>('select type from events where subject = ? order by xid, type', [first.user.id])
    expect(events.map(({ type }) => type).toSorted()).toEqual(['auth.signedIn', 'auth.signedIn', 'identities.linked', 'users.created'])
  })

  test('joins the default organization', async () => {
    const organizationId = await world().newOrganization('everybody')
    const core = world().another({ settings: { ...settings, defaultOrganization: 'everybody' } })
    const answer = completed(
      await core.as({ kind: 'anonymous' }).auth.signInWithIdentity({ provider: 'google', token: await provider.sign({ sub: subject() }) }),
    )
    expect(await core.authenticate(answer.accessToken)).toMatchObject({ memberships: [{ organizationId, role: 'member' }] })
  })

  test('takes over what the provider tells anew, but not over what the user chose', async () => {
    const sub = subject()
    const { user } = completed(await signIn(await provider.sign({ sub, name: 'Old Name', locale: 'en' })))
    await world().asSystem().users.update({ userId: user.id, locale: 'de' })
    await signIn(await provider.sign({ sub, name: 'New Name', locale: 'fr', picture: 'javascript:alert(1)' }))
    expect(await userOf(user.id)).toMatchObject({ fullName: 'New Name', displayName: 'New Name', locale: 'de', avatarUrl: null })
  })

  test('ABUSE 27: links by an address that both have verified, and asks for the second factor all the same', async () => {
    const user = await world().newUser({ emailVerified: true })
    const token = await provider.sign({ sub: subject(), email: user.email, email_verified: true })
    expect(completed(await signIn(token)).user.id).toBe(user.id)
    await expect(world().signIn(user)).resolves.toBeDefined()
    const now = world().clock.now()
    const factor = [uuidOf(user.id), uuidOf(newId('fac', now, world().ports.random.bytes(10))), 'sealed', now, now]
    await world().rows(
      'insert into totp_factors (user_id, id, sealed_key, created_at, activated_at) values (?, ?, ?, ?, ?) returning 1',
      factor,
    )
    expect(await signIn(await provider.sign({ sub: subject(), email: user.email, email_verified: true, amr: ['mfa'] }))).toMatchObject({
      status: 'factorRequired',
      methods: ['totp'],
    })
  })

  test('ABUSE 27: an address that the provider did not verify links nothing, and is nobody’s', async () => {
    const user = await world().newUser({ emailVerified: true })
    for (const email_verified of [false, undefined, 'yes', 1, null]) {
      const answer = completed(await signIn(await provider.sign({ sub: subject(), email: user.email, email_verified })))
      expect(answer.user.id).not.toBe(user.id)
      expect(await userOf(answer.user.id)).toMatchObject({ email: null, emailVerified: false })
    }
    expect(await world().asSystem().identities.list({ userId: user.id })).toEqual({ items: [] })
  })

  test('ABUSE 27: the same subject of another issuer is somebody else', async () => {
    const sub = subject()
    const [here, there] = [
      completed(await signIn(await provider.sign({ sub }))),
      completed(await signIn(await second.sign({ sub }), 'other')),
    ]
    expect(here.user.id).not.toBe(there.user.id)
  })

  test('ABUSE 26: an account that never proved the address is taken from whoever made it', async () => {
    const email = newEmail()
    const squatter = await world().signUp({ email })
    await world()
      .asSystem()
      .users.update({ userId: squatter.user.id, allowedIps: ['192.0.2.1'] })
    const { user } = completed(await signIn(await provider.sign({ sub: subject(), email, email_verified: true })))
    expect(user.id).toBe(squatter.user.id)
    expect(await userOf(user.id)).toMatchObject({ emailVerified: true, passwordChangedAt: null })
    expect(await world().core.authenticate(squatter.token)).toBeNull()
    await expect(world().signIn(squatter.user)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    expect((await world().asSystem().identities.list({ userId: user.id })).items.map(({ issuer }) => issuer)).toEqual([google.issuer])
  })

  test('an account with roles that never proved the address is not handed over', async () => {
    const admin = await world().asSuperadmin()
    await expect(signIn(await provider.sign({ sub: subject(), email: admin.user.email, email_verified: true }))).rejects.toMatchObject({
      code: 'identities.signInToLink',
    })
    expect(await world().core.authenticate(admin.token)).not.toBeNull()
    expect(await userOf(admin.user.id)).toMatchObject({ emailVerified: false })
  })

  test('whoever may not act gets the answer for a wrong token', async () => {
    const [sub, email] = [subject(), newEmail()]
    const { user } = completed(await signIn(await provider.sign({ sub, email, email_verified: true })))
    for (const status of ['suspended', 'inactive'] as const) {
      await world().asSystem().users.setStatus({ userId: user.id, status })
      await expect(signIn(await provider.sign({ sub }))).rejects.toMatchObject(refused)
      expect(await attempts()).toEqual([{ outcome: 'notActive', method: 'identity', user_id: uuidOf(user.id) }])
      await expect(signIn(await second.sign({ sub, email, email_verified: true }), 'other')).rejects.toMatchObject(refused)
    }
    await world().asSystem().users.setStatus({ userId: user.id, status: 'active' })
    await world()
      .asSystem()
      .users.update({ userId: user.id, allowedIps: ['192.0.2.1'] })
    const from = world().core.as({ kind: 'anonymous' }, { ip: '198.51.100.1', remote: true })
    world().clock.advance(1)
    await expect(from.auth.signInWithIdentity({ provider: 'google', token: await provider.sign({ sub }) })).rejects.toMatchObject(refused)
    expect(await attempts()).toEqual([{ outcome: 'addressNotAllowed', method: 'identity', user_id: uuidOf(user.id) }])
  })

  test('where nobody may sign up, only those come in who are known, or invited', async () => {
    const core = world().another({ settings: { ...settings, signUp: 'closed' } })
    const closed = (token: string) => core.as({ kind: 'anonymous' }).auth.signInWithIdentity({ provider: 'google', token })
    const user = await world().newUser({ emailVerified: true })
    const before = await world().counts()
    await expect(closed(await provider.sign({ sub: subject() }))).rejects.toMatchObject({ code: 'auth.signUpClosed', kind: 'denied' })
    expect((await world().counts())['users']).toBe(before['users'])
    expect(completed(await closed(await provider.sign({ sub: subject(), email: user.email, email_verified: true }))).user.id).toBe(user.id)
  })

  test('a provider that is not configured is named, one that does not answer is said to be away', async () => {
    await expect(signIn('x.y.z', 'nobody')).rejects.toMatchObject({ code: 'identities.unknownProvider', kind: 'notFound' })
    const token = await (
      await TestProvider.open({ web: world().ports.web, clock: world().clock }, clerk)
    ).sign({ sub: 'x', azp: 'https://app.example.com', aud: undefined })
    world().ports.web.sites.delete(new URL(clerk.issuer).origin)
    await expect(signIn(token, 'clerk')).rejects.toMatchObject({
      code: 'identities.providerUnavailable',
      kind: 'unavailable',
      details: { host: 'clerk.example' },
    })
    // Nobody is asked again at once, and somebody is when it may be back.
    const asked = world().ports.web.asked.length
    await expect(signIn(token, 'clerk')).rejects.toMatchObject({ kind: 'unavailable' })
    expect(world().ports.web.asked.length).toBe(asked)
    world().clock.advance(5_000)
    await expect(signIn(token, 'clerk')).rejects.toMatchObject({ kind: 'unavailable' })
    expect(world().ports.web.asked.length).toBe(asked + 1)
    world().clock.advance(5_000)
  })

  describe('ABUSE 24: roles in the token', () => {
    const rolesOf = async (token: string) => {
      const { accessToken } = completed(await signIn(token))
      return (await world().core.authenticate(accessToken))?.roles
    }
    beforeAll(async () => {
      const id = newId('rol', world().clock.now(), world().ports.random.bytes(10))
      await world().rows(`insert into roles (id, name, built_in, created_at) values (?, 'editor', false, ?) returning 1`, [
        uuidOf(id),
        world().clock.now(),
      ])
    })

    test('grant what is mapped to a role of ours, and are taken back when they go', async () => {
      const sub = subject()
      const first = await signIn(await provider.sign({ sub, groups: ['staff', 'unknown', '__proto__', 7] }))
      const { accessToken } = completed(first)
      expect((await world().core.authenticate(accessToken))?.roles).toEqual(['editor', 'user'])
      expect(await rolesOf(await provider.sign({ sub }))).toEqual(['editor', 'user'])
      expect(await rolesOf(await provider.sign({ sub, groups: [] }))).toEqual(['user'])
      expect((await world().core.authenticate(accessToken))?.roles).toEqual(['user'])
    })

    test('that exclude a role which the user has are left out and noted, and nobody is kept from signing in by it', async () => {
      const sub = subject()
      const { user } = completed(await signIn(await provider.sign({ sub })))
      const [editor] = await world().rows<{ id: string }>(`select id::text as id from roles where name = 'editor'`)
      const auditor = await world().access.newRole({ name: 'auditor' })
      const roleIds = [idOf('rol', editor?.id ?? ''), auditor]
      const { id: exclusionId } = await world().asSystem().access.createExclusion({ name: 'audits', kind: 'static', roleIds })
      await world().asSystem().access.assignRole({ userId: user.id, roleId: auditor })
      const staff = await provider.sign({ sub, groups: ['staff'] })
      expect(await rolesOf(staff)).toEqual(['auditor', 'user'])
      const noted = `select 1 from audit_entries where changes->'roles'->>'editor' = 'excluded'`
      expect(await world().rows(noted)).toHaveLength(1)
      await world().asSystem().access.deleteExclusion({ exclusionId })
      expect(await rolesOf(staff)).toEqual(['auditor', 'editor', 'user'])
    })

    test('are given anew when they had an end that has come', async () => {
      const sub = subject()
      const { user } = completed(await signIn(await provider.sign({ sub })))
      const [editor] = await world().rows<{ id: string }>(`select id::text as id from roles where name = 'editor'`)
      const validUntil = new Date(world().clock.now().getTime() + 1000)
      await world()
        .asSystem()
        .access.assignRole({ userId: user.id, roleId: idOf('rol', editor?.id ?? ''), validUntil })
      world().clock.advance(1000)
      expect(await rolesOf(await provider.sign({ sub, groups: ['staff'] }))).toEqual(['editor', 'user'])
    })

    test('grant nothing unmapped, and no built-in role though an operator mapped it', async () => {
      expect(await rolesOf(await provider.sign({ sub: subject(), groups: ['boss', 'root', 'superadmin', 'editor'] }))).toEqual(['user'])
      expect(await rolesOf(await provider.sign({ sub: subject(), roles: ['staff'], role: 'superadmin' }))).toEqual(['user'])
    })
  })

  test('a network that brings too many wrong tokens has to wait; others do not', async () => {
    const from = (ip: string) => world().core.as({ kind: 'anonymous' }, { ip, remote: true }).auth
    const bad = await second.sign({ sub: 'x' })
    const good = await provider.sign({ sub: subject() })
    const codes = []
    for (let count = 0; count < 25; count++)
      codes.push(
        await from('198.51.100.7')
          .signInWithIdentity({ provider: 'google', token: bad })
          .catch(({ code }: DenizenError) => code),
      )
    expect(codes.filter((code) => code === 'auth.tooManyAttempts').length).toBeGreaterThan(2)
    await expect(from('198.51.100.7').signInWithIdentity({ provider: 'google', token: good })).rejects.toMatchObject({
      code: 'auth.tooManyAttempts',
    })
    completed(await from('198.51.100.8').signInWithIdentity({ provider: 'google', token: good }))
    world().clock.advance(61_000)
    completed(await from('198.51.100.7').signInWithIdentity({ provider: 'google', token: good }))
  })

  test('a password is none that such a user has', async () => {
    const email = newEmail()
    completed(await signIn(await provider.sign({ sub: subject(), email, email_verified: true })))
    await expect(world().asAnonymous().auth.signIn({ identifier: email, password })).rejects.toMatchObject({
      code: 'auth.invalidCredentials',
    })
  })
})
