import { createHash } from 'node:crypto'
import { request, type RequestOptions } from 'node:http'
import { newEmail, password, type SignedInUser } from '@denizen/core/testing'
import { completed } from '@denizen/core'
import { describe, expect, test } from 'vitest'
import { ask, useServer, type Reply } from '../testing/server.ts'

const app = 'https://app.example.com'
const served = useServer({ world: { settings: { allowedOrigins: [app] } } })
const chosen = 'another correct horse battery'

const look = (path: string, token: string): Promise<Reply> => served().get(`${path}?token=${encodeURIComponent(token)}`)
const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Reply> =>
  ask(served().server, path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  })

async function signedUp(input: object = {}, email = newEmail()) {
  const { world } = served()
  const { binding } = await world.asAnonymous().auth.signUp({ email, password, ...input })
  await world.work()
  return { email, binding, link: world.mailer.linkTo(email), token: world.mailer.tokenFor(email) }
}

async function toConfirm(input: object = {}): Promise<{ owned: SignedInUser; token: string; binding: string }> {
  const { world } = served()
  const owned = await world.signUp()
  const { binding } = await owned.as.auth.requestEmailVerification(input)
  await world.work()
  return { owned, binding, token: world.mailer.tokenFor(owned.user.email ?? '') }
}

async function toSignIn(input: object = {}) {
  const { world } = served()
  const user = await world.newUser({ emailVerified: true })
  const { binding } = await world.asAnonymous().auth.requestMagicLink({ email: user.email ?? '', ...input })
  await world.work()
  return { user, binding, token: world.mailer.tokenFor(user.email ?? '') }
}

const signsIn = (identifier: string, typed: string) => served().world.asAnonymous().auth.signIn({ identifier, password: typed })

describe('the page that finishes a sign-up', () => {
  const path = '/sign-up/confirm'

  test('is where the mail leads, uses nothing up when it is looked at, and makes the account with the password that is chosen there', async () => {
    const { email, link, token } = await signedUp({ username: `ada-${Date.now()}`, fullName: 'Ada "L"' })
    expect(new URL(link).pathname).toBe(path)
    for (let count = 0; count < 3; count++) {
      const { status, text } = await look(path, token)
      expect(status).toBe(200)
      for (const part of [email, 'value="Ada &#34;L&#34;"', 'autocomplete="new-password"', '<label for="password"', '>Confirm<'])
        expect(text).toContain(part)
    }
    expect((await ask(served().server, `${path}?token=${token}`, { method: 'HEAD' })).status).toBe(200)
    expect(await served().world.asSystem().users.find({ identifier: email })).toBeNull()
    const answer = await post(path, { token, decision: 'confirm', password: chosen, fullName: 'Ada Lovelace' })
    expect({ status: answer.status, ready: answer.text.includes('Your account is ready') }).toEqual({ status: 200, ready: true })
    expect(completed(await signsIn(email, chosen)).status).toBe('signedIn')
    expect(await served().world.asSystem().users.find({ identifier: email })).toMatchObject({
      fullName: 'Ada Lovelace',
      emailVerified: true,
    })
    for (const again of [await look(path, token), await post(path, { token, decision: 'confirm', password: chosen })])
      expect({ status: again.status, text: again.text.includes('This link cannot be used') }).toEqual({ status: 404, text: true })
  })

  test('26: takes no account for somebody else’s password: one has to be typed', async () => {
    const { email, token } = await signedUp()
    const { status, text } = await post(path, { token, decision: 'confirm' })
    expect({ status, told: text.includes('Choose a password') }).toEqual({ status: 400, told: true })
    expect(await served().world.asSystem().users.find({ identifier: email })).toBeNull()
  })

  test('shows what is wrong, keeps the names, never the password, and the link stays', async () => {
    const { username } = await served().world.newUser()
    const { token } = await signedUp()
    for (const [fields, message] of [
      [{ password: 'canary-short' }, 'at least'],
      [{ password: chosen, username }, 'Another user has this username'],
      [{ password: chosen, username: 'not a username!' }, 'Username: '],
      [{ password: chosen, fullName: 'Ada\u0007' }, 'Full name: control characters'],
    ] as const) {
      const { status, text } = await post(path, { fullName: 'Ada & Co', ...fields, token, decision: 'confirm' })
      expect(status).toBe(400)
      expect(text).toContain(message)
      expect(text).toContain('role="alert"')
      expect(text).toContain('aria-invalid="true"')
      if (!('fullName' in fields)) expect(text).toContain('value="Ada &#38; Co"')
      expect(text).not.toContain('canary-short')
      expect(text).not.toContain(chosen)
    }
    expect((await post(path, { token, decision: 'confirm', password: chosen })).status).toBe(200)
  })

  test('hands over an account that nobody had proved, and says what that means', async () => {
    const owned = await served().world.signUp()
    const { token } = await signedUp({}, owned.user.email ?? '')
    expect((await look(path, token)).text).toContain('everybody who used it is signed out')
    expect((await post(path, { token, decision: 'confirm', password: chosen })).text).toContain('The account is yours now')
    expect(await served().world.core.authenticate(owned.token)).toBeNull()
  })

  test('tells the owner of an account that there is one, and mails a link to a new password', async () => {
    const { world } = served()
    const user = await world.newUser({ emailVerified: true })
    const { token, email } = await signedUp({}, user.email ?? '')
    const { text } = await look(path, token)
    expect(text).toContain(user.username)
    expect(text).not.toContain('type="password"')
    expect((await post(path, { token, decision: 'confirm', password: chosen })).status).toBe(409)
    expect((await post(path, { token, decision: 'reset' })).text).toContain('on its way')
    await world.work()
    expect(world.mailer.linkTo(email)).toContain('/reset-password?token=')
    expect(completed(await signsIn(email, password)).status).toBe('signedIn')
  })
})

describe('the page that confirms an address', () => {
  const path = '/verify-email'

  test('wants the password of the account, and uses nothing up before', async () => {
    const { owned, token } = await toConfirm()
    expect((await look(path, token)).text).toContain(owned.user.username)
    for (const typed of ['', 'not the password of it']) {
      const { status, text } = await post(path, { token, password: typed })
      expect(status).toBe(400)
      expect(text).not.toContain(typed === '' ? 'value="not' : typed)
    }
    expect((await post(path, { token, password })).text).toContain('Your address is confirmed')
    expect(await served().world.asSystem().users.get({ userId: owned.user.id })).toMatchObject({ emailVerified: true })
    expect((await look(path, token)).status).toBe(404)
  })

  test('guesses there are throttled', async () => {
    const { token } = await toConfirm()
    const answers: string[] = []
    for (let count = 0; count < 6; count++) answers.push((await post(path, { token, password: 'a wrong guess of it' })).text)
    expect(answers.at(-1)).toMatch(/too many failed attempts/i)
  })
})

describe('the page of a link that signs in', () => {
  const path = '/sign-in/link'

  test('leads back to where it was asked for with the secret behind the #, and signs nobody in itself', async () => {
    const { token, binding, user } = await toSignIn({ redirectTo: `${app}/in?a=b` })
    for (let count = 0; count < 3; count++) {
      const { status, text, headers } = await look(path, token)
      expect({ status, led: text.includes(`href="${app}/in?a&#61;b#token&#61;${token}"`) }).toEqual({ status: 200, led: true })
      expect(headers.get('set-cookie')).toBeNull()
    }
    const posted = await post(path, { token })
    expect({ status: posted.status, allow: posted.headers.get('allow') }).toEqual({ status: 405, allow: 'GET, HEAD' })
    expect(completed(await served().world.asAnonymous().auth.signInWithMagicLink({ token, binding })).user.id).toBe(user.id)
    expect((await look(path, token)).status).toBe(404)
  })

  test('shows the text to copy where nobody said where to go', async () => {
    const { token } = await toSignIn()
    expect((await look(path, token)).text).toContain(`<code>${token}</code>`)
  })
})

const pages = [
  ['/sign-up/confirm', async (input: object) => (await signedUp(input)).token],
  ['/verify-email', async (input: object) => (await toConfirm(input)).token],
  ['/sign-in/link', async (input: object) => (await toSignIn(input)).token],
] as const

describe.each(pages)('the page at %s', (path, tokenOf) => {
  test('runs nothing, loads nothing, is framed by nobody, stored by nobody and told to nobody', async () => {
    const token = await tokenOf({ redirectTo: `${app}/"><script>alert(1)</script>`.replaceAll(/["<>]/g, encodeURIComponent) })
    for (const { headers, text } of [await look(path, token), await look(path, 'none'), await post(path, { token })]) {
      const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(text) ?? []
      const hash = createHash('sha256').update(style).digest('base64')
      expect(headers.get('content-security-policy')).toBe(
        headers.get('content-type') === 'text/html; charset=utf-8'
          ? `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`
          : '',
      )
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('set-cookie')).toBeNull()
      expect(text).not.toMatch(/<script|\ssrc=|<link|style="/)
      for (const [, address] of text.matchAll(/(?:href|action)="([^"]*)"/g))
        expect(address).toMatch(/^(https:\/\/app\.example\.com\/|confirm$|verify-email$|\.{1,2}\/(?:sign-in|sign-up)?$)/)
    }
  })

  test.each(['', 'x', `dnz_verify_${'0'.repeat(26)}_${'0'.repeat(49)}`, 'A'.repeat(3000), '%00', '<script>'])(
    'says the same of every link that is none: %j',
    async (token) => {
      const { status, text } = await look(path, token)
      const { text: reference } = await look(path, 'none')
      expect({ status, text }).toEqual({ status: 404, text: reference })
    },
  )

  test('says that too of a link for something else', async () => {
    const { text: reference } = await look(path, 'none')
    const texts: string[] = []
    for (const [, make] of pages.filter(([other]) => other !== path)) texts.push((await look(path, await make({}))).text)
    expect(texts).toEqual([reference, reference])
  })

  test('takes its own form only', async () => {
    const token = await tokenOf({})
    const sent = (type: string, body: string, method = 'POST') =>
      ask(served().server, path, { method, headers: { 'content-type': type }, ...(method === 'POST' && { body }) })
    const refused = path === '/sign-in/link' ? 405 : 415
    expect((await sent('application/json', JSON.stringify({ token, password, decision: 'confirm' }))).status).toBe(refused)
    expect((await sent('text/plain', `token=${token}&password=${password}`)).status).toBe(refused)
    expect((await sent('text/plain', '', 'DELETE')).status).toBe(405)
    for (const other of [`${path}/`, `/${path}`, path.toUpperCase()]) expect((await served().get(other)).status).toBe(404)
    expect((await look(path, token)).status).toBe(200)
  })

  test('29: whatever a request says of its host, nothing on the page and nothing in a mail leads there', async () => {
    const lies = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example;proto=https',
      'x-forwarded-proto': 'https',
      'x-original-url': 'https://evil.example/',
      origin: 'https://evil.example',
      referer: 'https://evil.example/',
    }
    const page = await lying(`${path}?token=${await tokenOf({})}`, { headers: lies })
    expect(page).not.toContain('evil.example')
    const { world } = served()
    const { email } = await world.newUser({ emailVerified: true })
    const headers = { ...lies, origin: '', 'content-type': 'application/json' }
    for (const [action, to] of [
      ['auth.signUp', newEmail()],
      ['auth.requestMagicLink', email ?? ''],
    ] as const) {
      const input = { email: to, ...(action === 'auth.signUp' && { password }) }
      expect(await lying(`/trpc/${action}`, { method: 'POST', headers }, JSON.stringify({ json: input }))).toContain('verificationSent')
      await world.work()
      expect(world.mailer.linkTo(to)).toMatch(/^http:\/\/localhost:4000\/(sign-up\/confirm|sign-in\/link)\?token=/)
      expect(JSON.stringify(world.mailer.sent.findLast((mail) => mail.to === to))).not.toContain('evil.example')
    }
  })
})

test('30: no page is sent where nobody allowed it, over HTTP too', async () => {
  const { email } = await served().world.newUser({ emailVerified: true })
  for (const redirectTo of [
    '//evil.example',
    'https://app.example.com@evil.example',
    'https://evil.example\\@app.example.com',
    'https://аpp.example.com/',
  ])
    for (const [action, input] of [
      ['auth.requestMagicLink', { email, redirectTo }],
      ['auth.signUp', { email: newEmail(), password, redirectTo }],
    ] as const) {
      const { status, text } = await served().post(`/trpc/${action}`, { json: input })
      expect({ status, code: /auth\.redirectNotAllowed/.test(text) }).toEqual({ status: 400, code: true })
    }
})

test('25: over HTTP a known and an unknown address get the same status, headers and body', async () => {
  const { email } = await served().world.newUser({ emailVerified: true })
  for (const [action, more] of [
    ['auth.signUp', { password }],
    ['auth.requestMagicLink', {}],
    ['auth.requestEmailCode', {}],
  ] as const) {
    const shape = async (to: string | null) => {
      const { status, headers, text } = await served().post(`/trpc/${action}`, { json: { email: to, ...more } })
      const names = [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name))
      return { status, names, text: text.replace(/dnz_verify_\w+/, 'binding').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, 'time') }
    }
    expect(await shape(newEmail())).toEqual(await shape(email))
  }
})

test('no token and no password is in the log', async () => {
  const { token } = await signedUp()
  await look('/sign-up/confirm', token)
  await post('/sign-up/confirm', { token, decision: 'confirm', password: chosen })
  expect(JSON.stringify(served().world.logger.lines)).not.toMatch(new RegExp(`${token.slice(-49)}|${chosen}`))
})

/** `fetch` would not let a request lie about its host. */
function lying(where: string, options: RequestOptions, body = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(`${served().server.url}${where}`, options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve(text))
    })
    sent.on('error', reject).end(body)
  })
}
