import { completed, userActor, type DenizenError } from '@denizen/core'
import { databases, newEmail, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const chosen = 'wheelbarrow antlers soup'
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: DenizenError) => error.code,
  )

describe.each(databases)('anonymous users on %s', (database) => {
  const world = useWorld({ database, settings: { defaultOrganization: 'default' } })

  async function guest() {
    const { accessToken, user } = await world().asAnonymous().auth.createAnonymous()
    const principal = await world().core.authenticate(accessToken)
    if (principal === null) throw new Error('a new token opens nothing')
    return { id: user.id, token: accessToken, principal, as: world().core.as(userActor(principal)) }
  }
  async function linkFor(email: string) {
    await world().work()
    return world().mailer.tokenFor(email)
  }
  const finish = (token: string) => world().asAnonymous().auth.resetPassword({ token, password: chosen })

  test('auth.createAnonymous gives a session of a temporary user without address, password, membership or permissions', async () => {
    const { id, as, principal } = await guest()
    expect(principal).toMatchObject({ status: 'temporary', roles: ['anonymous'], email: null, memberships: [], assurance: 'aal1' })
    expect(principal.grants.list()).toEqual([])
    expect(await world().asSystem().users.get({ userId: id })).toMatchObject({
      kind: 'anonymous',
      status: 'temporary',
      email: null,
      passwordChangedAt: null,
    })
    expect((await as.users.current({})).user.id).toBe(id)
    expect(await codeOf(as.organizations.create({ name: 'Guests' }))).toBe('request.denied')
    expect(
      await world().rows(`select method, outcome from login_attempts where user_id = (select id from users where username = ?)`, [
        principal.username,
      ]),
    ).toEqual([{ method: 'anonymous', outcome: 'succeeded' }])
  })

  test('nothing that a client says of itself opens the account: two guests from the same device are two', async () => {
    const same = world().core.as({ kind: 'anonymous' }, { ip: '192.0.2.9', userAgent: 'the same' })
    const [one, other] = [await same.auth.createAnonymous(), await same.auth.createAnonymous()]
    expect(one.user.id).not.toBe(other.user.id)
    expect(await codeOf(same.auth.signIn({ identifier: one.user.username, password: 'x' }))).toBe('auth.invalidCredentials')
  })

  test('auth.claimAnonymous: whoever proves the address chooses the password, and the account is a full one under the same id', async () => {
    const { id, as, token } = await guest()
    const email = newEmail()
    await as.auth.claimAnonymous({ email })
    expect(await world().asSystem().users.get({ userId: id })).toMatchObject({ kind: 'anonymous', email: null })
    await finish(await linkFor(email))
    const user = await world().asSystem().users.get({ userId: id })
    expect(user).toMatchObject({ kind: 'human', status: 'active', email, emailVerified: true })
    expect(await world().core.authenticate(token)).toBeNull()
    const { principal } = await world().signIn(user, chosen)
    expect(principal).toMatchObject({ userId: id, roles: ['user'], organization: { slug: 'default' } })
    expect(await codeOf(world().core.as(userActor(principal)).auth.claimAnonymous({ email: newEmail() }))).toBe('auth.notAnonymous')
  })

  test('26: a stranger who claims somebody’s address gives them an account, and has none', async () => {
    const stranger = await guest()
    const email = newEmail()
    await stranger.as.auth.claimAnonymous({ email })
    await finish(await linkFor(email))
    expect(await world().core.authenticate(stranger.token)).toBeNull()
  })

  test('25, 61: claiming an address that has an account looks the same; only its owner is told, by a mail without a link', async () => {
    const owner = await world().newUser({ emailVerified: true })
    const { as, token } = await guest()
    expect(Object.keys(await as.auth.claimAnonymous({ email: owner.email ?? '' }))).toEqual(
      Object.keys(await as.auth.claimAnonymous({ email: newEmail() })),
    )
    await world().work()
    const mails = world().mailer.sent.filter(({ to }) => to === owner.email)
    expect(mails.map(({ subject }) => subject)).toEqual(['This address has an account already'])
    expect(mails[0]?.text).not.toMatch(/token=/)
    // Where it was proved after the link was sent, the link says so.
    const later = newEmail()
    await as.auth.claimAnonymous({ email: later })
    const link = await linkFor(later)
    await world().newUser({ email: later, emailVerified: true })
    expect(await codeOf(finish(link))).toBe('auth.claimNeedsMerge')
    expect(await codeOf(finish(link))).toBe('auth.claimNeedsMerge')
    expect(await world().core.authenticate(token)).not.toBeNull()
    await expect(world().signIn(owner)).resolves.toBeDefined()
  })

  test('1: two guests who claim one address get one account', async () => {
    const [one, other] = [await guest(), await guest()]
    const email = newEmail()
    await one.as.auth.claimAnonymous({ email })
    const first = await linkFor(email)
    await other.as.auth.claimAnonymous({ email })
    const second = await linkFor(email)
    const codes = await Promise.all([codeOf(finish(first)), codeOf(finish(second))])
    expect(codes.filter((code) => code === 'done')).toHaveLength(1)
    expect(codes).toContain('auth.claimNeedsMerge')
  })

  test('where strangers make no accounts, they make no anonymous ones', async () => {
    const closed = world()
      .another({ settings: { signUp: 'closed' } })
      .as({ kind: 'anonymous' })
    expect(await codeOf(closed.auth.createAnonymous())).toBe('auth.anonymousClosed')
  })

  test('one network makes only so many in an hour', async () => {
    const flood = world().core.as({ kind: 'anonymous' }, { ip: '198.51.100.7' })
    await flood.auth.createAnonymous()
    await world().rows('update throttles set failures = 200 where failures = 1 and blocked_until is null returning 1')
    expect(await codeOf(flood.auth.createAnonymous())).toBe('auth.tooManyAttempts')
    world().clock.advance(3_600_000)
    expect(completed(await flood.auth.createAnonymous())).toHaveProperty('accessToken')
  })
})
