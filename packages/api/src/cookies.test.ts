import { uuidOf } from '@denizen/core'
import { password, SoftAuthenticator } from '@denizen/core/testing'
import { describe, expect, it } from 'vitest'
import { bearer, domainOf, inputOf, useServer, type Reply } from './testing/server.ts'

const publicUrl = 'https://users.example.com'
const app = 'https://app.example.com'
const foreign = 'https://evil.example.net'

const served = useServer({ world: { settings: { publicUrl, allowedOrigins: [app] } } })

const page = { origin: publicUrl, 'sec-fetch-site': 'same-origin' }
const asked = { ...page, 'denizen-session': 'cookie' }

interface SetCookie {
  readonly value: string
  readonly attributes: readonly string[]
}

/** What a browser would keep of an answer, by name. */
function cookiesOf({ headers }: Reply): ReadonlyMap<string, SetCookie> {
  return new Map(
    headers.getSetCookie().map((line) => {
      const [pair = '', ...attributes] = line.split('; ')
      const at = pair.indexOf('=')
      return [pair.slice(0, at), { value: pair.slice(at + 1), attributes }] as const
    }),
  )
}

/** The `Cookie` header that goes with the next request. */
function jarOf(reply: Reply): { cookie: string } {
  return { cookie: [...cookiesOf(reply)].map(([name, { value }]) => `${name}=${value}`).join('; ') }
}

interface Answered {
  readonly result: { readonly data: { readonly json: Record<string, unknown> } }
}
const dataOf = (reply: Reply) => reply.json<Answered>().result.data.json

async function signedIn(headers: Record<string, string> = asked) {
  const user = await served().world.newUser()
  const reply = await served().post('/trpc/auth.signIn', { json: { identifier: user.id, password } }, headers)
  return { user, reply, jar: jarOf(reply) }
}

const update = (headers: Record<string, string>) => served().post('/trpc/users.updateCurrent', { json: { displayName: 'Ada' } }, headers)
const refresh = (headers: Record<string, string>, refreshToken = '(cookie)') =>
  served().post('/trpc/auth.refresh', { json: { refreshToken } }, headers)

describe('a session in cookies', () => {
  it('is set when the sign-in asks for it, and the tokens stand nowhere else', async () => {
    const { reply, user } = await signedIn()
    expect(reply.status).toBe(200)
    const cookies = cookiesOf(reply)
    expect([...cookies.keys()]).toEqual(['__Host-denizen', '__Host-denizen-refresh'])
    const common = ['Path=/', 'HttpOnly', 'Secure']
    expect(cookies.get('__Host-denizen')?.attributes).toEqual([...common, 'SameSite=Lax', 'Max-Age=3600'])
    expect(cookies.get('__Host-denizen-refresh')?.attributes).toEqual([...common, 'SameSite=Lax', `Max-Age=${14 * 24 * 3600}`])
    expect(dataOf(reply)).toMatchObject({ user: { id: user.id }, accessToken: '(cookie)', refreshToken: '(cookie)' })
    for (const { value } of cookies.values()) expect(reply.text).not.toContain(value)
  })

  it('is not set unless asked for, and the answer is as it always was', async () => {
    const { reply } = await signedIn(page)
    expect(reply.headers.getSetCookie()).toEqual([])
    expect(dataOf(reply)['accessToken']).toMatch(/^dnz_access_/)
  })

  it('opens what its user may do, as the bearer token would, also as a plain resource', async () => {
    const { jar, user } = await signedIn()
    const who = await served().get('/trpc/sessions.whoami', jar)
    expect(dataOf(who)).toMatchObject({ user: { id: user.id } })
    expect((await served().get('/users/current', jar)).json()).toMatchObject({ user: { id: user.id } })
    expect((await update({ ...jar, ...page })).status).toBe(200)
  })

  it('loses to a token that the request shows by itself', async () => {
    const { jar } = await signedIn()
    const { stranger } = served()
    const who = await served().get('/trpc/sessions.whoami', { ...jar, ...bearer(stranger) })
    expect(dataOf(who)).toMatchObject({ user: { id: stranger.user.id } })
    expect((await served().get('/trpc/sessions.whoami', { ...jar, ...bearer({ token: 'nonsense' }) })).status).toBe(401)
    // And a page of any origin may show a token: browsers do not do that by themselves.
    expect((await update({ ...jar, ...bearer(stranger), origin: foreign })).status).toBe(200)
  })

  it('holds access tokens only', async () => {
    const { jar } = await signedIn()
    const refreshToken = /refresh=([^;]+)/.exec(jar.cookie)?.[1] ?? ''
    expect((await served().get('/trpc/sessions.whoami', { cookie: `__Host-denizen=${refreshToken}` })).status).toBe(401)
    expect((await served().get('/trpc/sessions.whoami', { cookie: jar.cookie.replaceAll('__Host-', '') })).status).toBe(401)
  })

  it('is renewed by auth.refresh, whose answer holds no token either; the old refresh cookie ends the family', async () => {
    const { jar } = await signedIn()
    served().world.clock.advance(2 * 3_600_000)
    expect((await served().get('/trpc/sessions.whoami', jar)).status).toBe(401)
    const renewed = await refresh({ ...jar, ...asked })
    expect(renewed.status).toBe(200)
    expect(dataOf(renewed)).toMatchObject({ accessToken: '(cookie)', refreshToken: '(cookie)' })
    const next = jarOf(renewed)
    expect(next.cookie).not.toBe(jar.cookie)
    expect((await served().get('/trpc/sessions.whoami', next)).status).toBe(200)
    await served().world.core.writeLastSeen()
    served().world.clock.advance(31_000)
    const reused = await refresh({ ...jar, ...asked })
    expect(domainOf(reused).code).toBe('auth.invalidRefreshToken')
    expect([...cookiesOf(reused).values()].map(({ value, attributes }) => [value, attributes.at(-1)])).toEqual(
      Array(2).fill(['', 'Max-Age=0']),
    )
    expect((await served().get('/trpc/sessions.whoami', next)).status).toBe(401)
  })

  it('is not renewed for a call that does not ask for cookies: the placeholder is no token', async () => {
    const { jar } = await signedIn()
    expect(domainOf(await refresh({ ...jar, ...page })).code).toBe('auth.invalidRefreshToken')
  })

  it('is cleared by signing out, and over', async () => {
    const { jar } = await signedIn()
    const out = await served().post('/trpc/auth.signOut', { json: {} }, { ...jar, ...page })
    expect(out.status).toBe(200)
    expect([...cookiesOf(out)].map(([name, { value }]) => [name, value])).toEqual([
      ['__Host-denizen', ''],
      ['__Host-denizen-refresh', ''],
    ])
    expect((await served().get('/trpc/sessions.whoami', jar)).status).toBe(401)
    expect((await refresh({ ...jar, ...asked })).status).toBe(401)
  })

  it('of somebody who acts for another is like any other, and says so', async () => {
    const { jar, user } = await signedIn()
    const { admin, world } = served()
    await world.rows(
      `update sessions set impersonator_id = (select id from users where username = ?), impersonator_session_id = ?
        where user_id = (select id from users where username = ?) returning 1`,
      [admin.user.username, uuidOf(admin.principal.sessionId ?? ''), user.username],
    )
    const { items } = dataOf(await served().get('/trpc/sessions.list', jar)) as { items: { impersonator: unknown }[] }
    expect(items[0]?.impersonator).toEqual({ userId: admin.user.id, username: admin.user.username })
  })

  it('S16: is set by signing in with a passkey too, which is no action of auth', async () => {
    const { world } = served()
    const [ada, key] = [await world.signUp(), new SoftAuthenticator({ origin: publicUrl })]
    const { challenge, options } = await ada.as.passkeys.beginRegistration({})
    await ada.as.passkeys.finishRegistration({ challenge, response: await key.create(options) })
    const begun = await world.asAnonymous().passkeys.beginSignIn({})
    const json = { challenge: begun.challenge, response: await key.get(begun.options) }
    const reply = await served().post('/trpc/passkeys.finishSignIn', { json }, asked)
    expect(dataOf(reply)).toMatchObject({ user: { id: ada.user.id }, accessToken: '(cookie)', refreshToken: '(cookie)' })
    expect(dataOf(await served().get('/trpc/sessions.whoami', jarOf(reply)))).toMatchObject({ user: { id: ada.user.id } })
  })

  it('S16: stays when another session is signed out, by its token, and when signing out is only a dry run', async () => {
    const { jar } = await signedIn()
    const other = await served().world.signUp()
    const out = (path: string, headers: Record<string, string> = {}) =>
      served().post(`/trpc/${path}`, { json: {} }, { ...jar, ...asked, ...headers })
    for (const reply of [await out('plan.auth.signOut'), await out('auth.signOut', bearer(other))]) {
      expect(reply.status).toBe(200)
      expect(reply.headers.getSetCookie()).toEqual([])
    }
    expect((await served().get('/trpc/sessions.whoami', jar)).status).toBe(200)
  })

  it('S23: of an operator goes on while they act for another: those tokens are in the answer, for a client of their own', async () => {
    const { admin, world, stranger } = served()
    const own = jarOf(await served().post('/trpc/auth.signIn', { json: { identifier: admin.user.id, password } }, asked))
    const json = { userId: stranger.user.id, reason: 'ticket 4711' }
    const reply = await served().post('/trpc/auth.impersonate', { json }, { ...own, ...asked })
    expect([reply.status, reply.headers.getSetCookie()]).toEqual([200, []])
    const { accessToken, refreshToken } = dataOf(reply) as { accessToken: string; refreshToken: string }
    expect(dataOf(await served().get('/trpc/sessions.whoami', own))).toMatchObject({ user: { id: admin.user.id } })
    const acting = await served().get('/trpc/sessions.whoami', { ...own, ...bearer({ token: accessToken }) })
    expect(dataOf(acting)).toMatchObject({ user: { id: stranger.user.id } })
    world.clock.advance(20_000)
    const renewed = dataOf(await refresh({ ...own, ...page }, refreshToken))
    const stopping = { ...own, ...asked, ...bearer({ token: renewed['accessToken'] as string }) }
    const stopped = await served().post('/trpc/auth.stopImpersonating', { json: {} }, stopping)
    expect([stopped.status, stopped.headers.getSetCookie()]).toEqual([200, []])
    expect((await served().get('/trpc/sessions.whoami', own)).status).toBe(200)
  })

  it('is for plain answers: a stream would bring the tokens to the page', async () => {
    const user = await served().world.newUser()
    const headers = { ...asked, 'trpc-accept': 'application/jsonl' }
    const reply = await served().post('/trpc/auth.signIn', { json: { identifier: user.id, password } }, headers)
    expect([reply.status, domainOf(reply).code]).toEqual([400, 'request.invalid'])
    expect(domainOf(await signedIn({ ...page, 'denizen-session': 'header' }).then(({ reply: refused }) => refused)).code).toBe(
      'request.invalid',
    )
  })
})

describe('ABUSE 32: a page of another origin', () => {
  const foreigners: readonly [string, Record<string, string>][] = [
    ['another origin', { origin: foreign, 'sec-fetch-site': 'cross-site' }],
    ['another origin, by an old browser', { origin: foreign }],
    ['another host of the same site', { origin: 'https://blog.example.com', 'sec-fetch-site': 'same-site' }],
    ['the right host over plain HTTP', { origin: publicUrl.replace('https', 'http') }],
    ['the right name with more behind it', { origin: `${publicUrl}.evil.example.net` }],
    ['an origin that hides', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['a frame without an origin', { origin: 'null' }],
    ['an allowed origin that the browser says is none', { origin: app, 'sec-fetch-site': 'cross-site' }],
    ['no origin at all', {}],
  ]

  it.each(foreigners)('cannot act by a cookie: %s', async (_, headers) => {
    const { jar, user } = await signedIn()
    const reply = await update({ ...jar, ...headers })
    expect([reply.status, domainOf(reply).code]).toEqual([403, 'request.foreignPage'])
    const [row] = await served().world.rows<{ name: string | null }>('select display_name as name from users where username = ?', [
      user.username,
    ])
    expect(row?.name).toBeNull()
  })

  it.each(foreigners)('cannot sign its visitors in as somebody else: %s', async (_, headers) => {
    const { reply } = await signedIn({ ...headers, 'denizen-session': 'cookie' })
    expect([reply.status, domainOf(reply).code]).toEqual([403, 'request.foreignPage'])
    expect(reply.headers.getSetCookie()).toEqual([])
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'cannot send a form: %s',
    async (type) => {
      const { jar } = await signedIn()
      const reply = await served().post('/trpc/users.updateCurrent', '{"json":{"displayName":"x"}}', {
        ...jar,
        ...page,
        'content-type': type,
      })
      expect(reply.status).toBe(415)
    },
  )

  it('is told nothing that would let a browser show it an answer', async () => {
    const { jar } = await signedIn()
    const preflight = await fetch(`${served().server.url}/trpc/auth.signIn`, {
      method: 'OPTIONS',
      headers: { origin: foreign, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    })
    const seen = await served().get('/trpc/sessions.whoami', { ...jar, origin: foreign })
    for (const { headers } of [preflight, seen]) expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(preflight.status).toBe(405)
  })
})

describe('a page of ours', () => {
  it.each([
    ['of the public address', { origin: publicUrl }],
    ['of an allowed origin', { origin: app, 'sec-fetch-site': 'same-site' }],
    ['that hides where it is', { origin: 'null', 'sec-fetch-site': 'same-origin' }],
  ])('%s may act by its cookie, and sign in with one', async (_, headers: Record<string, string>) => {
    const { jar, reply } = await signedIn({ ...headers, 'denizen-session': 'cookie' })
    expect(reply.status).toBe(200)
    expect((await update({ ...jar, ...headers })).status).toBe(200)
  })

  it('of an allowed origin is answered when its browser asks first, and may read answers, kept ones and failures too', async () => {
    const preflight = await fetch(`${served().server.url}/trpc/auth.signIn`, {
      method: 'OPTIONS',
      headers: { origin: app, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type, denizen-session' },
    })
    expect(preflight.status).toBe(204)
    const { headers } = preflight
    expect(headers.get('access-control-allow-methods')).toBe('GET, POST')
    for (const name of ['authorization', 'content-type', 'denizen-session', 'idempotency-key'])
      expect(headers.get('access-control-allow-headers')?.split(', ')).toContain(name)
    const { stranger } = served()
    const answers = [
      preflight,
      await served().get('/trpc/sessions.whoami', { ...bearer(stranger), origin: app }),
      await served().get('/trpc/sessions.whoami', { ...bearer(stranger), origin: app }),
      await served().get(`/trpc/sessions.list${inputOf({})}`, { origin: app }),
      await served().get('/nowhere', { origin: app }),
    ]
    for (const { headers: fields } of answers) {
      expect(fields.get('access-control-allow-origin')).toBe(app)
      expect(fields.get('access-control-allow-credentials')).toBe('true')
      expect(fields.get('vary')).toContain('origin')
    }
  })
})

describe('on this very machine, over plain HTTP', () => {
  const local = useServer()
  it('the cookies have plain names, for browsers take no other there', async () => {
    const user = await local().world.newUser()
    const headers = { origin: 'http://localhost:4000', 'denizen-session': 'cookie' }
    const reply = await local().post('/trpc/auth.signIn', { json: { identifier: user.id, password } }, headers)
    const cookies = cookiesOf(reply)
    expect([...cookies.keys()]).toEqual(['denizen', 'denizen-refresh'])
    expect(cookies.get('denizen')?.attributes).toEqual(['Path=/', 'HttpOnly', 'SameSite=Lax', 'Max-Age=3600'])
    expect((await local().get('/trpc/sessions.whoami', jarOf(reply))).status).toBe(200)
  })
})
