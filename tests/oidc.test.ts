import { createServer } from '@denizen/api'
import { createCore, fetchingWeb, systemClock, userActor, type Core, type OutputOf, type Signatures } from '@denizen/core'
import { createPostgres, newEmail, testPorts, type TestDatabase } from '@denizen/core/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { localProvider, type LocalProvider } from './identity-provider.ts'
import { Browser } from './oidc-browser.ts'
import { openProvider, type OpenProvider } from './oidc-provider.ts'
import { freePort } from './processes.ts'
import { failureIn, send } from './requests.ts'
import { totpOf } from './totp.ts'

/** Denizen over HTTP, and a certified OpenID provider, which signs real tokens. */
const app = 'http://localhost:3999'

let database: TestDatabase
let core: Core
let provider: OpenProvider
/** One that an attacker has got into the configuration. */
let evil: LocalProvider['provider']
let url: string
let ahead = 0
const closing: (() => Promise<void>)[] = []

beforeAll(async () => {
  database = await createPostgres({ connections: 4, empty: false })
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  provider = await openProvider({
    id: 'denizen',
    secret: 's3cret: of a client',
    redirectUris: [`${url}/oauth/callback/loopback`, `${app}/oauth/callback/loopback`],
  })
  const clock = { ...systemClock, now: () => new Date(Date.now() + ahead), monotonic: () => performance.now() + ahead }
  evil = (await localProvider(clock)).provider
  evil.metadata = { authorization_response_iss_parameter_supported: false }
  const ports = { ...(await testPorts()), clock, web: fetchingWeb() }
  const client = { id: 'denizen', secret: 's3cret: of a client', scopes: ['openid', 'email', 'profile'] }
  const common = { audiences: ['denizen'], domains: ['*'], roles: null, webhookSecret: null }
  core = createCore({
    orm: database.orm,
    ports,
    settings: {
      publicUrl: url,
      allowedOrigins: [app],
      identityProviders: [
        { id: 'loopback', kind: 'oidc', issuer: provider.issuer, client, ...common },
        { ...evil.settings, id: 'evil' },
      ],
    },
  })
  await core.start()
  const server = createServer({ core, port })
  await server.listen()
  closing.push(
    () => server.close(),
    () => core.stop(),
    () => provider.close(),
    () => database.close({ keep: false }),
  )
})
afterAll(async () => {
  for (const close of closing) await close()
})
beforeEach(() => {
  const email = newEmail()
  provider.person = { sub: email, email, email_verified: true, name: 'Ada Lovelace' }
})

const rows = <Row extends object>(statement: string, parameters: readonly unknown[] = []) =>
  database.orm.em.fork().execute<Row[]>(statement, [...parameters])
const post = (name: string, json: object) =>
  send(url, `/trpc/${name}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ json }) })
const isCallback = (at: string) => at.includes('/oauth/callback/')

async function called<Output>(name: string, json: object): Promise<Output> {
  const answer = await post(name, json)
  if (answer.status !== 200) throw new Error(answer.text)
  return (JSON.parse(answer.text) as { result: { data: { json: Output } } }).result.data.json
}

/** The code that an app with this key shows, half a minute later than the last. */
function codeOf(key: string): string {
  ahead += 30_000
  return totpOf(key, Date.now() + ahead)
}

/** Signs in whoever is at the provider, and gives them an authenticator app. */
async function enrol(): Promise<string> {
  const browser = new Browser()
  await browser.go(`${url}/oauth/start/loopback`)
  const principal = await core.authenticate(browser.cookiesFor(url).get('denizen') ?? '')
  if (principal === null) throw new Error('the cookie opens nothing')
  const { factors } = core.as(userActor(principal))
  const { key } = await factors.beginTotp()
  await factors.activateTotp({ code: codeOf(key) })
  return key
}

/** Who the cookies of a browser say that it is. */
async function whoIs(browser: Browser): Promise<string | null> {
  const { status, text } = await browser.go(`${url}/trpc/sessions.whoami`)
  return status === 200
    ? (JSON.parse(text) as { result: { data: { json: { user: { email: string } } } } }).result.data.json.user.email
    : null
}

describe('in a browser, by the pages of Denizen', () => {
  test('somebody goes to the provider, comes back signed in, and goes on to where they wanted', async () => {
    const browser = new Browser()
    const end = await browser.go(`${url}/oauth/start/loopback?redirectTo=${encodeURIComponent(`${app}/inside?a=b`)}`, {
      until: (at) => at.startsWith(app),
    })
    expect(end.url).toBe(`${app}/inside?a=b`)
    const [, authorize = ''] = browser.visited
    expect(new URL(authorize).searchParams.get('code_challenge_method')).toBe('S256')
    expect(await whoIs(browser)).toBe(provider.person.email)
    const [user] = await rows<{ full_name: string; email_verified: boolean }>(
      'select full_name, email_verified from users where email = ?',
      [provider.person.email],
    )
    expect(user).toEqual({ full_name: 'Ada Lovelace', email_verified: true })
    expect([...browser.cookiesFor(url).keys()].filter((name) => name.includes('provider'))).toEqual([])
    // And again: the same user.
    const again = new Browser()
    expect((await again.go(`${url}/oauth/start/loopback`)).text).toContain('You are signed in')
    expect(await rows('select 1 from users where email = ?', [provider.person.email])).toHaveLength(1)
  })

  test('the second factor is asked for, also when the provider vouches for somebody', async () => {
    const key = await enrol()
    const browser = new Browser()
    const asked = await browser.go(`${url}/oauth/start/loopback?redirectTo=/welcome`)
    expect([asked.status, asked.text]).toEqual([200, expect.stringContaining('autocomplete="one-time-code"')])
    expect(await whoIs(browser)).toBeNull()
    const [, attempt = ''] = /name="attempt" value="([^"]+)"/.exec(asked.text) ?? []
    const answer = (code: string) =>
      browser.go(`${url}/oauth/callback/loopback`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ attempt, code }).toString(),
      })
    expect((await answer('')).status).toBe(400)
    expect((await answer('000000')).text).toContain('role="alert"')
    const done = await answer(codeOf(key))
    expect([done.status, done.text]).toEqual([200, expect.stringContaining(`href="${url}/welcome"`)])
    expect(await whoIs(browser)).toBe(provider.person.email)
  })

  test('ABUSE 32: a stranger’s answer, put under a link, signs nobody in', async () => {
    const attacker = new Browser()
    const link = (await attacker.go(`${url}/oauth/start/loopback`, { until: isCallback })).url
    provider.person = { ...provider.person, sub: newEmail() }
    const victim = new Browser()
    expect(await victim.go(link)).toMatchObject({ status: 400, text: expect.stringContaining('cannot continue') })
    // Nor in a browser that has begun something of its own, also under its own state.
    const own = (await victim.go(`${url}/oauth/start/loopback`, { until: isCallback })).url
    expect(await victim.go(link)).toMatchObject({ status: 400 })
    const mixed = new URL(own)
    mixed.searchParams.set('code', new URL(link).searchParams.get('code') ?? '')
    expect(await victim.go(mixed.href)).toMatchObject({ status: 401 })
    expect(await whoIs(victim)).toBeNull()
    expect((await attacker.go(link)).status).toBe(200)
    expect((await attacker.go(link)).status).toBe(400)
  })

  test('C7: of two tabs at a provider both come back; only so many are open at once', async () => {
    const browser = new Browser()
    const nonces = new Map<string, string | null>()
    evil.redeem = async (form) => ({
      status: 200,
      body: JSON.stringify({ id_token: await evil.sign({ sub: 'in two tabs', nonce: nonces.get(form.get('code') ?? '') }) }),
    })
    const answers: string[] = []
    for (const code of ['first', 'second']) {
      const asked = new URL((await browser.go(`${url}/oauth/start/evil`, { until: (at) => at.startsWith(evil.issuer) })).url).searchParams
      nonces.set(code, asked.get('nonce'))
      answers.push(`${url}/oauth/callback/evil?code=${code}&state=${asked.get('state') ?? ''}`)
    }
    for (const answer of answers)
      expect(await browser.go(answer)).toMatchObject({ status: 200, text: expect.stringContaining('You are signed in') })
    const another = new Browser()
    for (let tab = 0; tab < 10; tab++) await another.go(`${url}/oauth/start/evil`, { until: (at) => at.startsWith(evil.issuer) })
    expect([...another.cookiesFor(url).keys()].filter((name) => name.includes('provider'))).toHaveLength(8)
  })

  test('C7: a provider may bring its answer with a form, which browsers send without cookies', async () => {
    const browser = new Browser()
    const { searchParams } = new URL((await browser.go(`${url}/oauth/start/loopback`, { until: isCallback })).url)
    searchParams.append('user', JSON.stringify({ name: { firstName: 'Ada' } }))
    const crossSite = await fetch(`${url}/oauth/callback/loopback`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://appleid.apple.com' },
      body: searchParams.toString(),
      redirect: 'manual',
    })
    expect(crossSite.status).toBe(303)
    const link = crossSite.headers.get('location') ?? ''
    expect([...new URL(link).searchParams.keys()].toSorted()).toEqual(['code', 'iss', 'state'])
    expect((await new Browser().go(link)).status).toBe(400)
    expect(await browser.go(link)).toMatchObject({ status: 200, text: expect.stringContaining('You are signed in') })
  })

  test('S7: a code that comes to the page of another provider than the one that was begun is sent nowhere', async () => {
    let redeemed = 0
    evil.redeem = () => ({ status: 400, body: String(++redeemed) })
    const victim = new Browser()
    const begun = await victim.go(`${url}/oauth/start/evil`, { until: (at) => at.startsWith(evil.issuer) })
    const state = new URL(begun.url).searchParams.get('state') ?? ''
    // The attacker's provider sends the victim on to the honest one, which comes back without `iss`, as older ones do.
    const answer = await victim.go(`${url}/oauth/callback/loopback?code=of-the-honest-one&state=${state}`)
    expect([answer.status, redeemed]).toEqual([401, 0])
    // Where it was begun, it goes on.
    expect((await victim.go(`${url}/oauth/callback/evil?code=its-own&state=${state}`)).status).toBe(401)
    expect(redeemed).toBe(1)
  })

  test('ABUSE 30: it leads nowhere else; what is not there is not found; a no at the provider is told', async () => {
    for (const redirectTo of ['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)']) {
      const browser = new Browser()
      const answer = await browser.go(`${url}/oauth/start/loopback?redirectTo=${encodeURIComponent(redirectTo)}`)
      expect(answer.status).toBe(400)
      expect(browser.visited).toHaveLength(1)
      expect(answer.text).not.toContain('evil.example')
    }
    for (const path of ['/oauth/start/nobody', '/oauth/start/', '/oauth/other/loopback'])
      expect((await new Browser().go(`${url}${path}`)).status).toBe(404)
    const denied = await new Browser().go(`${url}/oauth/callback/loopback?error=access_denied&error_description=<b>hello</b>`)
    expect(denied.status).toBe(400)
    expect(denied.text).not.toContain('hello')
    expect((await send(url, '/oauth/start/loopback', { method: 'POST' })).status).toBe(405)
  })

  test('the cookie is for this browser alone, and no script reads it', async () => {
    const response = await fetch(`${url}/oauth/start/loopback`, { redirect: 'manual' })
    expect(response.status).toBe(303)
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^denizen-provider-[\w-]{16}=dnz_challenge_\w+\.\.; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/),
    ])
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    expect(response.headers.get('cache-control')).toBe('no-store')
  })
})

describe('by an application with pages of its own', () => {
  type Started = OutputOf<Signatures['auth']['startOAuth']>

  /** As far as the provider's answer. */
  async function come(): Promise<{ provider: string; challenge: string; state: string; code: string; issuer: string }> {
    const started = await called<Started>('auth.startOAuth', { provider: 'loopback', origin: app })
    expect(started.redirectUri).toBe(`${app}/oauth/callback/loopback`)
    const back = new URL((await new Browser().go(started.url, { until: isCallback })).url).searchParams
    return {
      provider: 'loopback',
      challenge: started.challenge,
      state: back.get('state') ?? '',
      code: back.get('code') ?? '',
      issuer: back.get('iss') ?? '',
    }
  }

  test('whoever comes back is signed in, once', async () => {
    const answer = await come()
    expect(answer.issuer).toBe(provider.issuer)
    expect(await called('auth.finishOAuth', answer)).toMatchObject({
      status: 'signedIn',
      redirectTo: null,
      accessToken: expect.stringMatching(/^dnz_access_/),
    })
    expect(failureIn(await post('auth.finishOAuth', answer)).code).toBe('auth.challengeOver')
  })

  test('of 50 who bring one answer at once one is let in', async () => {
    const answer = await come()
    const answers = await Promise.all(Array.from({ length: 50 }, () => post('auth.finishOAuth', answer)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await rows(`select 1 from sessions s join users u on u.id = s.user_id where u.email = ?`, [provider.person.email])).toHaveLength(
      1,
    )
  })

  test('ABUSE 33: a swapped state, a foreign issuer, a swapped code: refused', async () => {
    const [one, other] = [await come(), await come()]
    for (const wrong of [
      { ...one, state: other.state },
      { ...one, issuer: 'https://evil.example' },
    ])
      expect(failureIn(await post('auth.finishOAuth', wrong)).code).toBe('auth.identityRefused')
    expect(failureIn(await post('auth.finishOAuth', { ...other, code: one.code })).code).toBe('auth.identityRefused')
    // A code that was tried with another verifier is void at the provider, too.
    expect(failureIn(await post('auth.finishOAuth', { ...one, challenge: other.challenge })).code).toBe('auth.challengeOver')
    expect((await post('auth.finishOAuth', await come())).status).toBe(200)
  })

  test('the provider changes its keys', async () => {
    expect((await post('auth.finishOAuth', await come())).status).toBe(200)
    await provider.rotate()
    ahead += 30_000
    expect((await post('auth.finishOAuth', await come())).status).toBe(200)
  })
})
