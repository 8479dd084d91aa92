import { beginAt, newEmail, password, TestProvider } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { ask, useServer, type Reply } from '../testing/server.ts'

const google = TestProvider.configured('google')
const served = useServer({ world: { settings: { identityProviders: [google] } } })
let provider: TestProvider
beforeAll(async () => {
  provider = await TestProvider.open(served().world.ports, google)
})

type Jar = Readonly<{ cookie: string }>

const own = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost:4000', 'sec-fetch-site': 'same-origin' }
const open = (path: string, headers: Record<string, string> = {}) => ask(served().server, path, { redirect: 'manual', headers })
const post = (path: string, fields: Record<string, string>, jar: Jar, headers: Record<string, string> = own) =>
  ask(served().server, path, {
    method: 'POST',
    redirect: 'manual',
    headers: { ...headers, ...jar },
    body: new URLSearchParams(fields).toString(),
  })
const goal = ({ status, headers }: Reply) => [status, headers.get('location')]
const tokenIn = ({ cookie }: Jar) => /(?:^|; )denizen=([^;]+)/.exec(cookie)?.[1] ?? ''
const isAlive = async (jar: Jar) => (await served().world.core.authenticate(tokenIn(jar))) !== null
const leaveIn = ({ text }: Reply) => /name="leave" value="([^"]+)"/.exec(text)?.[1] ?? ''

/** What the browser has after an answer. */
function after({ headers }: Reply, before: Jar = { cookie: '' }): Jar {
  const jar = new Map(before.cookie.split('; ').flatMap((pair) => (pair === '' ? [] : [pair.split('=') as [string, string]])))
  for (const line of headers.getSetCookie()) {
    const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
    if (value === '') jar.delete(name)
    else jar.set(name, value)
  }
  return { cookie: [...jar].map((pair) => pair.join('=')).join('; ') }
}

async function signedIn() {
  const { user } = await served().world.signUp()
  return { user, jar: after(await post('/sign-in', { identifier: user.username, password }, { cookie: '' })) }
}

/** An application that made a guest account, with its session in cookies. */
async function guest(): Promise<Jar> {
  const reply = await served().post(
    '/trpc/auth.createAnonymous',
    { json: {} },
    { ...own, 'content-type': 'application/json', 'denizen-session': 'cookie' },
  )
  return after(reply)
}

/** Goes to the provider from a page; `back` is where it leads back to. */
async function atProvider(jar: Jar, path = '/oauth/start/google') {
  const page = await open(path, jar)
  const url = page.headers.get('location') ?? ''
  const startOAuth = () => Promise.resolve({ url, challenge: '', redirectUri: '', expiresAt: new Date() })
  const email = newEmail()
  const { finish } = await beginAt(provider, { startOAuth }, { sub: email, email, email_verified: true, name: 'Ada' })
  const back = `/oauth/callback/google?${new URLSearchParams({ state: finish.state, code: finish.code, iss: finish.issuer }).toString()}`
  return { page, back, jar: after(page, jar) }
}

describe('a session that another one replaces in a browser', () => {
  const ways: readonly [string, (jar: Jar) => Promise<Jar>][] = [
    [
      'a password',
      async (jar) => {
        const { user } = await served().world.signUp()
        return after(await post('/sign-in', { identifier: user.username, password }, jar), jar)
      },
    ],
    [
      'a provider',
      async (before) => {
        const { back, jar } = await atProvider(before)
        return after(await open(back, jar), jar)
      },
    ],
    [
      'an application, which calls with cookies',
      async (jar) => {
        const { user } = await served().world.signUp()
        const body = { json: { identifier: user.username, password } }
        return after(
          await served().post('/trpc/auth.signIn', body, {
            ...own,
            ...jar,
            'content-type': 'application/json',
            'denizen-session': 'cookie',
          }),
          jar,
        )
      },
    ],
  ]

  test.each(ways)('ends, by %s: it does not go on where nobody sees it', async (_, signIn) => {
    const { jar } = await signedIn()
    const next = await signIn(jar)
    expect([await isAlive(next), tokenIn(next) === tokenIn(jar)]).toEqual([true, false])
    expect(await isAlive(jar)).toBe(false)
  })

  test.each(ways)('ends also when its access token was over, by %s', async (_, signIn) => {
    const { jar, user } = await signedIn()
    served().world.clock.advance(2 * 60 * 60_000)
    const left = { cookie: jar.cookie.replace(/(?:^|; )denizen=[^;]+/, '').replace(/^; /, '') }
    expect(await isAlive(await signIn(left))).toBe(true)
    const running = await served().world.rows(
      `select 1 from sessions where user_id = (select id from users where username = ?) and ended_at is null and user_agent is not null`,
      [user.username],
    )
    expect(running).toEqual([])
  })

  test('whose access token is over is renewed on the page of a device too, which then knows who it is', async () => {
    const { user, jar } = await signedIn()
    served().world.clock.advance(2 * 60 * 60_000)
    const { userCode } = await served().world.asAnonymous().auth.startDeviceLogin({ clientName: 'tv' })
    const path = `/device?user_code=${userCode}`
    const renewed = await open(path, jar)
    expect(goal(renewed)).toEqual([303, path.slice(1)])
    expect((await open(path, after(renewed, jar))).text).toContain(`value="${user.username}"`)
  })

  test('stays when nobody signed in: a device that is approved with another account takes no session of this browser', async () => {
    const { jar } = await signedIn()
    const { user } = await served().world.signUp()
    const { userCode } = await served().world.asAnonymous().auth.startDeviceLogin({ clientName: 'tv' })
    const fields = { user_code: userCode, decision: 'approve', identifier: user.username, password }
    const done = await post('/device', fields, jar)
    expect([done.status, done.headers.getSetCookie(), await isAlive(jar)]).toEqual([200, [], true])
  })
})

describe('a guest who signs in', () => {
  test('is told before that the guest account is lost, and is not signed in without a word', async () => {
    const jar = await guest()
    const { user } = await served().world.signUp()
    const page = await open('/sign-in', jar)
    expect(page.text).toContain('guest account')
    expect(page.text).toMatch(/nobody can open it again/)
    const asked = await post('/sign-in', { identifier: user.username, password }, jar)
    expect([asked.status, asked.headers.getSetCookie(), await isAlive(jar)]).toEqual([400, [], true])
    expect(asked.text).toContain(`value="${user.username}"`)
    for (const leave of ['yes', leaveIn(await open('/sign-in', await guest()))])
      expect((await post('/sign-in', { identifier: user.username, password, leave }, jar)).status, 'for another guest').toBe(400)
    const done = await post('/sign-in', { identifier: user.username, password, leave: leaveIn(page) }, jar)
    expect(goal(done)).toEqual([303, './'])
    expect([await isAlive(jar), (await open('/', after(done, jar))).text.includes(user.username)]).toEqual([false, true])
  })

  test('is asked before the provider is, and again on the way back where the guest came later', async () => {
    const jar = await guest()
    const asked = await open('/oauth/start/google?redirectTo=%2Fwelcome', jar)
    expect([asked.status, asked.headers.getSetCookie()]).toEqual([200, []])
    const href = /href="([^"]*leave[^"]*)"/.exec(asked.text)?.[1]?.replaceAll('&#61;', '=').replaceAll('&#38;', '&') ?? ''
    const { back, jar: under } = await atProvider(jar, new URL(href, 'http://x/oauth/start/google').href.slice('http://x'.length))
    const done = await open(back, under)
    expect(goal(done)).toEqual([303, 'http://localhost:4000/welcome'])
    expect([await isAlive(jar), await isAlive(after(done, under))]).toEqual([false, true])

    const later = await guest()
    const { back: way, jar: nobody } = await atProvider({ cookie: '' })
    const both = { cookie: `${nobody.cookie}; ${later.cookie}` }
    const between = await open(way, both)
    expect([between.status, between.headers.getSetCookie(), await isAlive(later)]).toEqual([200, [], true])
    const on = /href="([^"]*leave[^"]*)"/.exec(between.text)?.[1]?.replaceAll('&#61;', '=').replaceAll('&#38;', '&') ?? ''
    expect((await open(new URL(on, 'http://x/oauth/callback/google').href.slice('http://x'.length), both)).status).toBe(200)
    expect(await isAlive(later)).toBe(false)
  })

  test('and one who signs out is asked as well: nobody opens the account again', async () => {
    const jar = await guest()
    const asked = await post('/sign-out', {}, jar)
    expect([asked.text.includes('nobody can open it again'), asked.headers.getSetCookie(), await isAlive(jar)]).toEqual([true, [], true])
    const done = await post('/sign-out', { leave: leaveIn(asked) }, jar)
    expect([done.text.includes('You are signed out'), await isAlive(jar)]).toEqual([true, false])
  })
})

describe('ABUSE 32: a browser that does not say which site a form is from (no Sec-Fetch-Site, as on plain HTTP)', () => {
  const old = (origin?: string) => ({ 'content-type': 'application/x-www-form-urlencoded', ...(origin !== undefined && { origin }) })

  test('names the origin, because the pages let it: with that the pages work, and with any other they do not', async () => {
    const { user, jar } = await signedIn()
    const { userCode } = await served().world.asAnonymous().auth.startDeviceLogin({ clientName: 'tv' })
    for (const path of ['/', '/sign-in', '/sign-out', '/sessions', '/passkeys', '/change-password', `/device?user_code=${userCode}`])
      expect([path, (await open(path, jar)).headers.get('referrer-policy')]).toEqual([path, 'same-origin'])
    const bySession = { user_code: userCode, decision: 'approve', by: 'session' }
    for (const origin of ['https://evil.example', 'http://localhost:4001', 'null', undefined]) {
      const answers = [
        await post('/sign-in', { identifier: user.username, password }, jar, old(origin)),
        await post('/sign-out', {}, jar, old(origin)),
        await post('/device', bySession, jar, old(origin)),
      ]
      expect([origin, ...answers.map(({ status }) => status)]).toEqual([origin, 403, 403, 403])
    }
    expect(await isAlive(jar)).toBe(true)
    expect((await post('/device', bySession, jar, old(own.origin))).status).toBe(200)
    expect((await post('/sign-out', {}, jar, old(own.origin))).status).toBe(200)
    expect(await isAlive(jar)).toBe(false)
  })
})

describe('where the public URL is plain HTTP to another machine', () => {
  const plain = useServer({ world: { settings: { publicUrl: 'http://192.0.2.10:4000', identityProviders: [google] } } })

  test('browsers keep no session, and the pages say so before anybody types a password', async () => {
    const { user } = await plain().world.signUp()
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://192.0.2.10:4000' }
    const body = new URLSearchParams({ identifier: user.username, password }).toString()
    for (const reply of [
      await plain().get('/sign-in'),
      await ask(plain().server, '/sign-in', { method: 'POST', redirect: 'manual', headers, body }),
      await ask(plain().server, '/oauth/start/google', { redirect: 'manual' }),
    ])
      expect([reply.status, reply.headers.getSetCookie(), reply.text.includes('https')]).toEqual([403, [], true])
  })
})
