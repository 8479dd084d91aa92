import type { IdentityProvider } from '@denizen/core'
import { enrolAuthenticator, newEmail } from '@denizen/core/testing'
import { describe, expect, it } from 'vitest'
import { createServer } from '../index.ts'
import { ask, useServer, type Reply } from '../testing/server.ts'

const name = 'Example & Sons'
const app = 'https://app.example.com'
const served = useServer({
  world: {
    settings: { name, allowedOrigins: [app], passwords: { minimumAlone: 20, minimumWithFactor: 9, history: 0, maximumAgeDays: null } },
  },
})
const acme: IdentityProvider = {
  id: 'acme',
  kind: 'oidc',
  issuer: 'https://id.acme.example',
  domains: [],
  audiences: ['denizen'],
  client: { id: 'denizen', secret: 'x', scopes: ['openid'], responseMode: 'query' },
  webhookSecret: null,
  roles: null,
}
const chosen = 'another correct horse battery'

const sameOrigin = { 'sec-fetch-site': 'same-origin' }
const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = sameOrigin): Promise<Reply> =>
  ask(served().server, path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  })
const cookiesOf = ({ headers }: Reply): string[] => headers.getSetCookie().map((line) => line.split('=')[0] ?? '')

describe('O14: the page at the address of an installation', () => {
  it('names it, and leads to what people can do there, relative to where it is', async () => {
    const { status, text, headers } = await served().get('/')
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(text).toContain('<h1>Example &#38; Sons</h1>')
    expect([...text.matchAll(/href="([^"]+)"/g)].map(([, href]) => href)).toEqual(['sign-in', 'sign-up', 'forgot-password', 'device'])
    for (const path of ['sign-in', 'sign-up', 'forgot-password', 'device']) expect((await served().get(`/${path}`)).status).toBe(200)
    expect(headers.get('content-security-policy')).not.toContain('script-src')
    expect((await ask(served().server, '/', { method: 'POST' })).status).toBe(405)
  })

  it.each([
    { where: 'sign-up is closed', settings: { signUp: 'closed' }, mails: true, links: ['forgot-password'], refused: { 'sign-up': 403 } },
    { where: 'nothing is mailed', settings: {}, mails: false, links: [], refused: { 'sign-up': 503, 'forgot-password': 503 } },
    {
      where: 'a provider signs in',
      settings: { identityProviders: [acme] },
      mails: true,
      links: ['oauth/start/acme', 'sign-up', 'forgot-password'],
      refused: {},
    },
  ] as const)(
    'leads nowhere in vain where $where, and a form that would be of no use is not shown',
    async ({ settings, mails, links, refused }) => {
      const { world } = served()
      const server = createServer({ core: world.another({ settings }), port: 0 })
      await server.listen()
      world.mailer.isConfigured = mails
      try {
        const { text } = await ask(server, '/')
        expect([...text.matchAll(/href="([^"]+)"/g)].map(([, href]) => href)).toEqual(['sign-in', ...links, 'device'])
        for (const [path, status] of Object.entries(refused)) {
          const page = await ask(server, `/${path}`)
          expect([page.status, page.text.includes('<form')]).toEqual([status, false])
        }
      } finally {
        world.mailer.isConfigured = true
        await server.close()
      }
    },
  )

  it('O13: like every page, and every mail', async () => {
    for (const path of ['/device', '/sign-in', '/forgot-password', '/reset-password?token=none'])
      expect((await served().get(path)).text).toContain('<p class="name"><a href="./">Example &#38; Sons</a></p>')
    const user = await served().world.newUser({ emailVerified: true })
    await post('/forgot-password', { email: user.email ?? '' })
    await served().world.work()
    const mail = served().world.mailer.sent.at(-1)
    expect(mail?.text).toContain('at Example & Sons.')
    expect(mail?.text).toContain('This mail is from Example & Sons (localhost:4000).')
    expect(mail?.html).toContain('Example &#38; Sons')
  })
})

it('every page leads home, from where it is, and the one to sign in is called that', async () => {
  for (const [path, home] of [
    ['/device', './'],
    ['/sign-up', './'],
    ['/sign-up/confirm?token=none', '../'],
    ['/invitations/accept?token=none', '../'],
  ] as const)
    expect((await served().get(path)).text).toContain(`<p class="name"><a href="${home}">`)
  const signIn = (await served().get('/sign-in')).text
  expect(signIn).toContain('<title>Sign in · Example &#38; Sons</title>')
  expect(signIn).toContain('<h1>Sign in</h1>')
})

it('a device code may be typed in any way, and is shown as the device shows it; after an error the focus is in the field', async () => {
  const { userCode } = await served().world.asAnonymous().auth.startDeviceLogin({ clientName: 'tv' })
  for (const typed of [userCode, userCode.toLowerCase(), userCode.replace('-', ''), userCode.replace('-', ' ').toLowerCase()])
    expect((await served().get(`/device?user_code=${encodeURIComponent(typed)}`)).text).toContain(`<dd>${userCode}</dd>`)
  const wrong = await served().get('/device?user_code=BBBB-BBBB')
  expect(wrong.text).toMatch(/id="user-code"[^>]*aria-describedby="problem code-hint"\s+autofocus aria-invalid="true"/)
  const refused = await post('/device', { user_code: userCode, decision: 'approve', identifier: 'nobody', password: 'wrong' })
  expect(refused.text).toMatch(/id="password"[^>]*aria-describedby="problem"\s+autofocus aria-invalid="true"/)
  expect((await post('/forgot-password', { email: 'x' })).text).toMatch(/id="email"[^>]*aria-invalid="true"\s+autofocus/)
})

describe('O14: the page for a forgotten password', () => {
  it('answers the same whoever has the address, and mails the link to its owner', async () => {
    const { world } = served()
    const user = await world.newUser({ emailVerified: true })
    const [known, unknown] = [user.email ?? '', newEmail()]
    const [one, other] = [await post('/forgot-password', { email: ` ${known} ` }), await post('/forgot-password', { email: unknown })]
    expect([one.status, other.status]).toEqual([200, 200])
    expect(one.text.replaceAll(known, '…')).toBe(other.text.replaceAll(unknown, '…'))
    await world.work()
    expect(world.mailer.linkTo(known)).toContain('/reset-password?token=')
    expect(world.mailer.sent.filter(({ to }) => to === unknown)).toEqual([])
  })

  it('says what is wrong with what was typed, and keeps it', async () => {
    const { status, text } = await post('/forgot-password', { email: 'ada at "home"' })
    expect([status, text.includes('value="ada at &#34;home&#34;"'), text.includes('role="alert"')]).toEqual([400, true, true])
  })

  it.each(['/sign-in', '/device?user_code=BCDF-GHJK'])('is found from where people sign in: %s', async (path) => {
    const started = await served().world.asAnonymous().auth.startDeviceLogin({ clientName: 'tv' })
    const { text } = await served().get(path.replace('BCDF-GHJK', started.userCode))
    expect(text).toContain('href="forgot-password"')
  })
})

it('O14: an address with nothing behind it is a page for people, and JSON for programs', async () => {
  const opened = await ask(served().server, '/nowhere', { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } })
  expect([opened.status, opened.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
  expect(opened.text).toContain(`href="${served().world.core.settings.publicUrl.replaceAll('=', '&#61;')}"`)
  const called = await ask(served().server, '/nowhere')
  expect([called.status, JSON.parse(called.text).code]).toEqual([404, 'request.noSuchResource'])
})

it('O14: a page of a provider that cannot go on leads to the other ways to sign in', async () => {
  for (const [path, says] of [
    ['/oauth/start/acne', 'There is no such way to sign in'],
    ['/oauth/callback/acme?state=x&code=y', 'This sign-in cannot continue'],
  ] as const) {
    const { text } = await served().get(path)
    expect(text).toContain(says)
    const [, link] = /<a class="main" href="([^"]+)"/.exec(text) ?? []
    expect(new URL(link ?? '', `https://example.com/prefix${path}`).pathname).toBe('/prefix/sign-in')
  }
})

describe('O13: how long a password has to be', () => {
  it('stands there before one is chosen, shorter where a second factor stays', async () => {
    const { world } = served()
    expect((await served().get('/sign-up')).text).toContain('At least 20 characters.')
    const person = await world.signUp()
    await world.asSystem().users.update({ userId: person.user.id, emailVerified: true })
    const hint = async () => {
      await post('/forgot-password', { email: person.user.email ?? '' })
      await world.work()
      return /At least \d+ characters/.exec(
        (await served().get(`/reset-password?token=${world.mailer.tokenFor(person.user.email ?? '')}`)).text,
      )?.[0]
    }
    expect(await hint()).toBe('At least 20 characters')
    await enrolAuthenticator(world, person)
    expect(await hint()).toBe('At least 9 characters')
  })
})

describe('C12: a sign-up that is finished where the mail leads', () => {
  async function signedUp(input: Record<string, string> = {}) {
    const { world } = served()
    const email = newEmail()
    const answer = await post('/sign-up', { email, password: chosen, ...input })
    await world.work()
    return { email, answer, token: world.mailer.tokenFor(email) }
  }

  it('ends signed in, in the browser in which the password was typed', async () => {
    const { email, answer, token } = await signedUp()
    expect([answer.status, answer.text.includes(email)]).toEqual([200, true])
    const done = await post('/sign-up/confirm', { token, decision: 'confirm', password: chosen })
    expect(done.text).toContain('You are signed in as')
    expect(cookiesOf(done)).toEqual(['denizen', 'denizen-refresh'])
    const cookie = done.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')
    expect((await served().get('/trpc/users.current', { cookie })).text).toContain(email)
    const home = (await served().get('/', { cookie })).text
    expect(home).toMatch(/You are signed in as <strong>\S+<\/strong>/)
    expect(home).not.toContain('sign-up')
  })

  it.each([
    ['a form of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a browser that does not say which page sent it', {}],
    ['somebody who is signed in already', { ...sameOrigin, cookie: 'denizen=dnz_access_x' }],
    ['somebody whose session goes on, with an access token that is over', { ...sameOrigin, cookie: 'denizen-refresh=dnz_refresh_x' }],
  ])('signs nobody in for %s, and says where to', async (_, headers) => {
    const { token } = await signedUp()
    const done = await post('/sign-up/confirm', { token, decision: 'confirm', password: chosen }, headers)
    expect([done.status, cookiesOf(done)]).toEqual([200, []])
    expect(done.text).toContain('href="../sign-in"')
  })

  it('says what is wrong with a password at once', async () => {
    const { status, text } = await post('/sign-up', { email: newEmail(), password: 'short' })
    expect([status, text.includes('at least 20 characters'), text.includes('value="short"')]).toEqual([400, true, false])
  })
})
