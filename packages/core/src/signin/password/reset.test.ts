import type { DenizenError, Hasher, User } from '@denizen/core'
import { databases, newEmail, password, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const chosen = 'wheelbarrow antlers soup'
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: DenizenError) => error.code,
  )

describe.each(databases)('a forgotten password on %s', (database) => {
  const world = useWorld({ database })
  const ask = (email: string) => world().asAnonymous().auth.requestPasswordReset({ email })
  const reset = (token: string, typed = chosen) => world().asAnonymous().auth.resetPassword({ token, password: typed })
  const addressOf = (user: User) => user.email ?? ''
  const opens = async (token: string) => (await world().core.authenticate(token)) !== null
  const mailsTo = (address: string) => world().mailer.sent.filter(({ to }) => to === address).length
  async function linkFor(user: User) {
    await ask(addressOf(user))
    await world().work()
    return world().mailer.tokenFor(addressOf(user))
  }

  test('8: the link leads to a new password; every session and API token ends, and nobody is signed in by it', async () => {
    const { user, token } = await world().signUp({ emailVerified: true })
    await world().rows(
      `insert into tokens (id, kind, user_id, hash, created_at, name) select gen_random_uuid(), 'api', id, 'x', now(), 'mine' from users where email = ? returning 1`,
      [user.email],
    )
    const answer = await reset(await linkFor(user))
    expect(answer).toEqual({ username: user.username })
    expect(await opens(token)).toBe(false)
    expect(
      await world().rows(`select 1 from tokens t join users u on u.id = user_id where u.email = ? and revoked_at is null`, [user.email]),
    ).toEqual([])
    expect(await codeOf(world().signIn(user, password))).toBe('auth.invalidCredentials')
    await expect(world().signIn(user, chosen)).resolves.toBeDefined()
  })

  test('35: a second factor is asked for as before', async () => {
    const user = await world().newUser({ emailVerified: true })
    await world().rows(
      `insert into passkeys (id, user_id, credential_id, public_key, counter, transports, name, backed_up, created_at)
        select gen_random_uuid(), id, id::text, '', 0, '{}', 'key', false, now() from users where email = ? returning 1`,
      [user.email],
    )
    await reset(await linkFor(user), 'mzq-4vr_')
    const answer = await world()
      .asAnonymous()
      .auth.signIn({ identifier: addressOf(user), password: 'mzq-4vr_' })
    expect(answer).toMatchObject({ status: 'factorRequired', methods: ['passkey'] })
  })

  test('26: whoever proves an address that nobody had proved gets the account, and what a stranger set up in it goes', async () => {
    const squatter = await world().signUp()
    await reset(await linkFor(squatter.user))
    expect(await opens(squatter.token)).toBe(false)
    await expect(world().signIn(squatter.user, chosen)).resolves.toBeDefined()
    expect(await world().asSystem().users.get({ userId: squatter.user.id })).toMatchObject({ emailVerified: true })
  })

  test('25: an unknown address, a suspended or archived user, a program, and an unproved one with powers get the same answer and no mail', async () => {
    const known = await world().newUser({ emailVerified: true })
    const [suspended, archived] = [await world().newUser({ emailVerified: true }), await world().newUser({ emailVerified: true })]
    await world().asSystem().users.setStatus({ userId: suspended.id, status: 'suspended' })
    await world().asSystem().users.archive({ userId: archived.id })
    const program = await world().newUser({ kind: 'service', emailVerified: true })
    const operator = await world().newUser()
    await world().grant(operator, 'monitor')
    const reference = await ask(addressOf(known))
    for (const address of [newEmail(), ...[suspended, archived, program, operator].map(addressOf)]) {
      expect(await ask(address)).toEqual(reference)
      await world().work()
      expect(mailsTo(address)).toBe(0)
    }
    expect(mailsTo(addressOf(known))).toBe(1)
  })

  test('the rows that are written are the same in kind for an address that nobody has', async () => {
    const user = await world().newUser({ emailVerified: true })
    const grown = async (email: string) => {
      const before = await world().counts()
      await ask(email)
      return Object.entries(await world().counts())
        .filter(([table, count]) => count !== before[table])
        .map(([table, count]) => [table, count - (before[table] ?? 0)])
    }
    expect(await grown(newEmail())).toEqual(await grown(addressOf(user)))
  })

  test('8: a link is void once it was used, is an hour old, the address changed, or the user may not act', async () => {
    const used = await world().newUser({ emailVerified: true })
    const [first, second] = [await linkFor(used), await linkFor(used)]
    expect([await codeOf(reset(first)), await codeOf(reset(first)), await codeOf(reset(second, 'another horse entirely'))]).toEqual([
      'done',
      'auth.linkInvalid',
      'auth.linkInvalid',
    ])
    const old = await world().newUser({ emailVerified: true })
    const late = await linkFor(old)
    world().clock.advance(3_600_000)
    expect(await codeOf(reset(late))).toBe('auth.linkInvalid')
    const moved = await world().newUser({ emailVerified: true })
    const stale = await linkFor(moved)
    await world().rows('update users set email = ? where email = ? returning 1', [newEmail(), moved.email])
    expect(await codeOf(reset(stale))).toBe('auth.linkInvalid')
    const suspended = await world().newUser({ emailVerified: true })
    const theirs = await linkFor(suspended)
    await world().asSystem().users.setStatus({ userId: suspended.id, status: 'suspended' })
    expect(await codeOf(reset(theirs))).toBe('auth.linkInvalid')
  })

  test('33: what is no link of this kind opens nothing', async () => {
    const user = await world().signUp({ emailVerified: true })
    const token = await linkFor(user.user)
    const wrong = [token.slice(0, -1), `${token}A`, token.replace('verify', 'invite'), user.token, 'x']
    for (const text of wrong) expect(await codeOf(reset(text))).toBe('auth.linkInvalid')
    expect(await codeOf(reset(token))).toBe('done')
  })

  test('a password that may not be chosen leaves the link as it was', async () => {
    const user = await world().newUser({ emailVerified: true })
    const token = await linkFor(user)
    for (const [typed, code] of [
      ['wheelbarrow', 'passwords.tooShort'],
      ['qwerty123456789', 'passwords.tooCommon'],
      [password, 'passwords.reused'],
    ] as const)
      expect(await codeOf(reset(token, typed))).toBe(code)
    expect(await codeOf(reset(token))).toBe('done')
  })

  test('the mail says who asked, and carries one link, to where this installation is', async () => {
    const user = await world().newUser({ emailVerified: true })
    await linkFor(user)
    expect(world().mailer.linkTo(addressOf(user))).toMatch(/^http:\/\/localhost:4000\/reset-password\?token=dnz_verify_/)
    const mail = world().mailer.sent.findLast(({ to }) => to === user.email)
    expect(mail?.html).toContain('Choose a new password')
  })
})

describe.each(databases)('auth.sendSetupLink on %s', (database) => {
  const world = useWorld({ database })
  const passwordless = async (input: { email?: string; username?: string; kind?: 'service' } = {}) => {
    const user = await world()
      .asSystem()
      .users.create({ email: newEmail(), ...input })
    if (user === null) throw new Error('no user')
    return user
  }

  test('an operator sends it, and only the user sees the link and chooses the password', async () => {
    const operator = await world().asSuperadmin()
    const user = await passwordless()
    const answer = await operator.as.auth.sendSetupLink({ userId: user.id })
    expect(Object.keys(answer)).toEqual(['expiresAt'])
    await world().work()
    expect(world().mailer.linkTo(user.email ?? '')).toContain('/set-up?token=')
    await world()
      .asAnonymous()
      .auth.resetPassword({ token: world().mailer.tokenFor(user.email ?? ''), password: chosen })
    await expect(world().signIn(user, chosen)).resolves.toBeDefined()
    expect(await world().asSystem().users.get({ userId: user.id })).toMatchObject({ emailVerified: true, needPasswordChange: false })
  })

  test('an operator vouches for the address of an account with powers, also where nobody had proved it', async () => {
    const user = await passwordless()
    await world().grant(user, 'monitor')
    await world().asSystem().auth.sendSetupLink({ userId: user.id })
    await world().work()
    await expect(
      world()
        .asAnonymous()
        .auth.resetPassword({ token: world().mailer.tokenFor(user.email ?? ''), password: chosen }),
    ).resolves.toBeDefined()
  })

  test('says why there is nobody to send it to', async () => {
    const [addressless, program, suspended] = [
      await world()
        .asSystem()
        .users.create({ username: `nobody-${database}` }),
      await passwordless({ kind: 'service' }),
      await passwordless(),
    ]
    await world().asSystem().users.setStatus({ userId: suspended.id, status: 'suspended' })
    for (const user of [addressless, program, suspended]) {
      if (user === null) throw new Error('no user')
      expect(await codeOf(world().asSystem().auth.sendSetupLink({ userId: user.id }))).toBe('auth.noSetup')
    }
  })

  test('19: nobody sends one to somebody above them, and a stranger learns nothing', async () => {
    const organizationId = await world().newOrganization()
    const admin = await world().asMember(organizationId, 'admin')
    const [superadmin, stranger] = [await world().asSuperadmin(), await world().signUp()]
    expect(await codeOf(admin.as.auth.sendSetupLink({ userId: superadmin.user.id }))).toBe('request.notFound')
    expect(await codeOf(stranger.as.auth.sendSetupLink({ userId: superadmin.user.id }))).toBe('request.notFound')
  })
})

describe('races', () => {
  const world = useWorld({ connections: 24 })

  test('1: of 50 who bring the same link one chooses the password', async () => {
    const user = await world().newUser({ emailVerified: true })
    await world()
      .asAnonymous()
      .auth.requestPasswordReset({ email: user.email ?? '' })
    await world().work()
    const token = world().mailer.tokenFor(user.email ?? '')
    // Hashing takes turns: with one that costs nothing, all of them come to the link at once.
    const hasher: Hasher = {
      hash: async (text) => `$none$${text}`,
      verify: async (hash, text) => hash === `$none$${text}`,
      isOutdated: () => false,
    }
    const anybody = world().another({ ports: { hasher } }).as({ kind: 'anonymous' })
    const typed = Array.from({ length: 50 }, (_, index) => `wheelbarrow antlers ${index}`)
    const codes = await Promise.all(typed.map((text) => codeOf(anybody.auth.resetPassword({ token, password: text }))))
    const won = typed.filter((_, index) => codes[index] === 'done')
    expect(won).toHaveLength(1)
    expect(new Set(codes)).toEqual(new Set(['done', 'auth.linkInvalid']))
    expect(await world().rows('select hash from passwords where user_id = (select id from users where email = ?)', [user.email])).toEqual([
      { hash: `$none$${won[0]}` },
    ])
  })

  test('34: more at once than can be hashed are told when to come again, and their link stays good', async () => {
    const users = await Promise.all(
      Array.from({ length: 60 }, () => world().asSystem().users.create({ email: newEmail(), emailVerified: true })),
    )
    const emails = users.map((user) => user?.email ?? '')
    for (const email of emails) await world().asAnonymous().auth.requestPasswordReset({ email })
    await world().work()
    const reset = (email: string) =>
      world()
        .asAnonymous()
        .auth.resetPassword({ token: world().mailer.tokenFor(email), password: chosen })
    const answers = await Promise.allSettled(emails.map(reset))
    const busy = emails.filter((_, index) => answers[index]?.status === 'rejected')
    expect(busy.length).toBeGreaterThan(0)
    for (const answer of answers)
      if (answer.status === 'rejected')
        expect(answer.reason).toMatchObject({ code: 'passwords.busy', kind: 'unavailable', details: { retryAfter: expect.any(Number) } })
    await expect(reset(busy[0] ?? '')).resolves.toBeDefined()
  })
})
