import { completed } from '@denizen/core'
import { newEmail, password } from '@denizen/core/testing'
import { describe, expect, it } from 'vitest'
import { ask, useServer } from '../testing/server.ts'

const app = 'https://app.example.com'
const served = useServer({ world: { settings: { allowedOrigins: [app] } } })
const look = (token: string) => served().get(`/sign-up/confirm?token=${encodeURIComponent(token)}`)

async function signedUp(input: object = {}, email = newEmail()) {
  const { world } = served()
  const { binding } = await world.asAnonymous().auth.signUp({ email, password, ...input })
  await world.work()
  return { email, binding, token: world.mailer.tokenFor(email) }
}

it('C12: the page behind the mail of a sign-up leads back to where somebody signed up, with the link, and there the password that was typed counts', async () => {
  const { email, token, binding } = await signedUp({ redirectTo: `${app}/welcome` })
  const { text } = await look(token)
  const href = /<a class="main" href="(https:\/\/app\.example\.com[^"]+)"/.exec(text)?.[1]?.replaceAll('&#61;', '=') ?? ''
  expect(text).toContain('Finish at app.example.com, where you signed up')
  const handed = new URLSearchParams(new URL(href).hash.slice(1)).get('token') ?? ''
  expect({ page: new URL(href).pathname, handed }).toEqual({ page: '/welcome', handed: token })
  // What the application does with it, in the browser that has the binding: nobody types a password again.
  const done = await served().world.asAnonymous().auth.verifyEmail({ token: handed, binding })
  expect(done).toMatchObject({ status: 'signedUp', redirectTo: `${app}/welcome` })
  expect(completed(await served().world.asAnonymous().auth.signIn({ identifier: email, password })).user.id).toBe(done.user.id)
  // Where nobody waits for the link, the page has nothing but its form.
  const alone = await look((await signedUp()).token)
  expect(alone.text).not.toContain('class="main" href')
})

describe('in the browser that signed up', () => {
  const sameOrigin = { 'sec-fetch-site': 'same-origin' }
  const post = (path: string, fields: Record<string, string>, headers: Record<string, string>) =>
    ask(served().server, path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(fields).toString(),
    })
  const lookWith = (token: string, cookie: string) =>
    ask(served().server, `/sign-up/confirm?token=${encodeURIComponent(token)}`, { headers: { cookie } })

  /** Signs up on the page. */
  async function signedUpOnPage(email: string, headers: Record<string, string> = sameOrigin) {
    const sent = await post('/sign-up', { email, password }, headers)
    expect(sent.status).toBe(200)
    await served().world.work()
    const [cookie = ''] = sent.headers.getSetCookie().map((line) => line.split(';')[0] ?? '')
    return { cookie, token: served().world.mailer.tokenFor(email) }
  }

  it('C12: nobody types the password twice', async () => {
    const email = newEmail()
    const { cookie, token } = await signedUpOnPage(email)
    const { text } = await lookWith(token, cookie)
    expect(text).toContain('with the password that you chose when you signed up')
    expect(text).not.toContain('type="password"')
    const done = await post('/sign-up/confirm', { token, decision: 'confirm' }, { ...sameOrigin, cookie })
    expect([done.status, done.text.includes('Your account is ready')]).toEqual([200, true])
    expect(done.headers.getSetCookie()).toEqual([expect.stringMatching(/^denizen-sign-up=; .*Max-Age=0$/)])
    expect(await served().world.asAnonymous().auth.signIn({ identifier: email, password })).toMatchObject({ status: 'signedIn' })
  })

  it.each<[string, (email: string) => Promise<{ cookie: string; token: string }>]>([
    ['another one', async (email) => ({ ...(await signedUpOnPage(email)), cookie: (await signedUpOnPage(newEmail())).cookie })],
    ['one whose form another site sent', (email) => signedUpOnPage(email, { 'sec-fetch-site': 'cross-site' })],
  ])('the password is chosen behind the link in %s', async (_which, begin) => {
    const email = newEmail()
    const { cookie, token } = await begin(email)
    expect((await lookWith(token, cookie)).text).toContain('type="password"')
    const refused = await post('/sign-up/confirm', { token, decision: 'confirm' }, { ...sameOrigin, cookie })
    expect([refused.status, refused.text.includes('Choose a password')]).toEqual([400, true])
    const done = await post(
      '/sign-up/confirm',
      { token, decision: 'confirm', password: 'another correct horse battery' },
      { ...sameOrigin, cookie },
    )
    expect(done.text).toContain('Your account is ready')
  })
})
