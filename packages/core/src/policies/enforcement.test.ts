import { completed, DenizenError, uuidOf, type SignedIn } from '@denizen/core'
import { databases, enrolAuthenticator, password, type SignedInUser, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { sessionsToEvict } from '../signin/concurrency.ts'
import type { Limits } from './model.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: unknown) => (error instanceof DenizenError ? error.code : 'failed'),
  )

describe('how many sessions there may be', () => {
  const unlimited = { maxSessions: null, maxConcurrentLogins: null, loginExcess: 'refuse' } as const
  test.each([
    { running: 99, limits: {}, expected: { evicted: 0 } },
    { running: 0, limits: { maxSessions: 0 }, expected: { most: 0 } },
    { running: 1, limits: { maxSessions: 2 }, expected: { evicted: 0 } },
    { running: 2, limits: { maxSessions: 2, loginExcess: 'evictOldest' as const }, expected: { most: 2 } },
    { running: 2, limits: { maxConcurrentLogins: 2 }, expected: { most: 2 } },
    { running: 4, limits: { maxConcurrentLogins: 2, loginExcess: 'evictOldest' as const }, expected: { evicted: 3 } },
    { running: 1, limits: { maxConcurrentLogins: 0, loginExcess: 'evictOldest' as const }, expected: { most: 0 } },
    { running: 3, limits: { maxSessions: 3, maxConcurrentLogins: 3, loginExcess: 'evictOldest' as const }, expected: { evicted: 1 } },
    { running: 3, limits: { maxSessions: 1, maxConcurrentLogins: 3, loginExcess: 'evictOldest' as const }, expected: { most: 1 } },
  ])('$running run, $limits: $expected', ({ running, limits, expected }) => {
    expect(sessionsToEvict(running, { ...unlimited, ...limits })).toEqual(expected)
  })
})

describe.each(databases)('what policies limit, on %s', (database) => {
  const world = useWorld({ database })

  async function give({ id }: { readonly id: SignedInUser['user']['id'] }, limits: Limits): Promise<void> {
    const policy = await world()
      .asSystem()
      .policies.create({ name: `p-${crypto.randomUUID().slice(0, 8)}`, limits })
    await world().asSystem().policies.assign({ policyId: policy.id, userId: id })
  }
  const signIn = (identifier: string) => world().asAnonymous().auth.signIn({ identifier, password })
  const runs = async ({ accessToken }: SignedIn) => (await world().core.authenticate(accessToken)) !== null

  test('40: sessions however they begin: signing in, on a device, as a guest; whoever acts for a user takes no place of theirs', async () => {
    const ada = await world().signUp()
    await give(ada.user, { maxSessions: 2 })
    const second = completed(await signIn(ada.user.id))
    await expect(signIn(ada.user.id)).rejects.toMatchObject({ code: 'auth.tooManySessions', details: { most: 2 } })
    const device = await world().asAnonymous().auth.startDeviceLogin({ clientName: 'cli' })
    expect(await codeOf(ada.as.auth.approveDeviceLogin({ userCode: device.userCode }))).toBe('auth.tooManySessions')
    const admin = await world().asSuperadmin()
    await admin.as.auth.impersonate({ userId: ada.user.id, reason: 'helps', minutes: 10 })
    expect(await runs(second)).toBe(true)
    await ada.as.auth.signOut()
    await expect(signIn(ada.user.id)).resolves.toMatchObject({ status: 'signedIn' })
  })

  test('40: none at all: nobody gets in, and no guest is left behind without a session', async () => {
    const ada = await world().newUser()
    await give(ada, { maxSessions: 0 })
    expect(await codeOf(signIn(ada.id))).toBe('auth.tooManySessions')
    const none = await world()
      .asSystem()
      .policies.create({ name: `none-${crypto.randomUUID().slice(0, 8)}`, limits: { maxSessions: 0 }, isDefault: true })
    const before = (await world().counts())['users']
    expect(await codeOf(world().asAnonymous().auth.createAnonymous())).toBe('auth.tooManySessions')
    expect((await world().counts())['users']).toBe(before)
    await world().asSystem().policies.update({ policyId: none.id, isDefault: false })
  })

  test('40: the policy comes before the settings, also where it says that there is no limit', async () => {
    const core = world().another({ settings: { maxSessions: 1, sessionExcess: 'refuse', maxOwnedOrganizations: 0 } })
    const enter = (identifier: string) => core.as({ kind: 'anonymous' }).auth.signIn({ identifier, password })
    const [free, evicting, other] = [await world().newUser(), await world().newUser(), await world().newUser()]
    await give(free, { maxConcurrentLogins: null, maxOrganizations: 1 })
    await give(evicting, { maxConcurrentLogins: 2, loginExcess: 'evictOldest' })
    for (let count = 0; count < 3; count++) await enter(free.id)
    const three: SignedIn[] = []
    for (let count = 0; count < 3; count++) {
      three.push(completed(await enter(evicting.id)))
      world().clock.advance(1)
    }
    expect(await Promise.all(three.map(runs))).toEqual([false, true, true])
    await enter(other.id)
    expect(await codeOf(enter(other.id))).toBe('auth.tooManySessions')
    const { principal } = await world().signIn(free)
    const as = core.as({ kind: 'user', principal })
    expect(await codeOf(as.organizations.create({ name: 'The first' }))).toBe('done')
    await expect(as.organizations.create({ name: 'The second' })).rejects.toMatchObject({
      code: 'organizations.tooMany',
      details: { limit: 1 },
    })
    await give(free, { maxOrganizations: null })
    expect(await codeOf(as.organizations.create({ name: 'The third' }))).toBe('done')
    const third = await world().signIn(other)
    expect(await codeOf(core.as({ kind: 'user', principal: third.principal }).organizations.create({ name: 'None' }))).toBe(
      'organizations.tooMany',
    )
  })

  test('40: API tokens: fewer than the hundred of the settings, more, or any number', async () => {
    const ada = await world().signUp()
    await give(ada.user, { maxApiTokens: 1 })
    const { token } = await ada.as.tokens.create({ name: 'one' })
    await expect(ada.as.tokens.create({ name: 'two' })).rejects.toMatchObject({ code: 'tokens.tooMany', details: { limit: 1 } })
    await ada.as.tokens.revoke({ tokenId: token.id })
    await ada.as.tokens.create({ name: 'two' })
    await world().rows(
      `insert into tokens (id, kind, user_id, hash, name, created_at) select gen_random_uuid(), 'api', ?, 'x', 'n ' || n, now() from generate_series(1, 99) n returning 1`,
      [uuidOf(ada.user.id)],
    )
    await give(ada.user, {})
    expect(await codeOf(ada.as.tokens.create({ name: 'many' }))).toBe('tokens.tooMany')
    await give(ada.user, { maxApiTokens: null })
    expect(await codeOf(ada.as.tokens.create({ name: 'many' }))).toBe('done')
  })

  test('a password gets as old as the policy says, then it has to be changed; the settings say it for the others', async () => {
    const [ada, other] = [await world().newUser(), await world().newUser()]
    await give(ada, { passwordLifetimeDays: 10 })
    world().clock.advance(10 * day - hour)
    expect(await signIn(ada.id)).toMatchObject({ pendingSteps: [] })
    world().clock.advance(2 * hour)
    expect(await signIn(ada.id)).toMatchObject({ pendingSteps: ['changePassword'] })
    expect(await signIn(other.id)).toMatchObject({ pendingSteps: [] })
    const strict = world().another({ settings: { passwords: { ...world().core.settings.passwords, maximumAgeDays: 5 } } })
    const enter = (identifier: string) => strict.as({ kind: 'anonymous' }).auth.signIn({ identifier, password })
    expect(await enter(other.id)).toMatchObject({ pendingSteps: ['changePassword'] })
    await give(other, { passwordLifetimeDays: null })
    expect(await enter(other.id)).toMatchObject({ pendingSteps: [] })
  })

  test('a policy that lets a password live shorter is heard of by whoever is signed in', async () => {
    const ada = await world().signUp()
    world().clock.advance(10 * minute)
    await world().rows(`update users set password_changed_at = password_changed_at - interval '3 days' where id = ? returning 1`, [
      uuidOf(ada.user.id),
    ])
    await give(ada.user, { passwordLifetimeDays: 2 })
    const principal = await world().core.authenticate(ada.token)
    expect(principal?.pendingSteps).toEqual(['changePassword'])
  })

  test('a session lasts as long as the policy says, however often it is refreshed', async () => {
    const ada = await world().newUser()
    await give(ada, { sessionLifetimeMinutes: 180 })
    const first = completed(await signIn(ada.id))
    const begun = world().clock.now().getTime()
    expect(first.session.expiresAt.getTime()).toBe(begun + 3 * hour)
    world().clock.advance(2 * hour)
    const second = await world().asAnonymous().auth.refresh({ refreshToken: first.refreshToken })
    expect(second.session.expiresAt.getTime()).toBe(begun + 3 * hour)
    world().clock.advance(hour)
    expect(await codeOf(world().asAnonymous().auth.refresh({ refreshToken: second.refreshToken }))).toBe('auth.invalidRefreshToken')
  })

  test('a session that is older than a new policy allows ends when it is refreshed; a longer one lasts longer', async () => {
    const [ada, long] = [await world().newUser(), await world().newUser()]
    const first = completed(await signIn(ada.id))
    world().clock.advance(30 * minute)
    await give(ada, { sessionLifetimeMinutes: 20 })
    expect(await codeOf(world().asAnonymous().auth.refresh({ refreshToken: first.refreshToken }))).toBe('auth.invalidRefreshToken')
    expect(await runs(first)).toBe(false)
    await give(long, { sessionLifetimeMinutes: 120 * 24 * 60 })
    let current = completed(await signIn(long.id))
    const begun = world().clock.now().getTime()
    for (let days = 0; days < 110; days += 10) {
      world().clock.advance(10 * day)
      current = await world().asAnonymous().auth.refresh({ refreshToken: current.refreshToken })
    }
    expect(current.session.expiresAt.getTime()).toBe(begun + 120 * day)
  })

  test('a device gets no longer session than the policy says', async () => {
    const ada = await world().signUp()
    await give(ada.user, { sessionLifetimeMinutes: 45 })
    const { userCode, deviceCode } = await world().asAnonymous().auth.startDeviceLogin({ clientName: 'cli' })
    await ada.as.auth.approveDeviceLogin({ userCode })
    const polled = await world().asAnonymous().auth.pollDeviceLogin({ deviceCode, clientName: 'cli' })
    expect(polled).toMatchObject({ status: 'signedIn', session: { expiresAt: new Date(world().clock.now().getTime() + 45 * minute) } })
  })

  test('only factors that are allowed are set up', async () => {
    const ada = await world().signUp()
    await give(ada.user, { allowedFactors: ['passkey'] })
    await expect(ada.as.factors.beginTotp({})).rejects.toMatchObject({
      code: 'policies.factorNotAllowed',
      kind: 'denied',
      details: { factor: 'totp', allowed: ['passkey'] },
    })
    expect(await codeOf(ada.as.passkeys.beginRegistration({}))).toBe('done')
    await give(ada.user, { allowedFactors: ['totp'] })
    expect(await codeOf(ada.as.passkeys.beginRegistration({}))).toBe('policies.factorNotAllowed')
    const { key } = await ada.as.factors.beginTotp({})
    expect(key).not.toBe('')
    await give(ada.user, { allowedFactors: ['passkey'] })
    expect(await codeOf(ada.as.factors.activateTotp({ code: '123456' }))).toBe('policies.factorNotAllowed')
  })

  test('35: a factor that is not allowed any more is still asked for, and one that is has to be set up', async () => {
    const ada = await world().signUp()
    const app = await enrolAuthenticator(world(), ada)
    await give(ada.user, { allowedFactors: ['passkey'] })
    const answer = await signIn(ada.user.id)
    if (answer.status !== 'factorRequired') throw new Error('the second factor was skipped')
    expect(answer.methods).toContain('totp')
    const done = completed(await world().asAnonymous().auth.completeSignIn({ challenge: answer.challenge, totp: app.code() }))
    expect(done.pendingSteps).toEqual(['enrolFactor'])
    const principal = await world().core.authenticate(done.accessToken)
    if (principal === null) throw new Error('a new token opens nothing')
    const as = world().core.as({ kind: 'user', principal })
    expect(await codeOf(as.organizations.list({}))).toBe('auth.stepRequired')
    expect(await codeOf(as.passkeys.beginRegistration({}))).toBe('done')
    await give(ada.user, { allowedFactors: ['passkey', 'totp'] })
    expect((await world().core.authenticate(done.accessToken))?.pendingSteps).toEqual([])
  })
})
