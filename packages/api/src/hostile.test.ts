import { uuidOf } from '@denizen/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventually } from '../../../tests/deadlines.ts'
import { ask, bearer, domainOf, head, inputOf, openConnection, raw, signIn, useServer } from './testing/server.ts'

const bodyLimit = 64 * 1024
const served = useServer({ bodyLimit })

describe('ABUSE 32: a body that a foreign page can make a browser send', () => {
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'application/jsonp',
    undefined,
  ])('is refused as %s', async (type) => {
    const { server, stranger } = served()
    const headers = { ...bearer(stranger), ...(type !== undefined && { 'content-type': type }) }
    const reply = await ask(server, '/trpc/auth.signOut', { method: 'POST', headers, body: new TextEncoder().encode('{"json":{}}') })
    expect([reply.status, domainOf(reply).code]).toEqual([415, 'request.unsupportedMediaType'])
    expect((await served().get('/trpc/sessions.whoami', bearer(stranger))).status).toBe(200)
  })

  it('is taken as JSON, however that is written', async () => {
    expect((await served().post('/trpc/auth.signIn', signIn('nobody'), { 'content-type': 'Application/JSON; charset=utf-8' })).status).toBe(
      401,
    )
  })

  it('is refused when it is compressed', async () => {
    expect((await served().post('/trpc/auth.signIn', signIn('nobody'), { 'content-encoding': 'gzip' })).status).toBe(415)
  })
})

describe('ABUSE 34: a body that is too much', () => {
  it('is refused by size, declared or not', async () => {
    const { server } = served()
    const body = JSON.stringify(signIn('a'.repeat(1024 * 1024)))
    const headers = { 'content-type': 'application/json' }
    const declared = await ask(server, '/trpc/auth.signIn', { method: 'POST', headers, body })
    expect([declared.status, domainOf(declared)]).toEqual([
      413,
      { code: 'request.tooLarge', kind: 'tooLarge', details: { most: bodyLimit } },
    ])
    const trickled = await ask(server, '/trpc/auth.signIn', {
      method: 'POST',
      headers,
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit)
    expect([trickled.status, domainOf(trickled).code]).toEqual([413, 'request.tooLarge'])
  })

  it('is not one that only does not say how large it is: proxies send on what they read', async () => {
    const body = new Blob([JSON.stringify(signIn('nobody'))]).stream()
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
    expect((await ask(served().server, '/trpc/auth.signIn', request)).status).toBe(401)
  })

  const realm = { realm: 'big', users: [], padding: 'x'.repeat(2 * bodyLimit) }
  const realmBody = { json: { format: 'keycloak', realm } }

  it('may be larger for an import, from somebody who may import', async () => {
    const { post, admin } = served()
    expect((await post('/trpc/users.import', realmBody, bearer(admin))).status).toBe(200)
    expect((await post('/trpc/plan.users.import', realmBody, bearer(admin))).status).toBe(200)
    expect((await post('/trpc/users.import?batch=1', { 0: realmBody }, bearer(admin))).status).toBe(200)
    const both = { 0: realmBody, 1: signIn('x'.repeat(2 * bodyLimit)) }
    expect((await post('/trpc/users.import,auth.signIn?batch=1', both, bearer(admin))).status).toBe(207)
    expect((await post('/trpc/auth.signIn?batch=1', { 0: both[1] }, bearer(admin))).status).toBe(413)
  })

  it('S1: case 60: is not read when its caller may not do that at all, whatever it holds', async () => {
    const { post, stranger, server, world } = served()
    const headers = { ...bearer(stranger), 'idempotency-key': 'junk' }
    const denied = await post('/trpc/users.import', realmBody, headers)
    expect([denied.status, domainOf(denied).code]).toEqual([403, 'request.denied'])
    expect(domainOf(await post('/trpc/users.import', realmBody)).code).toBe('request.unauthenticated')
    const audited = `select error_code from audit_entries where action = 'users.import' and actor_id = ?`
    expect(await world.rows(audited, [uuidOf(stranger.user.id)])).toEqual([{ error_code: 'request.denied' }])
    // The answer comes although most of the body never does.
    const { host } = new URL(server.url)
    const unfinished = openConnection(server)
    unfinished.write(
      head(
        'POST /trpc/users.import HTTP/1.1',
        `Host: ${host}`,
        `Authorization: Bearer ${stranger.token}`,
        'Content-Type: application/json',
        'Content-Length: 15000000',
      ) + '{"json":[[',
    )
    await eventually(10_000, 'an answer', async () => unfinished.received.startsWith('HTTP/1.1 403 '))
    unfinished.destroy()
  })

  it('S1: case 60: is not parsed when its caller is nobody, and the action is for nobody without a credential', async () => {
    const { post, stranger } = served()
    const junk = { json: { document: { version: 1, roles: { a: { permissions: ['X y', 'X y'] } } }, unknown: 1 } }
    for (const path of ['access.diff', 'plan.access.apply', 'users.create', 'sessions.end', 'auth.changePassword']) {
      const reply = await post(`/trpc/${path}`, junk)
      expect([path, reply.status, domainOf(reply).code]).toEqual([path, 401, 'request.unauthenticated'])
    }
    expect(domainOf(await post('/trpc/users.create', junk, bearer(stranger))).code).toBe('request.invalid')
    expect(domainOf(await post('/trpc/organizations.acceptInvitation', junk)).code).toBe('request.invalid')
  })

  it('S1: case 60: of any action takes no more than the usual size of whoever is signed in for nothing', async () => {
    const { post, stranger } = served()
    const body = { json: { checks: [{ permission: 'users.get' }], padding: 'x'.repeat(bodyLimit) } }
    const reply = await post('/trpc/access.checkMany', body, bearer(stranger))
    expect([reply.status, domainOf(reply)]).toMatchObject([413, { code: 'request.tooLarge', details: { most: bodyLimit } }])
  })

  it('S1: case 60: is refused by the number of its values, before it is parsed, for a batch as a whole', async () => {
    const { post, admin } = served()
    const half = '[],'.repeat(bodyLimit / 12 / 2.5)
    const one = `{"json":{"username":[${half}0]}}`
    expect(domainOf(await post('/trpc/users.create', one, bearer(admin)))).toMatchObject({
      details: { issues: [{ path: 'username' }, {}] },
    })
    const values = { issues: [{ path: '', message: expect.stringMatching(/^more than \d+ values/) as string }] }
    const whole = await post('/trpc/users.create', `{"json":{"username":[${half}${half}0]}}`, bearer(admin))
    expect([whole.status, domainOf(whole)]).toMatchObject([400, { code: 'request.invalid', details: values }])
    const batch = await post('/trpc/users.create,users.create?batch=1', `{"0":${one},"1":${one}}`, bearer(admin))
    expect([batch.status, domainOf(batch)]).toMatchObject([400, { details: values }])
    const checks = `{"json":{"checks":[${'{},'.repeat(30_001)}0]}}`
    const large = await post('/trpc/access.checkMany', checks, bearer(admin))
    expect([large.status, domainOf(large)]).toMatchObject([
      400,
      { code: 'request.invalid', details: { issues: [{ path: '', message: 'more than 60000 values: send fewer at a time' }] } },
    ])
    const text = `{"json":{"username":"${'[,{'.repeat(bodyLimit / 6)}\\"${'[,'.repeat(99)}"}}`
    expect(domainOf(await post('/trpc/users.create', text, bearer(admin)))).toMatchObject({ details: { issues: [{ path: 'username' }] } })
  })

  it('is refused by depth', async () => {
    const { post, get } = served()
    const bomb = `{"json":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
    for (const reply of [
      await post('/trpc/auth.signIn', bomb),
      await post('/trpc/auth.signIn?batch=1', `{"0":${bomb}}`),
      await post('/trpc/auth.signIn', bomb, { 'trpc-accept': 'application/jsonl' }),
    ])
      expect(reply.text).toContain('request.invalid')
    expect((await get('/healthz')).status).toBe(200)
  })

  it('is refused when the URL is too long', async () => {
    const reply = await served().get(`/trpc/users.find${inputOf({ identifier: 'a'.repeat(9000) })}`)
    expect([reply.status, reply.json()]).toMatchObject([414, { code: 'request.urlTooLong' }])
    const page = await served().get(`/sign-in?next=${'a'.repeat(9000)}`, { accept: 'text/html,*/*' })
    expect([page.status, page.headers.get('content-type'), page.text]).toEqual([
      414,
      'text/html; charset=utf-8',
      expect.stringMatching(/<h1>This address is too long<\/h1>[^]*<a class="main" href="/),
    ])
    expect(await raw(served().server, head('GET /healthz HTTP/1.1', 'host: x', `x: ${'a'.repeat(20_000)}`))).toMatch(/^HTTP\/1\.1 431 /)
  })
})

describe('ABUSE 28: an input that is wrong', () => {
  it.each([
    ['an unknown field', { json: { identifier: 'a', password: 'b', role: 'admin' } }, 'role'],
    ['a field of the wrong type', signIn({}), 'identifier'],
    ['a date for a text', { json: { identifier: '2026-01-01', password: 'x' }, meta: { values: { identifier: ['Date'] } } }, 'identifier'],
  ])('names the field: %s', async (_, body, path) => {
    const reply = await served().post('/trpc/auth.signIn', body)
    expect([reply.status, domainOf(reply)]).toMatchObject([400, { code: 'request.invalid', details: { issues: [{ path }] } }])
  })

  it.each(['\u0000', '\ud800', '\u202e\u0000', '\u001b[2J'])('names the field that no text may be in: %j', async (text) => {
    const { post, admin } = served()
    for (const field of ['username', 'fullName']) {
      const reply = await post('/trpc/users.create', { json: { username: 'x', [field]: `a${text}b` } }, bearer(admin))
      const named = expect.arrayContaining([expect.objectContaining({ path: field })]) as unknown
      expect([reply.status, domainOf(reply)]).toMatchObject([400, { code: 'request.invalid', details: { issues: named } }])
    }
    const preferences = await post('/trpc/users.create', { json: { username: 'x', preferences: { a: '\u0000' } } }, bearer(admin))
    expect([preferences.status, domainOf(preferences)]).toMatchObject([400, { details: { issues: [{ path: 'preferences' }] } }])
    expect((await post('/trpc/auth.signIn', signIn(`a${text}b`))).status).toBe(401)
  })

  it.each(['__proto__', 'constructor', 'prototype'])('names the reserved key %s, wherever it is', async (key) => {
    const { post, admin } = served()
    const top = await post('/trpc/users.create', `{"json":{"username":"x","${key}":{"a":1}}}`, bearer(admin))
    expect([top.status, domainOf(top)]).toMatchObject([400, { code: 'request.invalid', details: { issues: [{ path: key }] } }])
    const inside = await post('/trpc/users.create', `{"json":{"username":"x","preferences":{"${key}":{"a":1}}}}`, bearer(admin))
    expect([inside.status, domainOf(inside)]).toMatchObject([
      400,
      { code: 'request.invalid', details: { issues: [{ path: 'preferences' }] } },
    ])
  })

  it.each(['{', '', 'nul', '[1]', '"text"', '{"json":{},"json', '\ufeff', '{"0":1}'])(
    'is a typed 400 and quotes nothing: %o',
    async (body) => {
      const reply = await served().post('/trpc/auth.signIn', body)
      expect([reply.status, domainOf(reply).code]).toEqual([400, 'request.invalid'])
    },
  )

  it('is refused when it is not UTF-8', async () => {
    const reply = await ask(served().server, '/trpc/auth.signIn', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Uint8Array([0x22, 0xff, 0x22]),
    })
    expect([reply.status, domainOf(reply).code]).toEqual([400, 'request.invalid'])
  })

  it('is never answered with 500, whatever it holds and whatever meta says', async () => {
    const { post, get, admin } = served()
    const key = fc.oneof(
      fc.constantFrom('userId', 'limit', 'cursor', 'identifier', '__proto__', 'constructor', 'fullName', 'preferences'),
      fc.string(),
    )
    const input = fc.oneof(fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }))), fc.jsonValue())
    const values = fc.dictionary(key, fc.oneof(fc.tuple(fc.constantFrom('undefined', 'Date', 'number', 'map', 'Error')), fc.jsonValue()))
    const payload = fc.record({ json: input, meta: fc.record({ values, v: fc.constant(1) }) }, { requiredKeys: ['json'] })
    const names = ['users.update', 'users.create', 'auth.signIn'] as const
    await fc.assert(
      fc.asyncProperty(payload, fc.constantFrom(...names), async (hostile, name) => {
        expect((await post(`/trpc/${name}`, hostile, bearer(admin))).status).toBeLessThan(500)
        const query = encodeURIComponent(JSON.stringify(hostile).toWellFormed())
        if (query.length < 6000) expect((await get(`/trpc/users.find?input=${query}`, bearer(admin))).status).toBeLessThan(500)
      }),
      { numRuns: 150 },
    )
  })
})

describe('ABUSE 39: a path that is not written as it should be', () => {
  it.each([
    '//trpc/sessions.whoami',
    '/trpc//sessions.whoami',
    '/trpc/sessions.whoami/',
    '/trpc/sessions%2Ewhoami',
    '/trpc%2Fsessions.whoami',
    '/trpc/%73essions.whoami',
    '/trpc/sessions.whoami%00',
    '/trpc/Sessions.whoami',
    '/trpc/sessions.Whoami',
    '/TRPC/sessions.whoami',
    '/trpc/../trpc/sessions.whoami',
    '/./trpc/sessions.whoami',
    '/trpc/sessions/whoami',
    '/trpc/sessions.whoami;x=1',
    '/trpc/sessions.whoami%2Csessions.whoami?batch=1',
    '/trpc/__proto__.toString',
    '/trpc',
    '/trpc/',
    '/users/current/',
    '/Users/current',
    '//users/current',
    '/users%2Fcurrent',
    'http://elsewhere.example/trpc/sessions.whoami',
    '*',
  ])('%s reaches no action', async (path) => {
    const { server, reports, stranger } = served()
    reports.length = 0
    const answer = await raw(
      server,
      head(`GET ${path} HTTP/1.1`, 'host: x', `authorization: Bearer ${stranger.token}`, 'connection: close'),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
    expect(reports).toEqual([])
  })
})
