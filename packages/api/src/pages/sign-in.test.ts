import { enrolAuthenticator, password, SoftAuthenticator } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { ask, useServer, type Reply } from '../testing/server.ts'

const served = useServer()

const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Reply> =>
  ask(served().server, path, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'null', 'sec-fetch-site': 'same-origin', ...headers },
    body: new URLSearchParams(fields).toString(),
  })
const open = (path: string, headers: Record<string, string> = {}) => ask(served().server, path, { redirect: 'manual', headers })
/** What the browser sends after such an answer. */
const cookiesOf = ({ headers }: Reply) => ({
  cookie: headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .filter((line) => !line.endsWith('='))
    .join('; '),
})
const goal = ({ status, headers }: Reply) => [status, headers.get('location')]
const valueOf = ({ text }: Reply, name: string) =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1]?.replaceAll('&#34;', '"') ?? ''

async function signedIn() {
  const { user } = await served().world.signUp()
  const answer = await post('/sign-in', { identifier: user.username, password })
  return { user, answer, cookies: cookiesOf(answer) }
}

describe('the page for signing in', () => {
  test('signs in with a password, and the first page then says who it is and what there is to do, without a second sign-in', async () => {
    const { user, answer, cookies } = await signedIn()
    expect(goal(answer)).toEqual([303, './'])
    const home = await open('/', cookies)
    expect(home.text).toContain(`You are signed in as <strong>${user.username}</strong>`)
    expect([...home.text.matchAll(/(?:href|action)="([^"]+)"/g)].map(([, address]) => address)).toEqual([
      'second-factors',
      'passkeys',
      'change-password',
      'sessions',
      'device',
      'sign-out',
    ])
    const again = await open('/sign-in', cookies)
    expect([again.status, again.text.includes('type="password"'), again.text.includes('action="sign-out"')]).toEqual([200, false, true])
  })

  test('says what is wrong, keeps the name and never the password, and sets no cookie', async () => {
    const { user } = await served().world.signUp()
    const wrong = await post('/sign-in', { identifier: user.username, password: 'canary of a password' })
    expect([wrong.status, wrong.text.includes('role="alert"'), wrong.text.includes(`value="${user.username}"`)]).toEqual([401, true, true])
    expect([wrong.text.includes('canary'), wrong.headers.getSetCookie()]).toEqual([false, []])
    expect((await post('/sign-in', {})).status).toBe(400)
  })

  test('asks for a second factor on the next page, and leads to where somebody wanted to go', async () => {
    const ada = await served().world.signUp()
    const app = await enrolAuthenticator(served().world, ada)
    const asked = await post('/sign-in', { identifier: ada.user.username, password, next: 'sessions' })
    expect([asked.status, asked.headers.getSetCookie()]).toEqual([200, []])
    const fields = { challenge: valueOf(asked, 'challenge'), next: valueOf(asked, 'next') }
    const wrong = await post('/sign-in', { ...fields, code: app.wrongCode() })
    expect([wrong.status, valueOf(wrong, 'challenge'), valueOf(wrong, 'next')]).toEqual([401, fields.challenge, 'sessions'])
    const done = await post('/sign-in', { ...fields, code: app.code() })
    expect(goal(done)).toEqual([303, 'sessions'])
    expect((await open('/', cookiesOf(done))).text).toContain(ada.user.username)
  })

  test('signs in with a passkey alone, whose challenge its script asks for', async () => {
    const { world } = served()
    const ada = await world.signUp()
    const key = new SoftAuthenticator({ origin: 'http://localhost:4000' })
    const begun = await ada.as.passkeys.beginRegistration({})
    await ada.as.passkeys.finishRegistration({ challenge: begun.challenge, response: await key.create(begun.options) })
    const page = await open('/sign-in')
    for (const part of [`script-src 'self'`, `connect-src 'self'`, `form-action 'self'`, `trusted-types 'none'`])
      expect(page.headers.get('content-security-policy')).toContain(part)
    const { challenge, options } = await world.asAnonymous().passkeys.beginSignIn()
    const fields = { first: 'yes', challenge, passkey: JSON.stringify(await key.get(options)) }
    expect(goal(await post('/sign-in', fields))).toEqual([303, './'])
    expect((await post('/sign-in', fields)).status).toBe(401)
    const withoutScript = await post('/sign-in', { first: 'yes', challenge: '', passkey: '' })
    expect([withoutScript.status, withoutScript.text]).toEqual([400, expect.stringContaining('JavaScript')])
  })

  test('leads nowhere else, whatever the address says', async () => {
    const { user } = await served().world.signUp()
    for (const next of ['https://evil.example', '//evil.example', 'device', '../x', '__proto__'])
      expect(goal(await post('/sign-in', { identifier: user.username, password, next }))).toEqual([303, './'])
  })

  test('whoever signed in a while ago signs in again before they change how they sign in, and the old session ends', async () => {
    const { user, cookies } = await signedIn()
    expect(goal(await open('/sign-in?next=passkeys', cookies))).toEqual([303, 'passkeys'])
    served().world.clock.advance(6 * 60_000)
    const asked = await open('/sign-in?next=passkeys', cookies)
    expect(asked.text).toContain('You signed in a while ago')
    expect(goal(await post('/sign-in', { identifier: user.username, password, next: 'passkeys' }, cookies))).toEqual([303, 'passkeys'])
    expect((await open('/', cookies)).text).toContain('href="sign-in"')
  })

  test('whoever owes something, and signed in a while ago, can sign in again and do it', async () => {
    const { user, cookies } = await signedIn()
    await served().world.rows('update users set need_password_change = true where username = ? returning 1', [user.username])
    served().world.clock.advance(6 * 60_000)
    expect(goal(await open('/sessions', cookies))).toEqual([303, './'])
    const again = await post('/sign-in', { identifier: user.username, password, next: 'change-password' }, cookies)
    expect(goal(again)).toEqual([303, 'change-password'])
    const chosen = { old: password, password: 'nine green bottles on a wall' }
    expect((await post('/change-password', chosen, cookiesOf(again))).text).toContain('Your password is changed')
  })

  test('a session that a new sign-in has ended already is no obstacle', async () => {
    const { user, cookies } = await signedIn()
    const { world } = served()
    const limits = { maxConcurrentLogins: 1, loginExcess: 'evictOldest' } as const
    const { id: policyId } = await world.asSystem().policies.create({ name: 'one-place', limits })
    await world.asSystem().policies.assign({ policyId, userId: user.id })
    const again = await post('/sign-in', { identifier: user.username, password }, cookies)
    expect((await open('/', cookiesOf(again))).text).toContain(user.username)
  })

  test('whoever is signed in too often to sign in is led on: to try again, and to a new password, which signs out everywhere', async () => {
    const { world } = served()
    const { user } = await world.signUp()
    await world.asSystem().users.update({ userId: user.id, emailVerified: true })
    const limits = { maxConcurrentLogins: 1, loginExcess: 'refuse' } as const
    const { id: policyId } = await world.asSystem().policies.create({ name: 'one-place-only', limits })
    await world.asSystem().policies.assign({ policyId, userId: user.id })
    const refused = await post('/sign-in', { identifier: user.username, password })
    expect([refused.status, refused.text.includes('Sign out somewhere else first')]).toEqual([403, true])
    expect([...refused.text.matchAll(/href="([^"]+)"/g)].map(([, address]) => address)).toEqual(['./', './sign-in', './forgot-password'])
    await post('/forgot-password', { email: user.email ?? '' })
    await world.work()
    const chosen = 'wheelbarrow antlers soup'
    await post('/reset-password', { token: world.mailer.tokenFor(user.email ?? ''), password: chosen })
    expect(goal(await post('/sign-in', { identifier: user.username, password: chosen }))).toEqual([303, './'])
  })

  test('whoever is refused in a browser in which they are signed in stays so, and is told that this browser counts', async () => {
    const { world } = served()
    const { user, cookies } = await signedIn()
    await world.asSystem().sessions.endAll({ userId: user.id })
    const { cookies: here } = { cookies: cookiesOf(await post('/sign-in', { identifier: user.username, password }, cookies)) }
    const limits = { maxConcurrentLogins: 1, loginExcess: 'refuse' } as const
    const { id: policyId } = await world.asSystem().policies.create({ name: 'this-place-only', limits })
    await world.asSystem().policies.assign({ policyId, userId: user.id })
    const refused = await post('/sign-in', { identifier: user.username, password, next: 'passkeys' }, here)
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([403, []])
    expect(refused.text).toContain(`You are still signed in here, as <strong>${user.username}</strong>`)
    expect(refused.text).toContain('action="./sign-out"')
    expect((await open('/', here)).text).toContain(user.username)
    await post('/sign-out', {}, here)
    expect(goal(await post('/sign-in', { identifier: user.username, password }))).toEqual([303, './'])
  })

  test('after the last wrong code the sign-in starts anew; after many wrong passwords it says when', async () => {
    const ada = await served().world.signUp()
    const app = await enrolAuthenticator(served().world, ada)
    const challenge = valueOf(await post('/sign-in', { identifier: ada.user.username, password }), 'challenge')
    const answers: Reply[] = []
    while (answers.length < 5) answers.push(await post('/sign-in', { challenge, code: app.wrongCode() }))
    expect(answers.map((answer) => answer.text.includes('name="code"'))).toEqual([true, true, true, true, false])
    const guess = () => post('/sign-in', { identifier: 'somebody', password: 'wrong' })
    for (let tries = 0; tries < 5; tries++) expect((await guess()).status).toBe(401)
    const refused = await guess()
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true])
  })

  test('whoever has to change their password is led there', async () => {
    const { user } = await served().world.signUp()
    await served().world.rows('update users set need_password_change = true where username = ? returning 1', [user.username])
    const answer = await post('/sign-in', { identifier: user.username, password })
    expect(goal(answer)).toEqual([303, 'change-password'])
    expect((await open('/', cookiesOf(answer))).text).toContain('First <a href="change-password">')
    expect((await open('/change-password', cookiesOf(answer))).status).toBe(200)
  })
})

describe('a session in a browser', () => {
  test('goes on when its access token is over, and is over when its refresh token was used elsewhere', async () => {
    const { user, cookies } = await signedIn()
    served().world.clock.advance(2 * 60 * 60_000)
    const lost = await open('/sessions?all', cookies)
    expect([goal(lost), cookiesOf(lost).cookie]).toEqual([[303, 'sessions?all'], expect.stringContaining('denizen-refresh=')])
    served().world.clock.advance(60_000)
    const renewed = await open('/', cookies)
    expect([goal(renewed), cookiesOf(renewed).cookie]).toEqual([[303, './'], expect.stringContaining('denizen-refresh=')])
    expect((await open('/', cookiesOf(renewed))).text).toContain(user.username)
    const over = await open('/', { cookie: 'denizen-refresh=dnz_refresh_x' })
    expect([over.text.includes('href="sign-in"'), cookiesOf(over).cookie]).toEqual([true, ''])
  })

  test.each([
    ['the form for signing in again', '/sign-in', { identifier: 'nobody', password }, 401],
    ['a page that tells of an error', '/sessions', { end: 'ses_00000000000000000000000000' }, 404],
  ])('that is renewed stays in the browser, also with %s', async (_, path, fields, status) => {
    const { user, cookies } = await signedIn()
    served().world.clock.advance(2 * 60 * 60_000)
    const answer = await post(path, fields, cookies)
    expect([answer.status, cookiesOf(answer).cookie]).toEqual([status, expect.stringContaining('denizen-refresh=')])
    expect((await open('/', cookiesOf(answer))).text).toContain(user.username)
  })

  test('ends where its user signs out, and the cookies with it; opening the address asks first', async () => {
    const { user, cookies } = await signedIn()
    expect((await open('/sign-out', cookies)).text).toContain('Sign out?')
    expect((await open('/', cookies)).text).toContain(user.username)
    const done = await post('/sign-out', {}, cookies)
    expect([done.status, done.headers.getSetCookie().map((line) => line.split(';')[0])]).toEqual([200, ['denizen=', 'denizen-refresh=']])
    expect((await open('/', cookies)).text).toContain('href="sign-in"')
    expect((await post('/sign-out', {})).status).toBe(200)
  })

  test('is left where it may do nothing: the cookies go, and somebody else can sign in', async () => {
    const { user, cookies } = await signedIn()
    const { world } = served()
    await world.asSystem().users.update({ userId: user.id, allowedIps: ['203.0.113.0/24'] })
    const other = await world.signUp()
    const done = await post('/sign-in', { identifier: other.user.username, password }, cookies)
    expect((await open('/', cookiesOf(done))).text).toContain(other.user.username)
    const out = await post('/sign-out', {}, cookies)
    expect([out.status, out.text.includes('could not be ended'), cookiesOf(out).cookie]).toEqual([200, true, ''])
    world.clock.advance(2 * 60 * 60_000)
    expect((await open('/sign-in', cookies)).text).toContain('type="password"')
  })

  test('changes nothing with a form that was opened by somebody else', async () => {
    const { user, cookies } = await signedIn()
    const fields = { username: `not-${user.username}`, old: password, password: 'nine green bottles on a wall' }
    expect((await post('/change-password', fields, cookies)).status).toBe(409)
    expect((await post('/sign-in', { identifier: user.username, password })).status).toBe(303)
  })

  test('is listed with the others, and the others can be ended', async () => {
    const { user, cookies } = await signedIn()
    const other = await served().world.signIn(user)
    const page = await open('/sessions', cookies)
    expect(page.text).toContain('(here)')
    const end = valueOf(page, 'end')
    expect(goal(await post('/sessions', { end }, cookies))).toEqual([303, 'sessions'])
    expect((await open('/sessions', cookies)).text).not.toContain(end)
    await post('/sessions', {}, cookies)
    expect(await served().world.core.authenticate(other.token)).toBeNull()
    expect((await open('/sessions', cookies)).text.match(/<li>/g)).toHaveLength(1)
    expect(goal(await open('/sessions'))).toEqual([303, 'sign-in?next=sessions'])
  })

  test('changes the password with the old one, and says which of the two is wrong', async () => {
    const { user, cookies } = await signedIn()
    const [chosen, wrong] = ['nine green bottles on a wall', 'not my password at all']
    const refused = await post('/change-password', { old: wrong, password: chosen }, cookies)
    expect(refused.text).toMatch(/id="old"[^>]*aria-invalid="true"/)
    const short = await post('/change-password', { old: password, password: 'short' }, cookies)
    expect(short.text).toMatch(/id="password"[^>]*aria-invalid="true"/)
    expect([refused.status, short.status]).toEqual([400, 400])
    expect((await post('/change-password', { old: password, password: chosen }, cookies)).text).toContain('Your password is changed')
    expect((await post('/sign-in', { identifier: user.username, password: chosen })).status).toBe(303)
    served().world.clock.advance(6 * 60_000)
    expect(goal(await open('/change-password', cookies))).toEqual([303, 'sign-in?next=change-password'])
    expect(goal(await post('/change-password', { old: chosen, password }, cookies))).toEqual([303, 'sign-in?next=change-password'])
  })

  test.each(['/sign-in', '/sign-out', '/sessions', '/change-password', '/passkeys', '/confirm-address'])(
    '%s takes no form of another site, and answers as a page',
    async (path) => {
      const { user, cookies } = await signedIn()
      for (const headers of [
        { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
        { origin: 'null', 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'none' },
      ]) {
        const answer = await post(path, { identifier: user.username, password }, { ...cookies, ...headers })
        expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8'])
        expect(answer.headers.getSetCookie()).toEqual([])
      }
      expect((await open('/', cookies)).text).toContain(user.username)
      expect((await ask(served().server, path, { method: 'PUT' })).status).toBe(405)
    },
  )
})

describe('where an address has to be confirmed first', () => {
  const strict = useServer({ world: { settings: { requireVerifiedEmail: true } } })

  test('the first page offers to mail the link', async () => {
    const { world, server } = strict()
    const ada = await world.signUp()
    const cookie = { cookie: `denizen=${ada.token}` }
    expect((await ask(server, '/', { headers: cookie })).text).toContain('action="confirm-address"')
    const headers = { ...cookie, origin: 'null', 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }
    expect((await ask(server, '/confirm-address', { method: 'POST', headers, body: '' })).text).toContain('Check your email')
    await world.work()
    expect(world.mailer.linkTo(ada.user.email ?? '')).toContain('/verify-email?token=')
  })
})
