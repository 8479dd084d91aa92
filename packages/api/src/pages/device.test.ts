import { enrolAuthenticator, password, SoftAuthenticator, type SignedInUser } from '@denizen/core/testing'
import { userActor } from '@denizen/core'
import { expect, test } from 'vitest'
import { ask, useServer, type Reply } from '../testing/server.ts'

const served = useServer()

const begin = (clientName = 'denizen-cli') =>
  served().world.core.as({ kind: 'anonymous' }, { ip: '192.0.2.7', userAgent: 'denizen/0.1' }).auth.startDeviceLogin({ clientName })
const poll = (deviceCode: string) => served().world.asAnonymous().auth.pollDeviceLogin({ deviceCode })
const post = (fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Reply> =>
  ask(served().server, '/device', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  })
const sessions = async (username: string) =>
  served().world.rows<{ user_agent: string; ended: boolean }>(
    `select user_agent, ended_at is not null as ended from sessions where user_id = (select id from users where username = ?)
      and user_agent is not null order by user_agent`,
    [username],
  )

test('somebody types the code, sees what asks, and approves it with their password; their own session ends with it', async () => {
  const { user } = await served().world.signUp()
  const { userCode, deviceCode } = await begin()
  expect((await served().get('/device')).text).toContain('name="user_code"')
  const shown = await served().get(`/device?user_code=${userCode.toLowerCase()}`)
  expect(shown.status).toBe(200)
  for (const part of ['denizen-cli', '192.0.2.7', 'denizen/0.1', userCode, '>Approve<', '>Deny<', 'type="password"'])
    expect(shown.text).toContain(part)
  const done = await post({ user_code: userCode, decision: 'approve', identifier: user.username, password }, { 'user-agent': 'a browser' })
  expect([done.status, done.text]).toEqual([200, expect.stringContaining('is signed in')])
  expect(done.headers.get('set-cookie')).toBeNull()
  expect(await poll(deviceCode)).toMatchObject({ status: 'signedIn', user: { username: user.username } })
  expect(await sessions(user.username)).toEqual([
    { user_agent: 'a browser', ended: true },
    { user_agent: 'denizen/0.1', ended: false },
  ])
})

test('a wrong password approves nothing and is counted; the form keeps the name and never the password', async () => {
  const { user } = await served().world.signUp()
  const { userCode, deviceCode } = await begin()
  const wrong = await post({ user_code: userCode, decision: 'approve', identifier: user.username, password: 'canary of a password' })
  expect([wrong.status, wrong.text]).toEqual([401, expect.stringContaining('role="alert"')])
  expect(wrong.text).toContain(`value="${user.username}"`)
  expect(wrong.text, 'what is wrong stands just above the fields: on a phone nothing else is seen').toMatch(
    /Approve this only[^]*role="alert"[^<]*>[^<]+<\/p>\s*<form[^>]*>\s*<input type="hidden"[^>]*>\s*<div class="field">/,
  )
  expect(wrong.text).not.toContain('canary')
  expect((await post({ user_code: userCode, decision: 'approve', identifier: '', password: '' })).status).toBe(400)
  expect((await poll(deviceCode)).status).toBe('pending')
  const attempts = await served().world.rows(
    `select outcome from login_attempts where user_id = (select id from users where username = ?) order by outcome`,
    [user.username],
  )
  expect(attempts).toEqual([{ outcome: 'succeeded' }, { outcome: 'wrongPassword' }])
})

test('a user with a second factor gives its code too, on the next page', async () => {
  const ada = await served().world.signUp()
  const app = await enrolAuthenticator(served().world, ada)
  const { userCode, deviceCode } = await begin()
  const asked = await post({ user_code: userCode, decision: 'approve', identifier: ada.user.username, password })
  const challenge = /name="challenge" value="([^"]+)"/.exec(asked.text)?.[1] ?? ''
  expect([asked.status, challenge]).toEqual([200, expect.stringMatching(/^dnz_challenge_/)])
  expect((await poll(deviceCode)).status).toBe('pending')
  const wrong = await post({ user_code: userCode, decision: 'approve', challenge, code: app.wrongCode() })
  expect([wrong.status, wrong.text]).toEqual([401, expect.stringContaining('role="alert"')])
  expect(wrong.text).toContain(challenge)
  const done = await post({ user_code: userCode, decision: 'approve', challenge, code: app.code() })
  expect([done.status, done.text]).toEqual([200, expect.stringContaining('is signed in')])
  served().world.clock.advance(6_000)
  const answer = await poll(deviceCode)
  if (answer.status !== 'signedIn') throw new Error(`the device got ${answer.status}`)
  expect(await served().world.core.authenticate(answer.accessToken)).toMatchObject({ assurance: 'aal2' })
})

async function withPasskey(): Promise<{ ada: SignedInUser; key: SoftAuthenticator }> {
  const ada = await served().world.signUp()
  const key = new SoftAuthenticator({ origin: 'http://localhost:4000' })
  const { challenge, options } = await ada.as.passkeys.beginRegistration({})
  await ada.as.passkeys.finishRegistration({ challenge, response: await key.create(options) })
  return { ada, key }
}

/** The fields that the page's script finds and fills in. */
function passkeyFieldsOf({ text }: Reply) {
  const valueOf = (name: string) =>
    new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1]?.replaceAll(/&(?:quot|#34|#x22);/g, '"') ?? ''
  const fields = { challenge: valueOf('challenge'), first: valueOf('first'), options: valueOf('options') }
  if (fields.options === '') throw new Error(`the page asks for no passkey: ${text}`)
  return fields
}

test('O1: a user whose second factor is a passkey uses it on the next page', async () => {
  const { ada, key } = await withPasskey()
  const { userCode, deviceCode } = await begin()
  const asked = await post({ user_code: userCode, decision: 'approve', identifier: ada.user.username, password })
  const fields = passkeyFieldsOf(asked)
  expect([asked.status, asked.text]).toEqual([200, expect.not.stringContaining('name="code"')])
  const policy = asked.headers.get('content-security-policy') ?? ''
  for (const part of [`script-src 'self'`, `form-action 'self'`, `trusted-types 'none'`]) expect(policy).toContain(part)
  const sign = async (origin?: string) =>
    JSON.stringify(await key.get(JSON.parse(fields.options) as never, origin === undefined ? {} : { origin }))
  const elsewhere = await post({ user_code: userCode, decision: 'approve', ...fields, passkey: await sign('https://evil.example') })
  expect([elsewhere.status, passkeyFieldsOf(elsewhere)]).toEqual([401, fields])
  expect((await post({ user_code: userCode, decision: 'approve', ...fields, passkey: 'no JSON' })).status).toBe(400)
  expect((await poll(deviceCode)).status).toBe('pending')
  const done = await post({ user_code: userCode, decision: 'approve', ...fields, passkey: await sign() })
  expect([done.status, done.text]).toEqual([200, expect.stringContaining('is signed in')])
  expect(done.headers.get('set-cookie')).toBeNull()
  served().world.clock.advance(6_000)
  const answer = await poll(deviceCode)
  if (answer.status !== 'signedIn') throw new Error(`the device got ${answer.status}`)
  expect(await served().world.core.authenticate(answer.accessToken)).toMatchObject({ userId: ada.user.id, assurance: 'aal2' })
})

test('O1: a user with an app and a passkey has the choice', async () => {
  const { ada, key } = await withPasskey()
  const app = await enrolAuthenticator(served().world, await signInBy(key))
  const { userCode } = await begin()
  const asked = await post({ user_code: userCode, decision: 'approve', identifier: ada.user.username, password })
  const fields = passkeyFieldsOf(asked)
  expect(asked.text).toContain('name="code"')
  const done = await post({ user_code: userCode, decision: 'approve', ...fields, passkey: '', code: app.code() })
  expect([done.status, done.text]).toEqual([200, expect.stringContaining('is signed in')])
})

test('O1: a passkey alone approves too, for whoever has no password', async () => {
  const { ada, key } = await withPasskey()
  const { userCode, deviceCode } = await begin()
  const shown = await served().get(`/device?user_code=${userCode}`)
  expect(shown.text).toContain('value="passkey"')
  const asked = await post({ user_code: userCode, decision: 'passkey', identifier: '', password: '' })
  const fields = passkeyFieldsOf(asked)
  expect([asked.status, fields.first]).toEqual([200, 'yes'])
  const passkey = JSON.stringify(await key.get(JSON.parse(fields.options) as never))
  const done = await post({ user_code: userCode, decision: 'approve', ...fields, passkey })
  expect([done.status, done.text]).toEqual([200, expect.stringContaining('is signed in')])
  expect(await poll(deviceCode)).toMatchObject({ status: 'signedIn', user: { username: ada.user.username } })
  expect((await post({ user_code: (await begin()).userCode, decision: 'approve', ...fields, passkey })).status).toBe(401)
})

test('O1: the script of the page finds every part that it uses, and calls nobody but Denizen, for a challenge', async () => {
  const { headers, text: script } = await served().get('/passkey-form.js')
  expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect(script).not.toMatch(/innerHTML|eval\(|localStorage|sessionStorage|document\.cookie|https?:/)
  expect([...script.matchAll(/fetch\('([^']+)'/g)].map(([, address]) => address)).toEqual(['trpc/passkeys.beginSignIn'])
  expect((await served().get('/device')).headers.get('content-security-policy')).not.toContain('connect-src')
  const page = await post({ user_code: (await begin()).userCode, decision: 'passkey' })
  for (const [, id] of script.matchAll(/getElementById\('([\w-]+)'\)/g)) expect(page.text).toContain(`id="${id}"`)
  const [, names = ''] = /const \{ ([\w, ]+) \} = form.elements/.exec(script) ?? []
  for (const name of names.split(', ')) expect(page.text).toContain(`name="${name}"`)
})

/** A session that a passkey opened. */
async function signInBy(key: SoftAuthenticator): Promise<SignedInUser> {
  const { world } = served()
  const { challenge, options } = await world.asAnonymous().passkeys.beginSignIn()
  const { accessToken, user } = await world.asAnonymous().passkeys.finishSignIn({ challenge, response: await key.get(options) })
  const principal = await world.core.authenticate(accessToken)
  if (principal === null) throw new Error('a new token opens nothing')
  return {
    user: await world.asSystem().users.get({ userId: user.id }),
    token: accessToken,
    principal,
    as: world.core.as(userActor(principal)),
  }
}

test('whoever has the code may deny it, without an account', async () => {
  const { userCode, deviceCode } = await begin()
  const done = await post({ user_code: userCode, decision: 'deny', identifier: '', password: '' })
  expect([done.status, done.text]).toEqual([200, expect.stringContaining('is not signed in')])
  await expect(poll(deviceCode)).rejects.toMatchObject({ code: 'auth.deviceDenied' })
  expect((await served().get(`/device?user_code=${userCode}`)).status).toBe(404)
})

test('a session that owes a step approves nothing, and does not stay', async () => {
  const { user } = await served().world.signUp()
  await served().world.rows('update users set need_password_change = true where username = ? returning 1', [user.username])
  const { userCode, deviceCode } = await begin()
  const done = await post({ user_code: userCode, decision: 'approve', identifier: user.username, password })
  expect([done.status, done.text]).toEqual([403, expect.stringContaining('changePassword')])
  expect((await poll(deviceCode)).status).toBe('pending')
  expect((await sessions(user.username)).map(({ ended }) => ended)).toEqual([true])
})

test('the page runs nothing, is framed by nobody, sends its form to nobody else, and takes what it shows for text', async () => {
  const { userCode } = await begin('<script>alert(1)</script>"><img>')
  const shown = await served().get(`/device?user_code=${userCode}`)
  expect(shown.text).not.toMatch(/<script|<img/)
  const policy = shown.headers.get('content-security-policy') ?? ''
  for (const part of [`default-src 'none'`, `form-action 'self'`, `frame-ancestors 'none'`, `base-uri 'none'`])
    expect(policy).toContain(part)
  expect(policy).not.toContain('unsafe')
  expect([shown.headers.get('cache-control'), shown.headers.get('referrer-policy')]).toEqual(['no-store', 'same-origin'])
  const unknown = await served().get(`/device?user_code=${encodeURIComponent('"><script>')}`)
  expect([unknown.status, unknown.text]).toEqual([404, expect.not.stringContaining('<script')])
})

test('whoever is signed in in this browser, and proved it a moment ago, presses a button; later they type their password', async () => {
  const { user, token } = await served().world.signUp()
  const { userCode, deviceCode } = await begin()
  const cookie = { cookie: `denizen=${token}` }
  const shown = await served().get(`/device?user_code=${userCode}`, cookie)
  expect(shown.text).toContain(`signed in here as <strong>${user.username}</strong>`)
  expect(shown.text).not.toContain('type="password"')
  const fields = { user_code: userCode, decision: 'approve', by: 'session' }
  const own = { ...cookie, origin: 'http://localhost:4000', 'sec-fetch-site': 'same-origin' }
  served().world.clock.advance(5 * 60_000)
  const late = await post(fields, own)
  expect([late.status, late.text]).toEqual([401, expect.stringContaining('type="password"')])
  expect(late.text, 'who it is stands there').toContain(`value="${user.username}"`)
  expect((await served().get(`/device?user_code=${userCode}`, cookie)).text).toContain('type="password"')
  expect((await poll(deviceCode)).status).toBe('pending')

  const again = await served().world.signIn(user)
  const done = await post(fields, { ...own, cookie: `denizen=${again.token}` })
  expect([done.status, done.text]).toEqual([200, expect.stringContaining('is signed in')])
  expect(await served().world.core.authenticate(again.token)).not.toBeNull()
  expect((await poll(deviceCode)).status).toBe('signedIn')
})

test('whoever has the page open for longer than the code works enters the new code, and nothing else again', async () => {
  const { user } = await served().world.signUp()
  const { userCode } = await begin()
  const typed = { decision: 'approve', identifier: user.username, password: 'canary of a password' }
  served().world.clock.advance(11 * 60_000)
  const over = await post({ user_code: userCode, ...typed })
  expect([over.status, over.text]).toEqual([404, expect.stringContaining('start again there')])
  expect([over.text.includes('canary'), over.text.includes(`name="user_code"`), over.text.includes(`value="${userCode}"`)]).toEqual([
    false,
    true,
    true,
  ])
  const hidden = Object.fromEntries(
    [...over.text.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  )
  const { userCode: fresh, deviceCode } = await begin()
  const again = await post({ ...hidden, user_code: fresh })
  expect([again.status, again.text.includes(`value="${user.username}"`), again.text.includes('role="alert"')]).toEqual([200, true, false])
  expect((await post({ user_code: fresh, ...typed, password })).status).toBe(200)
  expect((await poll(deviceCode)).status).toBe('signedIn')
})

test('a second factor that comes too late leads back to the password, and the name stays', async () => {
  const ada = await served().world.signUp()
  const app = await enrolAuthenticator(served().world, ada)
  const { userCode } = await begin()
  const asked = await post({ user_code: userCode, decision: 'approve', identifier: ada.user.username, password })
  const challenge = /name="challenge" value="([^"]+)"/.exec(asked.text)?.[1] ?? ''
  const hidden = { identifier: /name="identifier" value="([^"]+)"/.exec(asked.text)?.[1] ?? '', challenge }
  served().world.clock.advance(11 * 60_000)
  const { userCode: fresh } = await begin()
  const late = await post({ user_code: fresh, decision: 'approve', ...hidden, code: app.code() })
  expect([late.status, late.text]).toEqual([401, expect.stringContaining('Start again')])
  expect([late.text.includes('type="password"'), late.text.includes(`value="${ada.user.username}"`)]).toEqual([true, true])
})

test('a foreign page approves nothing by the cookie of whoever looks at it, and a token in a header is no browser', async () => {
  const { token } = await served().world.signUp()
  const { userCode, deviceCode } = await begin()
  const fields = { user_code: userCode, decision: 'approve', by: 'session' }
  const cookie = { cookie: `denizen=${token}` }
  for (const headers of [
    { ...cookie, origin: 'https://evil.example' },
    { ...cookie, origin: 'null', 'sec-fetch-site': 'cross-site' },
    { ...cookie, origin: 'null' },
    cookie,
  ])
    expect((await post(fields, headers)).status).toBe(403)
  expect((await post(fields, { authorization: `Bearer ${token}` })).status).toBe(401)
  expect((await post(fields)).status).toBe(401)
  expect((await poll(deviceCode)).status).toBe('pending')
})

test('what is no form, and what says neither yes nor no, is refused', async () => {
  const { userCode } = await begin()
  const undecided = await post({ user_code: userCode, identifier: 'ada' })
  expect([undecided.status, undecided.text]).toEqual([400, expect.stringContaining('Press Approve or Deny.')])
  expect([undecided.text.includes('value="ada"'), undecided.text.includes('decision:')]).toEqual([true, false])
  expect((await served().post('/device', { user_code: userCode })).status).toBe(415)
  expect((await ask(served().server, '/device', { method: 'PUT' })).status).toBe(405)
  expect((await post({ user_code: userCode, decision: 'approve', identifier: 'x'.repeat(40_000) })).status).toBe(413)
})
