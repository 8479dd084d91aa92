import { beginAt, newEmail, TestProvider } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { Browser, headingIn } from '../testing/browser.ts'
import { ask, useServer, type Reply } from '../testing/server.ts'

const google = TestProvider.configured('google', { domains: ['gmail.com'] })
const gone = TestProvider.configured('gone')
const served = useServer({ world: { settings: { identityProviders: [google, gone] } } })
let provider: TestProvider
beforeAll(async () => {
  provider = await TestProvider.open(served().world.ports, google)
})

const linksIn = ({ text }: Reply) =>
  [...text.matchAll(/<a [^>]*?href="([^"]*)"[^>]*>([^<]*)</g)].slice(1).map(([, href, words]) => [href, words])

/** Goes to the provider, and comes back as somebody. */
async function comeBack(browser: Browser, claims: Readonly<Record<string, unknown>>): Promise<Reply> {
  const start = await ask(served().server, '/oauth/start/google', { redirect: 'manual' })
  const url = start.headers.get('location') ?? ''
  browser.jar = {
    cookie: start.headers
      .getSetCookie()
      .map((line) => line.split(';')[0] ?? '')
      .join('; '),
  }
  const startOAuth = () => Promise.resolve({ url, challenge: '', redirectUri: '', expiresAt: new Date() })
  const { finish } = await beginAt(provider, { startOAuth }, { sub: crypto.randomUUID(), ...claims })
  const query = new URLSearchParams({ state: finish.state, code: finish.code, iss: finish.issuer })
  return browser.open(`/oauth/callback/google?${query.toString()}`)
}

describe('a page that tells of an error on the way by a provider has the next step as a link', () => {
  const another = ['../../sign-in', 'Sign in another way']

  test('where the provider is down: again, or another way', async () => {
    const page = await new Browser(served).open('/oauth/start/gone')
    expect([page.status, headingIn(page)]).toEqual([503, 'This provider cannot be used right now'])
    expect(linksIn(page)).toEqual([['../start/gone', 'Try again'], another])
  })

  test('where the redirect is not allowed', async () => {
    const page = await new Browser(served).open('/oauth/start/google?redirectTo=https%3A%2F%2Fevil.example')
    expect([page.status, headingIn(page), linksIn(page)]).toEqual([400, 'This sign-in leads somewhere else', [another]])
  })

  test('where the address is that of an account with more rights', async () => {
    const email = `${crypto.randomUUID()}@gmail.com`
    const { world } = served()
    const owner = await world.newUser({ email, emailVerified: true })
    await world.asSystem().organizations.create({ name: 'Analytical Engines', slug: crypto.randomUUID(), ownerId: owner.id })
    const page = await comeBack(new Browser(served), { email, email_verified: true })
    expect([page.status, headingIn(page), linksIn(page)]).toEqual([403, 'You have an account here already', [another]])
  })
})

test('no other page that tells of an error is without a way on either', async () => {
  for (const [path, fields] of [
    ['/second-factors', { do: 'set-up' }],
    ['/forgot-password', {}],
    ['/verify-email', { token: 'x' }],
    ['/device', {}],
  ] as const) {
    const page = await new Browser(served).send(path, fields, { 'content-type': 'text/plain' })
    expect([path, page.status, linksIn(page).length > 0]).toEqual([path, expect.any(Number), true])
    expect(page.status).toBeGreaterThanOrEqual(400)
  }
})

test('whoever comes by a provider whose word does not count for their address is told that none was taken over', async () => {
  const page = await comeBack(new Browser(served), { email: newEmail(), email_verified: true })
  expect([page.status, page.text.includes('This account has no email address. None was taken over from google')]).toEqual([200, true])
  const counted = await comeBack(new Browser(served), { email: `${crypto.randomUUID()}@gmail.com`, email_verified: true })
  expect([counted.status, counted.text.includes('no email address')]).toEqual([200, false])
})
