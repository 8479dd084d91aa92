import { totpCode } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { Browser, codesIn, finish, headingIn, keyIn, setUp, shownIn, signedIn } from '../testing/browser.ts'
import { useServer } from '../testing/server.ts'

const served = useServer()

describe('setting up an authenticator app on the pages', () => {
  test('shows a picture and the key under the strict policy, takes its code, shows recovery codes until they are kept', async () => {
    const { browser, user } = await signedIn(served)
    const other = await served().world.signIn(user)
    const page = await setUp(browser)
    expect([browser.place, headingIn(page)]).toEqual(['/authenticator', 'Set up an authenticator app'])
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^;]+; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    )
    expect(page.text).toMatch(/role="img" aria-label="[^"]+"><svg /)
    expect(page.text).toMatch(/<label for="code">[\s\S]*autocomplete="one-time-code"[\s\S]*inputmode="numeric"/)
    const key = keyIn(page)
    expect(key).toMatch(/^[A-Z2-7]{32}$/)
    const codesPage = await browser.send('/authenticator', { code: totpCode(served().world, key), shown: shownIn(page) })
    const codes = codesIn(codesPage)
    expect([browser.place, codes.length]).toEqual(['/recovery-codes', 10])
    expect(codesPage.text).toContain('They are shown only now.')
    expect(await served().world.core.authenticate(other.token), 'other sessions end, as the page says').toBeNull()
    expect(codesIn(await browser.open('/recovery-codes'))).toEqual(codes)
    const done = await browser.send('/recovery-codes', {})
    expect([browser.place, done.text.includes('since <time')]).toEqual(['/second-factors?kept', true])
    const again = await browser.open('/recovery-codes')
    expect([browser.place, codesIn(again)]).toEqual(['/second-factors?shown', []])
    expect(browser.visited.filter((address) => address.includes(key) || codes.some((code) => address.includes(code)))).toEqual([])
    expect(browser.jar.cookie).not.toMatch(/authenticator|recovery/)
  })

  test('a wrong code is said at its field, and the key stays', async () => {
    const { browser } = await signedIn(served)
    const page = await setUp(browser)
    const key = keyIn(page)
    const good = totpCode(served().world, key)
    for (const code of ['', '12', good === '000000' ? '000001' : '000000', 'x'.repeat(40)]) {
      const wrong = await browser.send('/authenticator', { code, shown: shownIn(page) })
      expect([code, wrong.status, keyIn(wrong)]).toEqual([code, 400, key])
      expect(wrong.text).toMatch(/id="code"[^>]*aria-describedby="code-hint problem"[^>]*aria-invalid="true"/)
      expect(wrong.text).toContain('role="alert" id="problem"')
    }
    expect(codesIn(await browser.send('/authenticator', { code: `${good.slice(0, 3)} ${good.slice(3)}` }))).toHaveLength(10)
  })

  test('whoever took longer than a sign-in counts signs in again, and comes back to the same key', async () => {
    const { browser, user } = await signedIn(served)
    const key = keyIn(await setUp(browser))
    served().world.clock.advance(6 * 60_000)
    await browser.send('/authenticator', { code: totpCode(served().world, key) })
    expect(browser.place).toBe('/sign-in?next=authenticator')
    // Found by an attacker: the answer to a form that is refused showed the key.
    for (const form of [{ code: '' }, { code: '123456', shown: '1' }]) {
      const answer = await browser.send('/authenticator', form)
      expect([browser.place, answer.text.includes('class="key"')]).toEqual(['/sign-in?next=authenticator', false])
    }
    await browser.open('/authenticator')
    expect(browser.place, 'the key is not shown before either').toBe('/sign-in?next=authenticator')
    const back = await browser.signIn(user.username, 'authenticator')
    expect([browser.place, keyIn(back)]).toEqual(['/authenticator', key])
    expect(codesIn(await browser.send('/authenticator', { code: totpCode(served().world, key) }))).toHaveLength(10)
  })

  test('two tabs show the same key; another one that was asked for takes its place, and the page says so', async () => {
    const { browser } = await signedIn(served)
    const page = await setUp(browser)
    expect(keyIn(await setUp(browser))).toBe(keyIn(page))
    expect(keyIn(await browser.open('/authenticator'))).toBe(keyIn(page))
    served().world.clock.advance(1000)
    const other = await browser.send('/second-factors', { do: 'start-again' })
    expect(keyIn(other)).not.toBe(keyIn(page))
    const late = await browser.send('/authenticator', { code: totpCode(served().world, keyIn(page)), shown: shownIn(page) })
    expect([late.status, late.text.includes('Another key was made'), keyIn(late)]).toEqual([400, true, keyIn(other)])
    const sent = { code: totpCode(served().world, keyIn(other)), shown: shownIn(other) }
    const codes = codesIn(await browser.send('/authenticator', sent))
    expect(codesIn(await browser.send('/authenticator', sent)), 'what is sent twice loses no codes').toEqual(codes)
    expect(codesIn(await browser.open('/authenticator')), 'nor does the way back').toEqual(codes)
    await browser.send('/recovery-codes', {})
    expect((await browser.open('/authenticator')).text).toContain('There is no key to show')
  })

  test('the key is over after a quarter of an hour, at a sign-out, and for anybody else', async () => {
    const { browser, user } = await signedIn(served)
    const key = keyIn(await setUp(browser))
    const old = browser.jar
    served().world.clock.advance(16 * 60_000)
    await browser.signIn(user.username)
    const kept = old.cookie.split('; ').filter((pair) => pair.startsWith('denizen-authenticator='))
    browser.jar = { cookie: [browser.jar.cookie, ...kept].join('; ') }
    for (const open of [
      () => browser.open('/authenticator'),
      () => browser.send('/authenticator', { code: totpCode(served().world, key) }),
    ])
      expect([(await open()).text.includes('There is no key to show'), browser.place]).toEqual([true, '/second-factors?over'])
    await setUp(browser)
    const mine = browser.jar.cookie.split('; ').find((pair) => pair.startsWith('denizen-authenticator=')) ?? ''
    const { browser: stranger } = await signedIn(served)
    stranger.jar = { cookie: `${stranger.jar.cookie}; ${mine}` }
    await stranger.open('/authenticator')
    expect(stranger.place).toBe('/second-factors?over')
    await browser.send('/sign-out', {})
    expect(browser.jar.cookie).toBe('')
  })

  test('a form that is sent twice at once sets up one app, and the answer that lost leads to where new codes are made', async () => {
    const { browser } = await signedIn(served)
    const page = await setUp(browser)
    const sent = { code: totpCode(served().world, keyIn(page)), shown: shownIn(page) }
    const tabs = [browser.copy(), browser.copy()]
    const answers = await Promise.all(tabs.map((tab) => tab.send('/authenticator', sent)))
    expect(answers.map((answer) => codesIn(answer).length).toSorted((one, other) => one - other)).toEqual([0, 10])
    expect(tabs.map(({ place }) => place).sort()).toEqual(['/recovery-codes', '/second-factors?done'])
    expect(answers.filter(({ text }) => text.includes('If you have not seen its recovery codes, make new ones'))).toHaveLength(1)
  })

  test('recovery codes are shown in the session that made them alone, and for ten minutes', async () => {
    const { browser, user } = await signedIn(served)
    const key = keyIn(await setUp(browser))
    await browser.send('/authenticator', { code: totpCode(served().world, key) })
    const codes = browser.jar.cookie.split('; ').find((pair) => pair.startsWith('denizen-recovery-codes=')) ?? ''
    served().world.clock.advance(60_000)
    const other = new Browser(served)
    const challenge = /name="challenge" value="([^"]+)"/.exec((await other.signIn(user.username)).text)?.[1] ?? ''
    await other.send('/sign-in', { challenge, code: totpCode(served().world, key) })
    other.jar = { cookie: `${other.jar.cookie}; ${codes}` }
    expect(codesIn(await other.open('/recovery-codes'))).toEqual([])
    expect(codesIn(await browser.open('/recovery-codes'))).toHaveLength(10)
    served().world.clock.advance(10 * 60_000)
    expect(codesIn(await browser.open('/recovery-codes'))).toEqual([])
  })

  test('nothing secret reaches the log', async () => {
    const { browser } = await signedIn(served)
    const { key, codes } = await finish(browser, served)
    const logged = JSON.stringify([served().world.logger.lines, served().reports])
    for (const secret of [key, ...codes]) expect(logged).not.toContain(secret)
  })
})
