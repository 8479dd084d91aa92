import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { describe, expect, it } from 'vitest'
import { bearer, domainOf, inputOf, useServer, type Reply } from './testing/server.ts'

const publicUrl = 'http://localhost:4000'
const served = useServer({ world: { settings: { publicUrl } } })
const whoami = (headers: Record<string, string>) => served().get('/trpc/sessions.whoami', headers)
const codeOf = (reply: Reply) => [reply.status, reply.status === 200 ? null : domainOf(reply).code]

describe('an API token over HTTP', () => {
  const create = async (more: object = {}) => {
    const holder = await served().world.signUp()
    return { holder, ...(await holder.as.tokens.create({ name: 'test', ...more })) }
  }

  it('is shown as X-API-Key or as bearer, again and again', async () => {
    const { holder, secret } = await create()
    for (const headers of [{ 'x-api-key': secret }, { authorization: `Bearer ${secret}` }, { 'x-api-key': secret }]) {
      const reply = await whoami(headers)
      expect([reply.status, reply.text]).toEqual([200, expect.stringContaining(holder.user.username)])
    }
  })

  it('ABUSE 33: nothing else counts as X-API-Key, and no two credentials at once', async () => {
    const { holder, secret } = await create()
    const agent = await holder.as.tokens.issueAgent()
    const refused = [401, 'request.unauthenticated']
    for (const key of [holder.token, agent.token, '', 'x', secret.slice(0, -1), `${secret}x`, secret.replace('api', 'access')])
      expect(codeOf(await whoami({ 'x-api-key': key }))).toEqual(refused)
    expect(codeOf(await whoami({ 'x-api-key': secret, ...bearer(holder) }))).toEqual(refused)
    expect(codeOf(await whoami({ authorization: `Basic ${secret}` }))).toEqual(refused)
    expect(codeOf(await whoami({ authorization: `Bearer ${secret.slice(0, -1)}` }))).toEqual(refused)
  })

  it('ABUSE 41: is refused at the next request after it was revoked, also on a connection that is in use', async () => {
    const { holder, secret, token } = await create()
    const asking = async () => Promise.all(Array.from({ length: 20 }, async () => (await whoami({ 'x-api-key': secret })).status))
    expect(new Set(await asking())).toEqual(new Set([200]))
    const during = asking()
    await holder.as.tokens.revoke({ tokenId: token.id })
    await during
    expect(new Set(await asking())).toEqual(new Set([401]))
  })

  it('ABUSE 37: of an address is not answered elsewhere, even though its answer was given before', async () => {
    const { secret } = await create({ allowedIps: ['127.0.0.0/8'] })
    for (let count = 0; count < 3; count++) expect((await whoami({ 'x-api-key': secret })).status).toBe(200)
    const elsewhere = await create({ allowedIps: ['192.0.2.0/24'] })
    for (let count = 0; count < 3; count++)
      expect(codeOf(await whoami({ 'x-api-key': elsewhere.secret }))).toEqual([403, 'auth.addressNotAllowed'])
  })

  it('reaches its scopes only, in batches too, one by one', async () => {
    const { secret } = await create({ scopes: ['sessions.whoami'] })
    const reply = await served().get('/trpc/sessions.whoami,users.current?batch=1&input=%7B%7D', { 'x-api-key': secret })
    expect(reply.status).toBe(207)
    const [first, second] = reply.json<{ result?: object; error?: { json: { data: { domain: { code: string } } } } }[]>()
    expect(first).toHaveProperty('result')
    expect(second?.error?.json.data.domain.code).toBe('auth.outOfScope')
  })

  it('makes no other token', async () => {
    const { secret } = await create()
    const reply = await served().post('/trpc/tokens.create', { json: { name: 'more' } }, { 'x-api-key': secret })
    expect(codeOf(reply)).toEqual([403, 'auth.ownSessionRequired'])
  })
})

describe('signed tokens over HTTP', () => {
  it('of a websocket open no call', async () => {
    const ada = await served().world.signUp()
    const { token } = await ada.as.tokens.issueWebsocket()
    for (let count = 0; count < 2; count++) expect(codeOf(await whoami(bearer({ token })))).toEqual([403, 'auth.outOfScope'])
    const reply = await served().post('/trpc/users.updateCurrent', { json: { fullName: 'x' } }, bearer({ token }))
    expect(codeOf(reply)).toEqual([403, 'auth.outOfScope'])
  })

  it('of an agent open calls until the session ends that they were made from', async () => {
    const ada = await served().world.signUp()
    const { token } = await ada.as.tokens.issueAgent()
    for (let count = 0; count < 3; count++) expect((await whoami(bearer({ token }))).status).toBe(200)
    await ada.as.auth.signOut()
    expect(codeOf(await whoami(bearer({ token })))).toEqual([401, 'request.unauthenticated'])
  })

  it('come with /users/current, and are kept nowhere', async () => {
    const ada = await served().world.signUp()
    const reply = await served().get('/users/current?include=websocketToken,agentToken', bearer(ada))
    expect([reply.status, reply.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const { agentToken, websocketToken } = reply.json<Record<'agentToken' | 'websocketToken', { token: string }>>()
    expect((await whoami(bearer(agentToken))).status).toBe(200)
    expect((await whoami(bearer(websocketToken))).status).toBe(403)
    expect((await served().get('/users/current?include=everything', bearer(ada))).status).toBe(400)
  })

  it('are verified by jose with what /.well-known/jwks.json says, before and after a rotation', async () => {
    const { world, server } = served()
    const { clock } = world
    const url = new URL(`${server.url}/.well-known/jwks.json`)
    const issue = async () => (await (await world.signUp()).as.tokens.issueAgent()).token
    const verify = (token: string, keys: JWTVerifyGetKey = createRemoteJWKSet(url)) =>
      jwtVerify(token, keys, { issuer: publicUrl, audience: publicUrl, typ: 'at+jwt', algorithms: ['EdDSA'], currentDate: clock.now() })
    const first = await issue()
    expect((await verify(first)).payload).toMatchObject({ iss: publicUrl, kind: 'agent' })

    const day = 24 * 60 * 60_000
    clock.advance(29 * day)
    await world.runJob('tokens.rotateKeys')
    clock.advance(60_000)
    // Whoever fetches the keys now and keeps them for the day knows the one that signs tomorrow.
    const kept = createLocalJWKSet((await (await fetch(url)).json()) as JSONWebKeySet)
    clock.advance(day)
    const second = await issue()
    expect(decodeProtectedHeader(second).kid).not.toBe(decodeProtectedHeader(first).kid)
    await expect(verify(second, kept)).resolves.toBeDefined()
    await expect(verify(second)).resolves.toBeDefined()
  })

  it('have their keys published with nothing private in them, to be kept for an hour', async () => {
    const reply = await served().get('/.well-known/jwks.json')
    expect([reply.status, reply.headers.get('content-type'), reply.headers.get('cache-control')]).toEqual([
      200,
      'application/jwk-set+json',
      'public, max-age=3600',
    ])
    for (const key of reply.json<{ keys: object[] }>().keys)
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
    expect((await served().post('/.well-known/jwks.json', {})).status).toBe(405)
  })
})

describe('what a service asks about tokens', () => {
  it('travels by POST alone: a token does not belong into a URL', async () => {
    const admin = await served().world.asSuperadmin()
    const { secret } = await admin.as.tokens.create({ name: 'gateway', scopes: ['tokens.verify'] })
    const asked = await served().post('/trpc/tokens.verify', { json: { token: admin.token } }, { 'x-api-key': secret })
    expect([asked.status, asked.text]).toEqual([200, expect.stringContaining(admin.user.username)])
    const inUrl = await served().get(`/trpc/tokens.verify${inputOf({ token: 'x' })}`, { 'x-api-key': secret })
    expect(inUrl.status).toBe(405)
    expect(codeOf(await served().post('/trpc/tokens.introspect', { json: { token: 'x' } }, { 'x-api-key': secret }))).toEqual([
      403,
      'auth.outOfScope',
    ])
  })
})
