import { beginAt, newEmail, TestProvider } from '@denizen/core/testing'
import { expect, test } from 'vitest'
import { Browser, headingIn } from '../testing/browser.ts'
import { ask, useServer } from '../testing/server.ts'

const google = TestProvider.configured('google')
const served = useServer({ world: { settings: { signUp: 'closed', identityProviders: [google] } } })

test('whoever has no account where sign-up is closed is told so, with another way as a link', async () => {
  const provider = await TestProvider.open(served().world.ports, google)
  const start = await ask(served().server, '/oauth/start/google', { redirect: 'manual' })
  const browser = new Browser(served)
  browser.jar = {
    cookie: start.headers
      .getSetCookie()
      .map((line) => line.split(';')[0] ?? '')
      .join('; '),
  }
  const url = start.headers.get('location') ?? ''
  const startOAuth = () => Promise.resolve({ url, challenge: '', redirectUri: '', expiresAt: new Date() })
  const { finish } = await beginAt(provider, { startOAuth }, { sub: 'new', email: newEmail(), email_verified: true })
  const query = new URLSearchParams({ state: finish.state, code: finish.code, iss: finish.issuer })
  const page = await browser.open(`/oauth/callback/google?${query.toString()}`)
  expect([page.status, headingIn(page)]).toEqual([403, 'You have no account here'])
  expect(page.text).toContain('href="../../sign-in">Sign in another way</a>')
})
