import { uuidOf, type DenizenError, type User } from '@denizen/core'
import { databases, newEmail, password, TestProvider, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const chosen = 'wheelbarrow antlers soup'
const google = TestProvider.configured('google')
const settings = { identityProviders: [google], defaultOrganization: 'everybody' }
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: DenizenError) => error.code,
  )

describe.each(databases)('ABUSE 26, 61: an account whose address nobody has proved, on %s', (database) => {
  const world = useWorld({ database, settings })
  let provider: TestProvider
  beforeAll(async () => {
    provider = await TestProvider.open(world().ports, google)
    await world().newOrganization('everybody')
  })

  const anybody = () => world().asAnonymous()
  const linkTo = async (email: string) => {
    await world().work()
    return world().mailer.tokenFor(email)
  }

  /** All ways by which an account goes to whoever proves its address. */
  const ways: Readonly<Record<string, (email: string) => Promise<unknown>>> = {
    'a sign-up': async (email) => {
      const { binding } = await anybody().auth.signUp({ email, password: chosen })
      return anybody().auth.verifyEmail({ token: await linkTo(email), binding })
    },
    'a reset': async (email) => {
      const before = world().mailer.sent.length
      await anybody().auth.requestPasswordReset({ email })
      await world().work()
      if (world().mailer.sent.length === before) return Promise.reject(Object.assign(new Error('no mail'), { code: 'no mail' }))
      return anybody().auth.resetPassword({ token: world().mailer.tokenFor(email), password: chosen })
    },
    'an email link': async (email) => {
      const { binding } = await anybody().auth.requestMagicLink({ email })
      return anybody().auth.signInWithMagicLink({ token: await linkTo(email), binding })
    },
    'an email code': async (email) => {
      const { binding } = await anybody().auth.requestEmailCode({ email })
      await world().work()
      const text = world().mailer.sent.findLast(({ to }) => to === email)?.text ?? ''
      return anybody().auth.signInWithEmailCode({ binding, code: /^\d{4} \d{4}$/m.exec(text)?.[0] ?? 'none' })
    },
    'a provider': async (email) =>
      anybody().auth.signInWithIdentity({
        provider: 'google',
        token: await provider.sign({ sub: crypto.randomUUID(), email, email_verified: true }),
      }),
    'an invitation': async (email) => {
      const organizationId = await world().newOrganization()
      await world().asSystem().organizations.invite({ organizationId, email, role: 'member' })
      return anybody().organizations.acceptInvitation({ token: await linkTo(email), password: chosen })
    },
  }

  const passkey = (id: string) =>
    world().rows(
      `insert into passkeys (id, user_id, credential_id, public_key, counter, transports, name, backed_up, created_at)
        values (gen_random_uuid(), ?, ?, '', 0, '{}', 'key', false, now()) returning 1`,
      [id, id],
    )

  /** What makes an account more than one that waits for its owner. */
  const uses: Readonly<Record<string, (user: User) => Promise<unknown>>> = {
    'a membership': async (user) => world().join(await world().newOrganization(), user),
    'an organization': async (user) => world().join(await world().newOrganization(), user, 'owner'),
    'a role in the default organization': (user) =>
      world().rows(`update memberships set role = 'admin' where user_id = ? returning 1`, [uuidOf(user.id)]),
    'a role everywhere': (user) => world().grant(user, 'monitor'),
    'a role that grants nothing yet': async (user) => world().access.give({ userId: user.id, roleId: await world().access.newRole() }),
    'a permission on a resource': async (user) =>
      world().access.give({
        userId: user.id,
        permission: 'document.read',
        on: { resourceId: await world().access.newResource({ ownerUserId: (await world().newUser()).id }) },
      }),
    'a resource': (user) => world().access.newResource({ ownerUserId: user.id }),
    'an authenticator app': (user) =>
      world().rows(
        `insert into totp_factors (id, user_id, sealed_key, created_at, activated_at) values (gen_random_uuid(), ?, 'x', now(), now()) returning 1`,
        [uuidOf(user.id)],
      ),
    'a passkey': (user) => passkey(uuidOf(user.id)),
    'an identity': (user) =>
      world().rows(
        `insert into identities (id, user_id, issuer, subject, profile, created_at) values (gen_random_uuid(), ?, 'https://issuer.example', ?, '{}', now()) returning 1`,
        [uuidOf(user.id), user.id],
      ),
    'factors that an operator reset': (user) =>
      world().rows('update users set need_factor = true where id = ? returning 1', [uuidOf(user.id)]),
    'an address that was proved before': async (user) => {
      await world().asSystem().users.update({ userId: user.id, emailVerified: true })
      await world().asSystem().users.update({ userId: user.id, email: newEmail() })
    },
    'an address that an operator changed': (user) => world().asSystem().users.update({ userId: user.id, email: newEmail() }),
    'no address before an operator set one': async (user) => {
      for (const email of [null, newEmail()]) await world().asSystem().users.update({ userId: user.id, email })
    },
  }

  test.each(Object.keys(uses))('S3: with %s goes to nobody who reads a mailbox', async (use) => {
    const made = await world().newUser()
    await uses[use]?.(made)
    const before = await world().asSystem().users.get({ userId: made.id })
    const session = await world()
      .signIn(made)
      .catch(() => null) // where a second factor is asked for, there is none
    for (const [way, go] of Object.entries(ways)) {
      const outcome = await codeOf(go(before.email ?? ''))
      expect({ way, outcome }).toEqual({ way, outcome: expect.stringMatching(/signInFirst|signInToLink|no mail/) as string })
      expect(await world().asSystem().users.get({ userId: made.id })).toEqual(before)
    }
    if (session !== null) expect(await world().core.authenticate(session.token)).not.toBeNull()
  })

  test.each(Object.keys(ways))('S25: goes to whoever proves the address by %s, and what was set up in it since is gone', async (way) => {
    const made = await world().newUser({ fullName: 'Ada Lovelace', username: `ada-${crypto.randomUUID().slice(0, 8)}` })
    const squatter = await world().signIn(made)
    await squatter.as.users.updateCurrent({ displayName: 'Your Bank', description: 'Call us', phone: '+41446681800', allowedIps: [] })
    await ways[way]?.(made.email ?? '')
    const user = await world().asSystem().users.get({ userId: made.id })
    const nameless = { fullName: null, displayName: null, description: null, phone: null, avatarUrl: null, preferences: {} }
    expect(user).toMatchObject({ email: made.email, emailVerified: true, kind: 'human', ...(way !== 'a provider' && nameless) })
    expect(user.displayName).not.toBe('Your Bank')
    expect(user.username).not.toBe(made.username)
    expect(await world().core.authenticate(squatter.token)).toBeNull()
    await expect(world().signIn(made, password)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
  })

  test('keeps what an operator or an import wrote into it, if nobody changed anything since', async () => {
    const made = await world().newUser({ fullName: 'Ada Lovelace', displayName: 'Ada', preferences: { theme: 'dark' } })
    await ways['a reset']?.(made.email ?? '')
    const { fullName, displayName, preferences, username } = await world().asSystem().users.get({ userId: made.id })
    expect({ fullName, displayName, preferences, username }).toEqual({
      fullName: 'Ada Lovelace',
      displayName: 'Ada',
      preferences: { theme: 'dark' },
      username: made.username,
    })
  })

  test('where nobody may sign up, the membership that everybody has counts as well', async () => {
    const made = await world().newUser()
    const closed = world().another({ settings: { ...settings, signUp: 'closed' } })
    const { binding } = await closed.as({ kind: 'anonymous' }).auth.requestMagicLink({ email: made.email ?? '' })
    const token = await linkTo(made.email ?? '')
    expect(await codeOf(closed.as({ kind: 'anonymous' }).auth.signInWithMagicLink({ token, binding }))).toBe('auth.signInFirst')
    expect(await codeOf(anybody().auth.signInWithMagicLink({ token, binding }))).toBe('done')
  })

  test('S3: a set-up link is an operator’s word: it opens an account in use to its address, and the second factor stays', async () => {
    const made = await world().newUser()
    await passkey(uuidOf(made.id))
    const email = newEmail()
    await world().asSystem().users.update({ userId: made.id, email })
    await world().asSystem().auth.sendSetupLink({ userId: made.id })
    await anybody().auth.resetPassword({ token: await linkTo(email), password: chosen })
    expect(await world().asSystem().users.get({ userId: made.id })).toMatchObject({ email, emailVerified: true })
    expect(await anybody().auth.signIn({ identifier: email, password: chosen })).toMatchObject({ status: 'factorRequired' })
  })
})
