import { userActor, type Core } from '@denizen/core'
import { databases, type SignedInUser, useWorld, type World } from '@denizen/core/testing'
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
  UnsecuredJWT,
  importJWK,
  type CryptoKey,
  type JWK,
} from 'jose'
import { describe, expect, test } from 'vitest'
import { idOf } from '../kernel/id.ts'

const minute = 60_000
const audience = 'https://api.example.com'
const settings = { publicUrl: 'https://id.example.com', agentAudiences: [audience] }
const refused = (code: string) => expect.objectContaining({ code })

async function opened(core: Core, token: string) {
  const principal = await core.authenticate(token)
  if (principal === null) throw new Error('the token opens nothing')
  return core.as(userActor(principal))
}

/** Verifies as somebody else does who has fetched our keys. */
async function verifiedElsewhere(world: World, token: string, audience: string) {
  const keys = createLocalJWKSet({ keys: (await world.core.publishedKeys()) as JWK[] })
  const { payload } = await jwtVerify(token, keys, { issuer: settings.publicUrl, audience, currentDate: world.clock.now() })
  return payload
}

describe.each(databases)('signed tokens on %s', (database) => {
  const world = useWorld({ database, settings })
  const core = () => world().core

  test('say who, for whom and until when, to whoever has the published keys', async () => {
    const ada = await world().signUp()
    const { token, expiresAt } = await ada.as.tokens.issueAgent({ audience, scopes: ['users.current'] })
    const now = Math.floor(world().clock.now().getTime() / 1000)
    expect(await verifiedElsewhere(world(), token, audience)).toEqual({
      iss: settings.publicUrl,
      sub: ada.user.id,
      aud: audience,
      iat: now,
      exp: Math.floor(expiresAt.getTime() / 1000),
      jti: expect.stringMatching(/^jwt_/),
      client_id: 'denizen',
      sid: ada.principal.sessionId,
      tid: ada.principal.tokenId,
      kind: 'agent',
      scope: 'users.current',
    })
    expect(Math.round((expiresAt.getTime() - world().clock.now().getTime()) / minute)).toBe(15)
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', kid: expect.stringMatching(/^key_/), typ: 'at+jwt' })
    for (const key of await core().publishedKeys()) expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
  })

  test('for an agent open calls within their scopes, and nothing that wants a fresh proof or another token', async () => {
    const ada = await world().signUp()
    const { token } = await ada.as.tokens.issueAgent()
    const agent = await opened(core(), token)
    await expect(agent.sessions.whoami()).resolves.toMatchObject({ user: { id: ada.user.id } })
    await expect(agent.users.updateCurrent({ fullName: 'By An Agent' })).resolves.toBeDefined()
    await expect(agent.tokens.create({ name: 'x' })).rejects.toEqual(refused('auth.ownSessionRequired'))
    await expect(agent.tokens.issueAgent()).rejects.toEqual(refused('tokens.signedCredential'))
    await expect(agent.tokens.issueWebsocket()).rejects.toEqual(refused('tokens.signedCredential'))
    await expect(agent.users.current({ include: ['agentToken'] })).rejects.toEqual(refused('tokens.signedCredential'))

    const narrow = await opened(core(), (await ada.as.tokens.issueAgent({ scopes: ['users.current'] })).token)
    await expect(narrow.users.current()).resolves.toBeDefined()
    const told = { user: { id: ada.user.id, email: null }, session: null, organization: null, token: { scopes: ['users.current'] } }
    expect(await narrow.sessions.whoami()).toMatchObject(told)
    await expect(narrow.users.updateCurrent({ fullName: 'No' })).rejects.toEqual(refused('auth.outOfScope'))
    await expect(ada.as.tokens.issueAgent({ scopes: ['users.archive'] })).rejects.toEqual(refused('tokens.scopeTooWide'))
  })

  test('never do more than the API token that they were made from', async () => {
    const admin = await world().asSuperadmin()
    const { secret } = await admin.as.tokens.create({ name: 'x', scopes: ['tokens.issueAgent', 'users.count', 'users.create'] })
    const calls = await opened(core(), secret)
    await expect(calls.tokens.issueAgent({ scopes: ['users.get'] })).rejects.toEqual(refused('tokens.scopeTooWide'))
    const whole = await calls.tokens.issueAgent()
    expect(decodeJwt(whole.token)).toMatchObject({ scope: 'tokens.issueAgent users.count users.create' })
    const agent = await opened(core(), whole.token)
    await expect(agent.users.count({})).resolves.toBeDefined()
    await expect(agent.users.get({ userId: admin.user.id })).rejects.toEqual(refused('auth.outOfScope'))
    const narrow = await opened(core(), (await calls.tokens.issueAgent({ scopes: ['users.count'] })).token)
    await expect(narrow.users.create({ username: 'never-was' })).rejects.toEqual(refused('auth.outOfScope'))
  })

  test('for a websocket open no call at all', async () => {
    const admin = await world().asSuperadmin()
    const { token, expiresAt } = await admin.as.tokens.issueWebsocket()
    expect(await verifiedElsewhere(world(), token, `${settings.publicUrl}/websocket`)).toMatchObject({ kind: 'websocket' })
    expect(Math.round((expiresAt.getTime() - world().clock.now().getTime()) / minute)).toBe(5)
    const calls = await opened(core(), token)
    for (const call of [calls.sessions.whoami, calls.users.current, calls.auth.signOut])
      await expect(call()).rejects.toEqual(refused('auth.outOfScope'))
    await expect(calls.users.create({ username: 'never-was' })).rejects.toEqual(refused('auth.outOfScope'))
    await expect(calls.auth.signIn({ identifier: 'x', password: 'y' })).rejects.toEqual(refused('auth.outOfScope'))
  })

  test('ABUSE 7: end with the session, the API token and the user that they were made from', async () => {
    const ends = async (make: (ada: SignedInUser) => Promise<string>, end: (ada: SignedInUser) => Promise<unknown>) => {
      const ada = await world().signUp()
      const token = await make(ada)
      await (await opened(core(), token)).sessions.whoami()
      const elsewhere = world().another({ settings })
      expect(await elsewhere.authenticate(token)).not.toBeNull()
      await end(ada)
      expect(await core().authenticate(token)).toBeNull()
      expect(await world().another({ settings }).authenticate(token)).toBeNull()
    }
    const ofSession = async ({ as }: SignedInUser) => (await as.tokens.issueAgent()).token
    const ofToken = async ({ as }: SignedInUser) => {
      const { secret } = await as.tokens.create({ name: 'x' })
      return (await (await opened(core(), secret)).tokens.issueAgent()).token
    }
    const suspend = ({ user }: SignedInUser) => world().asSystem().users.setStatus({ userId: user.id, status: 'suspended' })
    await ends(ofSession, ({ as }) => as.auth.signOut())
    await ends(ofSession, suspend)
    await ends(ofToken, suspend)
    await ends(ofToken, async ({ as }) => as.tokens.revoke({ tokenId: (await as.tokens.list()).items[0]?.id ?? 'tok_' }))
  })

  test('expire, also in memory and in a call that began before', async () => {
    const ada = await world().signUp()
    const { token } = await ada.as.tokens.issueAgent()
    const agent = await opened(core(), token)
    world().clock.advance(15 * minute)
    expect(core().authenticated(token)).toBeUndefined()
    expect(await core().authenticate(token)).toBeNull()
    await expect(agent.users.updateCurrent({ fullName: 'Late' })).rejects.toEqual(refused('request.unauthenticated'))
  })

  test('for somebody else open nothing here; whoever asks about one is told whom it is for', async () => {
    const admin = await world().asSuperadmin()
    const { token } = await admin.as.tokens.issueAgent({ audience })
    expect(await core().authenticate(token)).toBeNull()
    expect(await admin.as.tokens.verify({ token })).toMatchObject({ active: true, kind: 'agent', audience })
    expect(await admin.as.tokens.introspect({ token })).toMatchObject({ active: true, aud: audience, sub: admin.user.id })
    expect(await core().authenticate(token)).toBeNull() // having been asked about it is no reason to take it
    await expect(admin.as.tokens.issueAgent({ audience: 'https://evil.example' })).rejects.toEqual(refused('tokens.audienceUnknown'))
    expect(
      await world()
        .another({ settings: { publicUrl: settings.publicUrl } })
        .authenticate(token),
    ).toBeNull()
  })

  test('ABUSE 33: forged in any way open nothing', async () => {
    const ada = await world().signUp()
    const { token } = await ada.as.tokens.issueAgent()
    const { token: websocket } = await ada.as.tokens.issueWebsocket()
    const [header, claims] = [decodeProtectedHeader(token), decodeJwt(token)]
    const [published] = await core().publishedKeys()
    const own = await generateKeyPair('EdDSA')
    const [h = '', p = '', s = ''] = token.split('.')
    const sign = (claimed: object, protectedHeader: object, key: CryptoKey | Uint8Array = own.privateKey) =>
      new SignJWT({ ...claims, ...claimed }).setProtectedHeader({ ...header, alg: 'EdDSA', ...protectedHeader }).sign(key)
    const secret = new TextEncoder().encode(JSON.stringify(published))
    const forged = {
      'without a signature': new UnsecuredJWT(claims).encode(),
      'alg none, with the signature of another': `${btoa(JSON.stringify({ ...header, alg: 'none' })).replaceAll('=', '')}.${p}.${s}`,
      'HS256 with the public key as its secret': await sign({}, { alg: 'HS256' }, secret),
      'by a key of their own under our kid': await sign({}, {}),
      'by a key of their own that they bring': await sign({}, { kid: undefined, jwk: await exportJWK(own.publicKey) }),
      'under a kid that nobody has': await sign({}, { kid: 'key_01h455vb4pex5vsknk084sn02q' }),
      'under a kid that is a path': await sign({}, { kid: '../../etc/passwd' }),
      'the claims of another token under this signature': `${h}.${websocket.split('.')[1]}.${s}`,
      'cut at its end': token.slice(0, -1),
      'with another letter': token.slice(0, -2) + (token.at(-2) === 'A' ? 'B' : 'A') + token.at(-1),
      'without its signature': `${h}.${p}.`,
      'with a part more': `${token}.x`,
      'very long': `${token}${'A'.repeat(100_000)}`,
    }
    for (const [name, text] of Object.entries(forged)) expect([name, await core().authenticate(text)]).toEqual([name, null])
    expect(await core().authenticate(token)).not.toBeNull()
  })

  test('ABUSE 33: of our own signing, but of another issuer, kind or type, open nothing', async () => {
    const ada = await world().signUp()
    const [agent, websocket] = [(await ada.as.tokens.issueAgent()).token, (await ada.as.tokens.issueWebsocket()).token]
    expect(decodeProtectedHeader(websocket).typ).not.toBe(decodeProtectedHeader(agent).typ)
    const other = world().another({ settings: { publicUrl: 'https://other.example.com' } })
    expect(await other.authenticate(agent)).toBeNull()
    const { key, id } = await ourKey(world())
    const resign = (claims: object, header: object) =>
      new SignJWT({ ...decodeJwt(agent), ...claims }).setProtectedHeader({ alg: 'EdDSA', kid: id, typ: 'at+jwt', ...header }).sign(key)
    expect(await core().authenticate(await resign({}, {}))).not.toBeNull() // the control: this much is right
    for (const [claims, header] of [
      [{ kind: 'websocket' }, {}],
      [{}, { typ: 'websocket+jwt' }],
      [{}, { typ: 'JWT' }],
      [{ aud: `${settings.publicUrl}/websocket` }, {}],
      [{ aud: [settings.publicUrl, audience] }, {}],
      [{ aud: undefined }, {}],
      [{ exp: undefined }, {}],
      [{ tid: undefined }, {}],
      [{ tid: ada.user.id }, {}],
      [{ iss: 'https://other.example.com' }, {}],
      [{ nbf: Math.floor(world().clock.now().getTime() / 1000) + 60 }, {}],
    ] as const)
      expect([claims, header, await core().authenticate(await resign(claims, header).catch(() => 'unsignable'))]).toEqual([
        claims,
        header,
        null,
      ])
  })

  test('come with users.current when they are asked for', async () => {
    const ada = await world().signUp()
    const current = await ada.as.users.current({ include: ['websocketToken', 'agentToken'] })
    expect([decodeJwt(current.websocketToken?.token ?? ''), decodeJwt(current.agentToken?.token ?? '')]).toMatchObject([
      { kind: 'websocket' },
      { kind: 'agent' },
    ])
    expect(await ada.as.users.current()).not.toHaveProperty('agentToken')
  })
})

/** Our own key, opened as only the installation can. */
async function ourKey({ ports, rows }: World): Promise<{ key: CryptoKey; id: string }> {
  const [row] = await rows<{ id: string; sealed: string }>(
    'select id::text as id, sealed_key as sealed from signing_keys order by active_from desc limit 1',
  )
  const id = idOf('key', row?.id ?? '')
  const opened = await ports.cipher.open(`signing-key/${id}`, row?.sealed ?? '')
  const key = (await importJWK(JSON.parse(opened ?? '{}') as JWK, 'EdDSA')) as CryptoKey
  return { key, id }
}
