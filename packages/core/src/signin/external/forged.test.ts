import { completed } from '@denizen/core'
import { databases, TestProvider, useWorld } from '@denizen/core/testing'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'

const google = TestProvider.configured('google')
const other = TestProvider.configured('other')
const clerk = TestProvider.configured('clerk', { kind: 'clerk', audiences: ['https://app.example.com'] })
const refused = { code: 'auth.identityRefused', kind: 'unauthenticated', details: {} }
const settings = { identityProviders: [google, other, clerk] }

describe.each(databases)('ABUSE 33: on %s a token counts only as the provider meant it', (database) => {
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
  const attempts = () =>
    world().rows<{ outcome: string; method: string; user_id: string | null }>(
      'select outcome, method, user_id from login_attempts order by xmin::text::bigint desc limit 1',
    )

  const expectRefused = async (token: string, name?: string) => expect(signIn(token, name)).rejects.toMatchObject(refused)
  const now = () => Math.floor(world().clock.now().getTime() / 1000)

  test('when it is of the provider, for us, and of now', async () => {
    const sub = subject()
    await expectRefused(await second.sign({ sub }))
    await expectRefused(await provider.sign({ sub, iss: `${google.issuer}/` }))
    await expectRefused(await provider.sign({ sub, iss: 'https://GOOGLE.example' }))
    for (const aud of ['another', [], undefined, ['another', 'denizen'], 'denizen ', ['denizen', 'another']])
      await expectRefused(await provider.sign({ sub, aud: aud as string }))
    await expectRefused(await provider.sign({ sub, azp: 'another' }))
    await expectRefused(await provider.sign({ sub, aud: ['denizen', 'another'], azp: 'another' }))
    await expectRefused(await provider.sign({ sub, exp: now() - 61 }))
    await expectRefused(await provider.sign({ sub, nbf: now() + 61 }))
    await expectRefused(await provider.sign({ sub, iat: now() + 61 }))
    for (const claims of [{ exp: undefined }, { iat: undefined }, { sub: undefined }])
      await expectRefused(await provider.sign({ sub, ...claims }))
    for (const broken of ['', 'a\u0000b', 'a\nb', 'x'.repeat(256), 'a\u200bb']) await expectRefused(await provider.sign({ sub: broken }))
    await expectRefused(await provider.sign({ sub, events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }))
    await expectRefused(await provider.sign({ sub }, { typ: 'at+jwt' }))
    await expectRefused(await provider.sign({ sub }, { typ: 'logout+jwt' }))
    // And, so that the above is seen to be right: within the leeway, and with a party of ours, it counts.
    for (const claims of [{ exp: now() - 30 }, { nbf: now() + 30 }, { iat: now() + 30 }, { aud: ['denizen', 'another'], azp: 'denizen' }])
      completed(await signIn(await provider.sign({ sub, ...claims })))
    expect(await attempts()).toMatchObject([{ outcome: 'succeeded' }])
    await expectRefused(await second.sign({ sub }))
    expect(await attempts()).toEqual([{ outcome: 'wrongIdentity', method: 'identity', user_id: null }])
  })

  test('when its signature is one that only the provider can make', async () => {
    const claims = { iss: google.issuer, aud: 'denizen', sub: subject(), iat: now(), exp: now() + 60 }
    const { kid = '' } = provider.published
    const mine = await generateKeyPair('ES256', { extractable: true })
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid, jwk: await exportJWK(mine.publicKey) })
      .sign(mine.privateKey)
    await expectRefused(forged)
    await expectRefused(await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'unheard-of' }).sign(mine.privateKey))
    await expectRefused(new UnsecuredJWT(claims).encode())
    const publicText = new TextEncoder().encode(JSON.stringify(provider.published))
    await expectRefused(await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid }).sign(publicText))
    const good = await provider.sign({ sub: subject() })
    const [head = '', body = '', signature = ''] = good.split('.')
    for (const token of [
      `${head}.${body}.`,
      `${head}.${body}`,
      `${head}.${body}.${signature.slice(1)}`,
      `${head}.${btoa('{"sub":"x"}')}.${signature}`,
      'x',
      '..',
      `${good}.${signature}`,
    ])
      await expectRefused(token)
    await expectRefused(`${btoa(JSON.stringify({ alg: 'none', typ: 'JWT' }))}.${body}.`)
    completed(await signIn(good))
  })

  test('after the provider has changed its keys; tokens with invented keys make us ask no more than twice a minute', async () => {
    const sub = subject()
    const old = await provider.sign({ sub })
    completed(await signIn(old))
    await provider.rotate('RS256')
    world().clock.advance(30_000)
    completed(await signIn(await provider.sign({ sub })))
    await expectRefused(old)
    const asked = world().ports.web.asked.length
    for (let count = 0; count < 5; count++) await expectRefused(await provider.sign({ sub }, { kid: `invented-${count}` }))
    expect(world().ports.web.asked.length).toBe(asked)
  })

  test('of Clerk: it names the place that it was issued to', async () => {
    const shop = await TestProvider.open(world().ports, clerk)
    const azp = 'https://app.example.com'
    world().clock.advance(60_000)
    const answer = completed(await signIn(await shop.sign({ sub: 'user_1', aud: undefined, azp, sid: 'sess_1' }), 'clerk'))
    expect(await world().asSystem().users.get({ userId: answer.user.id })).toMatchObject({ email: null })
    expect(completed(await signIn(await shop.sign({ sub: 'user_1', aud: azp, azp }), 'clerk')).user.id).toBe(answer.user.id)
    for (const claims of [
      { azp: undefined, aud: undefined },
      { azp: 'https://evil.example', aud: undefined },
      { azp, aud: 'another' },
      { azp: undefined, aud: azp },
    ])
      await expectRefused(await shop.sign({ sub: 'user_1', ...claims }), 'clerk')
  })
})
