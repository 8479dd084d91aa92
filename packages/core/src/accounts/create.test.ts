import { systemActor, type DenizenError } from '@denizen/core'
import { bothDatabases, newEmail, password, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const origin = { requestId: 'req_create', ip: '192.0.2.7', userAgent: 'a test' }
const operator = { actor: systemActor('test'), origin }

describe.each(bothDatabases)('users.create on %s', (database) => {
  const world = useWorld({ database, settings: { defaultOrganization: 'default' } })

  test('fills in what was not said', async () => {
    const email = newEmail()
    const user = await world().asSystem().users.create({ email })
    const now = world().clock.now()
    expect(user).toEqual({
      id: expect.stringMatching(/^usr_[0-9a-z]{26}$/),
      username: email.slice(0, email.indexOf('@')),
      email,
      emailVerified: false,
      fullName: null,
      displayName: null,
      phone: null,
      avatarUrl: null,
      locale: null,
      timezone: null,
      description: null,
      status: 'active',
      statusReason: null,
      statusChangedAt: null,
      statusChangedBy: null,
      kind: 'human',
      needPasswordChange: false,
      passwordChangedAt: null,
      allowedIps: [],
      resourcePolicy: null,
      sudoSessionEnabled: false,
      container: null,
      preferences: {},
      publicMetadata: {},
      privateMetadata: {},
      isBot: false,
      isScanner: false,
      legalHold: false,
      archivedAt: null,
      archivedBy: null,
      archiveReason: null,
      grantsFrozenAt: null,
      homeOrganizationId: null,
      version: 1,
      createdAt: now,
      updatedAt: now,
    })
    expect(
      await world()
        .asSystem()
        .users.get({ userId: user?.id ?? 'usr_' }),
    ).toEqual(user)
  })

  test('keeps what was said, and the full name stands in for the display name', async () => {
    const input = {
      email: newEmail(),
      username: 'zoë.o-1',
      emailVerified: true,
      kind: 'service',
      fullName: 'Zoë O',
      avatarUrl: 'https://example.com/zoe.png',
      locale: 'de-CH',
      timezone: 'Europe/Zurich',
      description: 'Two\nlines',
      preferences: { theme: 'dark', list: [1, null, { deep: true }] },
    } as const
    const user = await world().asSystem().users.create(input)
    expect(user).toMatchObject({ ...input, displayName: 'Zoë O' })
    expect(
      await world()
        .asSystem()
        .users.get({ userId: user?.id ?? 'usr_' }),
    ).toEqual(user)
  })

  test('writes the role, the password, the membership, the event and the audit entry', async () => {
    const run = await world().core.run('users.create', { email: newEmail(), password }, operator)
    const { id, username } = run as { id: string; username: string }
    expect(
      await world().rows(
        `select r.name, a.scope_kind, a.valid_until, a.granted_by, m.role, p.hash from users u
          join role_assignments a on a.user_id = u.id join roles r on r.id = a.role_id
          join memberships m on m.user_id = u.id join passwords p on p.user_id = u.id where u.username = ?`,
        [username],
      ),
    ).toEqual([
      {
        name: 'user',
        scope_kind: 'system',
        valid_until: null,
        granted_by: null,
        role: 'member',
        hash: expect.stringMatching(/^\$argon2id\$/),
      },
    ])
    expect(await world().rows('select type, subject, actor_id, payload from events where subject = ?', [id])).toEqual([
      { type: 'users.created', subject: id, actor_id: null, payload: { userId: id, username, kind: 'human' } },
    ])
    expect(
      await world().rows(
        `select action, outcome, error_code, actor_kind, actor_reason, target_type, host(ip) as ip, user_agent, request_id, changes
          from audit_entries where target_id = ?`,
        [id],
      ),
    ).toEqual([
      {
        action: 'users.create',
        outcome: 'succeeded',
        error_code: null,
        actor_kind: 'system',
        actor_reason: 'test',
        target_type: 'user',
        ip: origin.ip,
        user_agent: origin.userAgent,
        request_id: origin.requestId,
        changes: null,
      },
    ])
  })

  test.each([
    ['upper case', 'ADA.Lovelace@Example.COM', 'ada.lovelace@example.com'],
    ['blanks around it', ' \t grace@example.com\n', 'grace@example.com'],
    ['the Kelvin sign', 'lord@\u212Aelvin.org', 'lord@kelvin.org'],
  ])('takes an address with %s for what it means', async (_name, typed, email) => {
    const user = await world().asSystem().users.create({ email: typed })
    expect(user?.email).toBe(email)
    await expect(world().asSystem().users.create({ email })).rejects.toMatchObject({ code: 'users.emailTaken', kind: 'conflict' })
    const conflict: unknown = await world()
      .asSystem()
      .users.create({ email, password })
      .catch((error: unknown) => error)
    expect(conflict).not.toHaveProperty('cause') // the database's own error quotes the row, with the password's hash
    await expect(world().asSystem().users.create({ email: typed, username: 'other' })).rejects.toMatchObject({ code: 'users.emailTaken' })
  })

  test.each([
    ['upper case', 'Grace.H', 'grace.h'],
    ['decomposed letters', ' Zoe\u0308 ', 'zo\u00eb'],
  ])('takes a username with %s for what it means', async (_name, typed, username) => {
    const user = await world().asSystem().users.create({ username: typed })
    expect(user).toMatchObject({ username, email: null })
    await expect(world().asSystem().users.create({ email: newEmail(), username })).rejects.toMatchObject({
      code: 'users.usernameTaken',
      kind: 'conflict',
    })
  })

  test('chooses another username when the one from the address is taken, and the same rules hold for it', async () => {
    const first = await world().asSystem().users.create({ email: 'Sam+news@one.example' })
    const second = await world().asSystem().users.create({ email: 'sam+news@two.example' })
    expect(first?.username).toBe('sam+news')
    expect(second?.username).toBe(`sam+news-${second?.id.slice(-8) ?? ''}`)
    const odd = await world().asSystem().users.create({ email: "_o'brien@example.com" })
    expect(odd?.username).toBe('obrien')
    const long = await world()
      .asSystem()
      .users.create({ email: `${'a'.repeat(64)}@example.com` })
    expect(long?.username).toBe('a'.repeat(50))
    for (const user of [second, odd, long]) {
      expect(
        (
          await world()
            .asSystem()
            .users.find({ identifier: user?.username ?? '' })
        )?.id,
      ).toBe(user?.id)
    }
  })

  test('with ifAbsent answers null for what is there, and leaves it and everything else alone', async () => {
    const user = await world().newUser({ username: 'first-come' })
    const before = await world().counts()
    for (const input of [{ email: user.email ?? '' }, { username: 'FIRST-come' }, { email: newEmail(), username: 'first-come' }]) {
      expect(
        await world()
          .asSystem()
          .users.create({ ...input, fullName: 'Other', ifAbsent: true }),
      ).toBeNull()
    }
    const { audit_entries, ...rest } = await world().counts()
    expect({ audit_entries, ...rest }).toEqual({ ...before, audit_entries: (before['audit_entries'] ?? 0) + 3 })
    expect(await world().asSystem().users.get({ userId: user.id })).toEqual(user)
    expect(await world().asSystem().users.create({ email: newEmail(), ifAbsent: true })).not.toBeNull()
  })
})

describe('users.create', () => {
  const world = useWorld()

  test.each([
    ['nothing', {}, 'email'],
    ['no address', { email: 'nobody' }, 'email'],
    ['two at signs', { email: 'a@b@c.org' }, 'email'],
    ['an empty address', { email: ' ' }, 'email'],
    ['255 letters of address', { email: `${'a'.repeat(64)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.example` }, 'email'],
    ['a NUL byte in the address', { email: 'a\u0000@example.com' }, 'email'],
    ['a line break in the address', { email: 'a\r\nBcc: b@example.com' }, 'email'],
    ['null for an address', { email: null }, 'email'],
    ['an address as username', { username: 'ada@example.com' }, 'username'],
    ['an empty username', { username: '  ' }, 'username'],
    ['65 letters of username', { username: 'a'.repeat(65) }, 'username'],
    ['a blank in the username', { username: 'a b' }, 'username'],
    ['an invisible letter in the username', { username: 'ad\u200ba' }, 'username'],
    ['a username that begins with a dot', { username: '.hidden' }, 'username'],
    ['no letter of password', { email: 'a@example.com', password: '' }, 'password'],
    ['1025 letters of password', { email: 'a@example.com', password: 'x'.repeat(1025) }, 'password'],
    ['a kind that is made otherwise', { email: 'a@example.com', kind: 'anonymous' }, 'kind'],
    ['an avatar that is a script', { email: 'a@example.com', avatarUrl: 'javascript:alert(1)' }, 'avatarUrl'],
    ['501 letters of description', { email: 'a@example.com', description: 'x'.repeat(501) }, 'description'],
    ['a reserved key', { email: 'a@example.com', preferences: { deep: [JSON.parse('{"__proto__": 1}')] } }, 'preferences'],
    ['a reserved key of another name', { email: 'a@example.com', preferences: { constructor: 1 } }, 'preferences'],
    ['17 000 letters of preferences', { email: 'a@example.com', preferences: { x: 'x'.repeat(17_000) } }, 'preferences'],
    ['a status', { email: 'a@example.com', status: 'archived' }, 'status'],
    ['a role', { email: 'a@example.com', roles: ['superadmin'] }, 'roles'],
    ['an id', { email: 'a@example.com', id: 'usr_01h455vb4pex5vsknk084sn02q' }, 'id'],
  ])('refuses %s, names the field, repeats no value and writes nothing', async (_name, input, path) => {
    const before = await world().counts()
    const error: unknown = await world()
      .core.run('users.create', input, operator)
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'request.invalid', kind: 'invalid' })
    const { issues } = (error as DenizenError).details as { issues: { path: string }[] }
    expect(new Set(issues.map((issue) => issue.path))).toEqual(new Set([path]))
    expect((error as DenizenError).message).not.toContain('xxxx')
    expect(await world().counts()).toEqual(before)
  })

  test.each([15, 64, 1024])('takes a password of %d letters, never trimmed', async (length) => {
    const typed = ` ${'wheelbarrow antlers '.repeat(60).slice(0, length - 2)} `
    const user = await world().newUser({ password: typed })
    await world().signIn(user, typed)
    await expect(world().signIn(user, typed.trim())).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
  })

  test.each([
    ['14 letters', 'mzq-4 vr_t9 pk', 'passwords.tooShort'],
    ['a password that many have', 'Password1234567', 'passwords.tooCommon'],
    ['a password made of the username', 'grace-hopper-1906', 'passwords.tooPersonal'],
  ])('refuses %s, before it is hashed, and repeats nothing of it', async (_what, typed, code) => {
    const before = await world().counts()
    const creation = world().asSystem().users.create({ username: 'grace-hopper', password: typed })
    await expect(creation).rejects.toMatchObject({ code, kind: 'invalid' })
    await expect(creation).rejects.not.toThrow(typed)
    expect((await world().counts())['users']).toBe(before['users'])
  })

  test('takes the same keys of another system for the same password', async () => {
    const user = await world().newUser({ password: 'gr\u00fcne \u00c4pfel, \u00d6l' })
    expect((await world().signIn(user, 'gru\u0308ne A\u0308pfel, O\u0308l')).principal.userId).toBe(user.id)
  })

  test('is for those who hold the permission', async () => {
    const before = (await world().counts())['users']
    const [nobody, monitor] = [await world().signUp(), await world().asMonitor()]
    await expect(world().asAnonymous().users.create({ email: newEmail() })).rejects.toMatchObject({ code: 'request.unauthenticated' })
    for (const { as } of [nobody, monitor]) {
      await expect(as.users.create({ email: newEmail() })).rejects.toMatchObject({
        code: 'request.denied',
        kind: 'denied',
        details: { permission: 'users.create' },
      })
    }
    const superadmin = await world().asSuperadmin()
    const made = await superadmin.as.users.create({ email: newEmail() })
    expect((await world().counts())['users']).toBe((before ?? 0) + 4)
    expect(
      await world().rows('select 1 from role_assignments where granted_by = (select id from users where username = ?)', [
        superadmin.user.username,
      ]),
    ).toHaveLength(1)
    expect(made?.status).toBe('active')
  })
})
