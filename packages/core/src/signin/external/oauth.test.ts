import { completed, newId, uuidOf } from '@denizen/core'
import { beginAt, databases, newEmail, TestProvider, useWorld } from '@denizen/core/testing'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { allowedRedirect, redirectUriFor } from './redirects.ts'

const google = TestProvider.configured('google')
const evil = TestProvider.configured('evil')
const clientless = TestProvider.configured('clientless', { client: null })
const openid = TestProvider.configured('public', { client: { id: 'app', secret: null, scopes: [] } })
const settings = {
  publicUrl: 'https://id.example.com',
  allowedOrigins: ['https://app.example.com', 'http://localhost:3000'],
  identityProviders: [google, evil, clientless, openid],
}
const refused = { code: 'auth.identityRefused', kind: 'unauthenticated' }

describe.each(databases)('auth.startOAuth and auth.finishOAuth on %s', (database) => {
  const world = useWorld({ database, settings })
  let provider: TestProvider
  beforeAll(async () => {
    provider = await TestProvider.open(world().ports, google)
    await TestProvider.open(world().ports, evil)
    await TestProvider.open(world().ports, openid)
  })

  beforeEach(() => {
    provider.userInfo = { sub: 'somebody else' }
  })

  const auth = () => world().asAnonymous().auth

  const begin = (claims: Readonly<Record<string, unknown>>, input: { origin?: string; redirectTo?: string } = {}) =>
    beginAt(provider, auth(), claims, input)

  test('sends the browser to the provider with everything that binds the answer to it', async () => {
    const { started, asked } = await begin({ sub: 'x' })
    expect(new URL(started.url).origin + new URL(started.url).pathname).toBe('https://google.example/authorize')
    expect(Object.fromEntries(asked)).toEqual({
      tenant: '1',
      response_type: 'code',
      client_id: 'denizen',
      redirect_uri: 'https://id.example.com/oauth/callback/google',
      scope: 'openid email profile',
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    })
    expect(started.expiresAt.getTime() - world().clock.now().getTime()).toBe(10 * 60 * 1000)
    const kept = await world().rows<{ payload: object }>(`select payload from challenges where purpose = 'oauth'`)
    const text = JSON.stringify(kept)
    for (const name of ['state', 'nonce']) expect(text).not.toContain(asked.get(name))
  })

  test('signs in whoever comes back, once', async () => {
    const email = newEmail()
    const { finish } = await begin({ sub: crypto.randomUUID(), email, email_verified: true }, { redirectTo: '/welcome?a=b#c' })
    const answer = await auth().finishOAuth(finish)
    expect(answer.redirectTo).toBe('https://id.example.com/welcome?a=b#c')
    const principal = await world().core.authenticate(completed(answer).accessToken)
    expect(principal).toMatchObject({ email })
    await expect(auth().finishOAuth(finish)).rejects.toMatchObject({ code: 'auth.challengeOver' })
  })

  test('asks where the provider tells of addresses, and believes it of the same subject only', async () => {
    for (const [sub, told, expected] of [
      ['s-1', 's-1', true],
      ['s-2', 's-1', false],
    ] as const) {
      const email = newEmail()
      provider.userInfo = { sub: told, email, email_verified: true, name: 'Told Elsewhere' }
      const answer = completed(await auth().finishOAuth((await begin({ sub })).finish))
      const user = await world().asSystem().users.get({ userId: answer.user.id })
      expect([user.email, user.fullName]).toEqual(expected ? [email, 'Told Elsewhere'] : [null, null])
    }
  })

  test('the second factor is asked for all the same', async () => {
    const user = await world().newUser({ emailVerified: true })
    const now = world().clock.now()
    const factor = [uuidOf(user.id), uuidOf(newId('fac', now, world().ports.random.bytes(10))), 'sealed', now, now]
    await world().rows(
      'insert into totp_factors (user_id, id, sealed_key, created_at, activated_at) values (?, ?, ?, ?, ?) returning 1',
      factor,
    )
    const { finish } = await begin(
      { sub: crypto.randomUUID(), email: user.email, email_verified: true, amr: ['mfa', 'otp'] },
      { redirectTo: 'https://app.example.com/in' },
    )
    expect(await auth().finishOAuth(finish)).toMatchObject({
      status: 'factorRequired',
      methods: ['totp'],
      redirectTo: 'https://app.example.com/in',
    })
  })

  test('ABUSE 32: an answer is of use only where the question was asked', async () => {
    const attacker = await begin({ sub: 'attacker' })
    const victim = await auth().startOAuth({ provider: 'google' })
    // The attacker's answer in the victim's browser, whole or in part.
    const state = new URL(victim.url).searchParams.get('state') ?? ''
    for (const finish of [
      { ...attacker.finish, challenge: victim.challenge },
      { ...attacker.finish, challenge: victim.challenge, state },
    ])
      await expect(auth().finishOAuth(finish)).rejects.toMatchObject(refused)
    await expect(auth().finishOAuth({ ...attacker.finish, challenge: 'none' })).rejects.toMatchObject({ code: 'auth.challengeOver' })
    await expect(auth().finishOAuth({ ...attacker.finish, state: 'another' })).rejects.toMatchObject(refused)
    // It was not redeemed by any of these: where it belongs it still works.
    completed(await auth().finishOAuth(attacker.finish))
  })

  test('ABUSE 33: a token of another question, party, issuer or time is refused', async () => {
    const now = Math.floor(world().clock.now().getTime() / 1000)
    for (const claims of [
      { nonce: 'another' },
      { nonce: undefined },
      { aud: 'another' },
      { aud: ['denizen', 'x'] },
      { azp: 'x' },
      { iss: evil.issuer },
      { exp: now - 3600 },
      { sub: undefined },
    ])
      await expect(auth().finishOAuth((await begin({ sub: 'x', ...claims })).finish)).rejects.toMatchObject(refused)
  })

  test('ABUSE 33: an answer that another provider gave is refused, and one that does not say whose it is (RFC 9207)', async () => {
    const { finish } = await begin({ sub: 'mixed-up' })
    const { issuer: _, ...unsaid } = finish
    for (const wrong of [{ ...finish, issuer: evil.issuer }, { ...finish, issuer: '' }, unsaid])
      await expect(auth().finishOAuth(wrong)).rejects.toMatchObject(refused)
    completed(await auth().finishOAuth(finish))
  })

  test('S7: an answer that came to the page of another provider is sent to nobody, and signs nobody in', async () => {
    const { finish } = await begin({ sub: 'honest' })
    const evilStart = await auth().startOAuth({ provider: 'evil' })
    const state = new URL(evilStart.url).searchParams.get('state') ?? ''
    const before = world().ports.web.asked.filter(({ method }) => method === 'POST').length
    // The attacker's provider sent the browser on to the honest one, with its own state: the honest code arrives at the honest page.
    for (const issuer of [google.issuer, evil.issuer, undefined]) {
      const mixedUp = {
        provider: 'google',
        challenge: evilStart.challenge,
        state,
        code: finish.code,
        ...(issuer !== undefined && { issuer }),
      }
      await expect(auth().finishOAuth(mixedUp)).rejects.toMatchObject(refused)
    }
    expect(world().ports.web.asked.filter(({ method }) => method === 'POST')).toHaveLength(before)
    completed(await auth().finishOAuth(finish))
  })

  test('a wrong answer is counted, and after five there is nothing left to answer', async () => {
    const { finish } = await begin({ sub: 'guessed-at' })
    for (let count = 0; count < 5; count++) await expect(auth().finishOAuth({ ...finish, state: 'wrong' })).rejects.toMatchObject(refused)
    await expect(auth().finishOAuth(finish)).rejects.toMatchObject({ code: 'auth.challengeOver' })
  })

  test('it may take ten minutes', async () => {
    const [inTime, late] = [await begin({ sub: 'slow' }), await auth().startOAuth({ provider: 'google' })]
    world().clock.advance(10 * 60 * 1000 - 1)
    completed(await auth().finishOAuth(inTime.finish))
    world().clock.advance(1)
    const state = new URL(late.url).searchParams.get('state') ?? ''
    await expect(
      auth().finishOAuth({ provider: 'google', challenge: late.challenge, state, code: 'x', issuer: google.issuer }),
    ).rejects.toMatchObject({
      code: 'auth.challengeOver',
    })
  })

  test('ABUSE 30: nobody is sent anywhere else, neither by the provider nor afterwards', async () => {
    for (const input of [{ origin: 'https://evil.example' }, { redirectTo: 'https://evil.example/' }, { redirectTo: '//evil.example' }])
      await expect(auth().startOAuth({ provider: 'google', ...input })).rejects.toMatchObject({
        code: 'auth.redirectNotAllowed',
        kind: 'invalid',
      })
    expect((await auth().startOAuth({ provider: 'google', origin: 'http://localhost:3000' })).redirectUri).toBe(
      'http://localhost:3000/oauth/callback/google',
    )
  })

  test('a client without a secret names itself; a provider without a client is no page to go to', async () => {
    const started = await auth().startOAuth({ provider: 'public' })
    expect(new URL(started.url).searchParams.get('scope')).toBe('openid')
    const state = new URL(started.url).searchParams.get('state') ?? ''
    await expect(
      auth().finishOAuth({ provider: 'public', challenge: started.challenge, state, code: 'c', issuer: openid.issuer }),
    ).rejects.toMatchObject(refused)
    const sent = world().ports.web.asked.findLast(({ method }) => method === 'POST')
    expect(sent?.headers['authorization']).toBeUndefined()
    expect(Object.fromEntries(new URLSearchParams(sent?.body))).toMatchObject({ client_id: 'app', code: 'c' })
    await expect(auth().startOAuth({ provider: 'clientless' })).rejects.toMatchObject({ code: 'auth.noRedirectSignIn' })
    await expect(auth().startOAuth({ provider: 'nobody' })).rejects.toMatchObject({ code: 'identities.unknownProvider' })
  })

  test('a provider that publishes under another name is none', async () => {
    const posing = TestProvider.configured('posing')
    const impostor = await TestProvider.open(world().ports, posing)
    impostor.metadata = { issuer: google.issuer }
    const core = world().another({ settings: { ...settings, identityProviders: [posing] } })
    await expect(core.as({ kind: 'anonymous' }).auth.startOAuth({ provider: 'posing' })).rejects.toMatchObject({
      code: 'identities.providerUnavailable',
    })
  })

  test('a provider elsewhere is one in capitals too', async () => {
    const lying = { ...TestProvider.configured('lying'), issuer: 'HTTPS://lying.example' }
    const provider = await TestProvider.open(world().ports, lying)
    provider.metadata = { jwks_uri: 'http://127.0.0.1:9200/_cluster/settings' }
    const core = world().another({ settings: { ...settings, identityProviders: [lying] } })
    await expect(core.as({ kind: 'anonymous' }).auth.startOAuth({ provider: 'lying' })).rejects.toMatchObject({
      code: 'identities.providerUnavailable',
    })
  })

  test.each(['jwks_uri', 'authorization_endpoint', 'token_endpoint', 'userinfo_endpoint'])(
    'a provider elsewhere cannot have services of this machine asked: its %s is https',
    async (name) => {
      const lying = TestProvider.configured('lying')
      const provider = await TestProvider.open(world().ports, lying)
      provider.metadata = { [name]: 'http://127.0.0.1:9200/_cluster/settings' }
      const core = world().another({ settings: { ...settings, identityProviders: [lying] } })
      await expect(core.as({ kind: 'anonymous' }).auth.startOAuth({ provider: 'lying' })).rejects.toMatchObject({
        code: 'identities.providerUnavailable',
      })
    },
  )
})

describe('where people may be sent', () => {
  test.each([
    ['/', 'https://id.example.com/'],
    ['/a/b?c=d#e', 'https://id.example.com/a/b?c=d#e'],
    ['a', 'https://id.example.com/a'],
    ['https://id.example.com/x', 'https://id.example.com/x'],
    ['https://app.example.com', 'https://app.example.com/'],
    ['http://localhost:3000/x', 'http://localhost:3000/x'],
    ['/..//evil.example', 'https://id.example.com//evil.example'],
    ['//evil.example', null],
    ['///evil.example', null],
    ['/\\evil.example', null],
    ['\\\\evil.example', null],
    ['https:evil.example', 'https://id.example.com/evil.example'],
    ['https:/\\evil.example', null],
    ['/\t/evil.example', null],
    ['/\n/evil.example', null],
    [' //evil.example', null],
    ['https://evil.example', null],
    ['https://app.example.com.evil.example', null],
    ['https://app.example.com@evil.example', null],
    ['https://evil@app.example.com', null],
    ['https://app.example.com:8443/', null],
    ['http://app.example.com/', null],
    ['http://localhost:3001/', null],
    ['javascript:alert(1)', null],
    ['data:text/html,x', null],
    ['blob:https://id.example.com/x', null],
    ['ftp://id.example.com/', null],
    ['https://[', null],
  ])('%j: %j', (typed, where) => {
    expect(allowedRedirect(settings, typed)).toBe(where)
  })

  test.each([
    [undefined, 'https://id.example.com/oauth/callback/google'],
    ['https://id.example.com', 'https://id.example.com/oauth/callback/google'],
    ['https://app.example.com', 'https://app.example.com/oauth/callback/google'],
    ['https://app.example.com/', null],
    ['https://APP.example.com', null],
    ['https://app.example.com/x', null],
    ['https://evil.example', null],
    ['null', null],
    ['', null],
  ])('back from the provider to %j: %j', (origin, where) => {
    expect(redirectUriFor(settings, google, origin)).toBe(where)
  })
})
