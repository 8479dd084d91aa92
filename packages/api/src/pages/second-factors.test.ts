import { beginAt, enrolAuthenticator, newEmail, password, TestProvider, totpCode } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { Browser, codesIn, finish, headingIn, keyIn, own, setUp, signedIn } from '../testing/browser.ts'
import { ask, useServer } from '../testing/server.ts'

const served = useServer()

describe('the page of second factors', () => {
  test('is found on the first page, and says what there is', async () => {
    const { browser, landed, user } = await signedIn(served)
    expect(landed.text).toContain('<a href="second-factors">Your second factors</a>: none yet')
    const page = await browser.open('/second-factors')
    expect([page.status, headingIn(page), page.text.includes(user.username)]).toEqual([200, 'Your second factors', true])
    expect(page.text).toContain('Set up an authenticator app')
    await finish(browser, served)
    expect((await browser.open('/')).text).toContain(': an authenticator app</li>')
    const { text } = await browser.open('/second-factors')
    expect(text).toMatch(/10 left/)
    for (const action of ['Set up another app instead', 'Remove', 'Make new ones']) expect(text).toContain(action)
  })

  test('leads away whoever is not signed in, is a guest, or has to do something else first', async () => {
    const nobody = new Browser(served)
    for (const path of ['/second-factors', '/authenticator', '/recovery-codes']) {
      await nobody.open(path)
      expect(nobody.place).toBe(`/sign-in?next=${path.slice(1)}`)
    }
    const { browser, user } = await signedIn(served)
    await served().world.rows('update users set need_password_change = true where username = ? returning 1', [user.username])
    await served().world.asSystem().sessions.endAll({ userId: user.id })
    await browser.signIn(user.username)
    expect(browser.place).toBe('/change-password')
    await browser.open('/second-factors')
    expect(browser.place).toBe('/')
  })

  test('changes nothing without a sign-in of a moment ago, and comes back to it', async () => {
    const { browser, user } = await signedIn(served)
    served().world.clock.advance(6 * 60_000)
    expect((await browser.open('/second-factors')).text).not.toContain('<button')
    for (const what of ['set-up', 'remove', 'new-codes']) {
      await browser.send('/second-factors', { do: what })
      expect([what, browser.place]).toEqual([what, '/sign-in?next=second-factors'])
    }
    const page = await browser.signIn(user.username, 'second-factors')
    expect([browser.place, page.text.includes('Set up an authenticator app')]).toEqual(['/second-factors', true])
  })

  test('removes the app once that was confirmed, and not with a form that was opened by somebody else', async () => {
    const { browser, user } = await signedIn(served)
    await finish(browser, served)
    expect(headingIn(await browser.open('/second-factors?remove'))).toBe('Remove the authenticator app?')
    expect((await browser.send('/second-factors', { do: 'remove', user: 'somebody-else' })).status).toBe(409)
    const removed = await browser.send('/second-factors', { do: 'remove', user: user.username })
    expect([browser.place, removed.text.includes('is removed')]).toEqual(['/second-factors?removed', true])
    expect((await browser.send('/second-factors', { do: 'remove' })).status).toBe(409)
    expect((await new Browser(served).signIn(user.username)).text).toContain(`You are signed in as <strong>${user.username}`)
  })

  test('makes new recovery codes in place of the old ones', async () => {
    const { browser, user } = await signedIn(served)
    const { codes: old } = await finish(browser, served)
    const page = await browser.send('/second-factors', { do: 'new-codes' })
    const codes = codesIn(page)
    expect([browser.place, codes.length, codes.filter((code) => old.includes(code))]).toEqual(['/recovery-codes', 10, []])
    expect(codesIn(await browser.open('/recovery-codes')), 'a reload shows the same ones').toEqual(codes)
    await browser.send('/recovery-codes', {})
    expect(browser.place).toBe('/second-factors?kept')
    const other = new Browser(served)
    const asked = await other.signIn(user.username)
    const challenge = /name="challenge" value="([^"]+)"/.exec(asked.text)?.[1] ?? ''
    expect((await other.send('/sign-in', { challenge, code: old[0] ?? '' })).status).toBe(401)
    await other.send('/sign-in', { challenge, code: codes[0] ?? '' })
    expect(other.place).toBe('/')
  })

  test.each(['/second-factors', '/authenticator', '/recovery-codes'])(
    '%s takes no form of another site, and is not stored',
    async (path) => {
      const { browser } = await signedIn(served)
      await setUp(browser)
      for (const headers of [
        { ...own, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
        { 'content-type': own['content-type'], origin: 'null' },
      ]) {
        const before = browser.jar
        expect((await browser.send(path, { do: 'set-up', code: '123456' }, headers)).status).toBe(403)
        expect(browser.jar).toEqual(before)
      }
      const page = await browser.open(path)
      expect([page.headers.get('cache-control'), page.headers.get('referrer-policy')]).toEqual(['no-store', 'same-origin'])
    },
  )
})

describe('whoever has to have a second factor', () => {
  const google = TestProvider.configured('google')
  const strict = useServer({ world: { settings: { requireFactor: 'everybody', identityProviders: [google] } } })

  test('is led to set one up when they sign in, and then to where they were going', async () => {
    const { user } = await strict().world.signUp()
    const browser = new Browser(strict)
    const asked = await browser.signIn(user.username, 'sessions')
    expect([browser.place, headingIn(asked)]).toEqual(['/second-factors?next=sessions', 'Set up a second factor'])
    for (const way of ['Set up an authenticator app', 'href="passkeys?next&#61;sessions"']) expect(asked.text).toContain(way)
    expect((await browser.open('/passkeys?next=sessions')).text).toContain('data-done="passkeys?next&#61;sessions&#38;registered"')
    expect((await browser.open('/passkeys?next=sessions&registered')).text).toContain('<a class="main" href="sessions">Go on</a>')
    expect((await browser.open('/passkeys?next=evil&registered')).text).not.toContain('Go on')
    expect((await browser.open('/')).text).toContain('First <a href="second-factors">')
    const page = await setUp(browser, { next: 'sessions' })
    const codes = await browser.send('/authenticator', { code: totpCode(strict().world, keyIn(page)) })
    expect(codesIn(codes)).toHaveLength(10)
    await browser.send('/recovery-codes', {})
    expect(browser.place).toBe('/sessions')
  })

  test('goes on also after signing in again on the way, and to the first page if they came for nothing else', async () => {
    const { user } = await strict().world.signUp()
    const browser = new Browser(strict)
    await browser.signIn(user.username)
    expect(browser.place).toBe('/second-factors?next=home')
    strict().world.clock.advance(6 * 60_000)
    await setUp(browser, { next: 'sessions' })
    const [, next = ''] = browser.place.split('?next=')
    expect(browser.place).toMatch(/^\/sign-in\?next=second-factors/)
    await browser.signIn(user.username, decodeURIComponent(next))
    expect(browser.place).toBe('/second-factors?next=sessions')
    const key = keyIn(await setUp(browser, { next: 'home' }))
    strict().world.clock.advance(6 * 60_000)
    await browser.open('/authenticator')
    await browser.signIn(user.username, 'authenticator')
    expect(browser.place).toBe('/authenticator')
    await browser.send('/authenticator', { code: totpCode(strict().world, key) })
    await browser.send('/recovery-codes', {})
    expect(browser.place).toBe('/')
  })

  test('is led there also from a provider, unless an application sent them to it', async () => {
    const provider = await TestProvider.open(strict().world.ports, google)
    const places: (string | undefined)[] = []
    for (const search of ['', '?redirectTo=%2Fwelcome']) {
      const start = await ask(strict().server, `/oauth/start/google${search}`, { redirect: 'manual' })
      const begun = { url: start.headers.get('location') ?? '', challenge: '', redirectUri: '', expiresAt: new Date() }
      const email = newEmail()
      const { finish: answered } = await beginAt(
        provider,
        { startOAuth: () => Promise.resolve(begun) },
        { sub: email, email, email_verified: true, name: 'Ada' },
      )
      const query = new URLSearchParams({ state: answered.state, code: answered.code, iss: answered.issuer })
      const back = `/oauth/callback/google?${query.toString()}`
      const cookie = start.headers.getSetCookie()[0]?.split(';')[0] ?? ''
      places.push((await ask(strict().server, back, { redirect: 'manual', headers: { cookie } })).headers.get('location') ?? undefined)
    }
    expect(places).toEqual(['../../second-factors?next=home', 'http://localhost:4000/welcome'])
  })

  test('cannot remove the last one, and is told why', async () => {
    const { browser } = await signedIn(strict)
    await finish(browser, strict)
    const { text } = await browser.open('/second-factors')
    expect([text.includes('the last one cannot be removed'), text.includes('?remove')]).toEqual([true, false])
    const refused = await browser.send('/second-factors', { do: 'remove' })
    expect([refused.status, refused.text.includes('role="alert"')]).toEqual([409, true])
  })

  test('with a policy that allows passkeys alone is told that, and where', async () => {
    const { world } = strict()
    const { user, browser } = await signedIn(strict)
    const { id: policyId } = await world.asSystem().policies.create({ name: 'passkeys-alone', limits: { allowedFactors: ['passkey'] } })
    await world.asSystem().policies.assign({ policyId, userId: user.id })
    const refused = await setUp(browser)
    expect([refused.status, refused.text.includes('Set up one of: passkey'), refused.text.includes('href="passkeys"')]).toEqual([
      403,
      true,
      true,
    ])
  })

  test('after a reset by an administrator enrols again, and the way from a new password leads on', async () => {
    const { world } = served()
    const ada = await world.signUp()
    await enrolAuthenticator(world, ada)
    await world.asSystem().factors.reset({ userId: ada.user.id })
    await world.rows('update users set need_password_change = true where username = ? returning 1', [ada.user.username])
    const browser = new Browser(served)
    const asked = await browser.signIn(ada.user.username, 'sessions')
    expect([browser.place, asked.text.includes('name="next" value="sessions"')]).toEqual(['/change-password?next=sessions', true])
    const chosen = { old: password, password: 'nine green bottles on a wall' }
    const changed = await browser.send('/change-password', { ...chosen, next: 'sessions' })
    expect(changed.text).toContain('href="second-factors?next&#61;sessions"')
    expect(headingIn(await browser.open('/second-factors?next=home'))).toBe('Set up a second factor')
  })
})

test.each(['https://evil.example', '//evil.example', 'second-factors?next=https://evil.example', 'second-factors?remove', '__proto__'])(
  'goes on to no other place than the pages: %s',
  async (next) => {
    const { user } = await served().world.signUp()
    const browser = new Browser(served)
    await browser.signIn(user.username, next)
    expect(['/', '/second-factors']).toContain(browser.place)
    await browser.open(`/second-factors?next=${encodeURIComponent(next)}`)
    const page = await setUp(browser, { next })
    await browser.send('/authenticator', { code: totpCode(served().world, keyIn(page)) })
    await browser.send('/recovery-codes', {})
    expect(browser.place).toBe('/second-factors?kept')
  },
)
