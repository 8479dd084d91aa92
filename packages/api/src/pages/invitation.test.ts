import { createHash } from 'node:crypto'
import { request, type RequestOptions } from 'node:http'
import { newEmail } from '@denizen/core/testing'
import { completed, uuidOf, type Id } from '@denizen/core'
import { describe, expect, test } from 'vitest'
import { ask, useServer, type Reply } from '../testing/server.ts'

const served = useServer()
const password = 'another correct horse battery'
const path = '/invitations/accept'

async function invited(email = newEmail(), name?: string): Promise<{ email: string; token: string; organizationId: Id<'org'> }> {
  const { world } = served()
  const organizationId = await world.newOrganization()
  if (name !== undefined) await world.rows('update organizations set name = ? where id = ?', [name, uuidOf(organizationId)])
  await world.asSystem().organizations.invite({ organizationId, email })
  await world.work()
  return { email, token: world.mailer.tokenFor(email), organizationId }
}

const look = (token: string): Promise<Reply> => served().get(`${path}?token=${token}`)
const post = (fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Reply> =>
  ask(served().server, path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  })
/** `fetch` would not let a request lie about its host. */
const lying = (where: string, options: RequestOptions, body = ''): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = request(`${served().server.url}${where}`, options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve(text))
    })
    sent.on('error', reject).end(body)
  })
const membersOf = async (organizationId: Id<'org'>) =>
  (await served().world.rows('select 1 from memberships where organization_id = ?', [uuidOf(organizationId)])).length

describe('the page of an invitation', () => {
  test('asks somebody without an account for a password, and uses nothing up, however often it is looked at', async () => {
    const { email, token, organizationId } = await invited()
    for (let count = 0; count < 3; count++) {
      const { status, text } = await look(token)
      expect(status).toBe(200)
      for (const part of [email, '<label for="password"', 'autocomplete="new-password"', 'Full name', '>Accept<', '>Decline<'])
        expect(text).toContain(part)
    }
    expect((await ask(served().server, `${path}?token=${token}`, { method: 'HEAD' })).status).toBe(200)
    const answer = await post({ token, decision: 'accept', password, fullName: 'Ada Lovelace' })
    expect(answer.status).toBe(200)
    expect(answer.text).toContain('Your account is ready')
    expect(await membersOf(organizationId)).toBe(1)
    const signedIn = completed(await served().world.asAnonymous().auth.signIn({ identifier: email, password }))
    expect(signedIn).toHaveProperty('accessToken')
    expect(await served().world.asSystem().users.find({ identifier: email })).toMatchObject({
      fullName: 'Ada Lovelace',
      emailVerified: true,
    })
    for (const again of [await look(token), await post({ token, decision: 'accept', password })]) {
      expect(again.status).toBe(404)
      expect(again.text).toContain('This invitation cannot be used')
    }
  })

  test('asks whoever has an account for nothing but the decision', async () => {
    const user = await served().world.newUser({ emailVerified: true })
    const { token, organizationId } = await invited(user.email ?? '')
    const { text } = await look(token)
    expect(text).not.toContain('type="password"')
    expect((await post({ token, decision: 'accept', password })).text).toContain('Sign in as before')
    expect(await membersOf(organizationId)).toBe(1)
    await expect(served().world.signIn(user)).resolves.toBeDefined()
  })

  test('asks for a new password where nobody has proved the address', async () => {
    const user = await served().world.newUser()
    const { token } = await invited(user.email ?? '')
    const { text } = await look(token)
    expect(text).toContain('everybody who used it is signed out')
    expect(text).not.toContain('Full name')
    expect((await post({ token, decision: 'accept' })).text).toContain('Choose a password.')
    expect((await post({ token, decision: 'accept', password })).status).toBe(200)
    await expect(served().world.signIn(user, password)).resolves.toBeDefined()
  })

  test('declines', async () => {
    const { token, organizationId } = await invited()
    const { status, text } = await post({ token, decision: 'decline' })
    expect({ status, declined: text.includes('Invitation declined') }).toEqual({ status: 200, declined: true })
    expect(await membersOf(organizationId)).toBe(0)
    expect((await look(token)).status).toBe(404)
  })

  test('shows what is wrong with what was typed, keeps the name, never the password, and the invitation stays', async () => {
    const { token } = await invited()
    for (const [fields, message] of [
      [{ password: 'canary-short' }, 'at least 15 characters'],
      [{ password: 'sunshinesunshine' }, 'The password is too easy to guess'],
      [{ password: '' }, 'Choose a password.'],
      [{ password, fullName: 'Ada\u0007' }, 'Full name: control characters'],
    ] as const) {
      const { status, text } = await post({ fullName: 'Ada "L"', ...fields, token, decision: 'accept' })
      expect(status).toBe(400)
      expect(text).toContain(message)
      expect(text).toContain('role="alert"')
      expect(text).toContain('aria-invalid="true"')
      if (!('fullName' in fields)) expect(text).toContain('value="Ada &#34;L&#34;"')
      expect(text).not.toContain('canary-short')
      expect(text).not.toContain(password)
    }
    expect((await post({ token, decision: 'accept', password })).status).toBe(200)
  })

  test.each(['', 'x', `dnz_invite_${'0'.repeat(26)}_${'0'.repeat(49)}`, 'A'.repeat(3000), '%00', '<script>'])(
    'says the same of every link that is none: %j',
    async (token) => {
      const { status, text } = await look(encodeURIComponent(token))
      const { text: reference } = await look('none')
      expect({ status, text }).toEqual({ status: 404, text: reference })
    },
  )

  test.each([
    `<img src=x onerror=alert(1)>`,
    `"><script>alert(1)</script>`,
    `' onmouseover='alert(1)`,
    '&lt;script&gt;',
    '</title><script>1</script>',
    '`${1}`',
  ])('shows the name %j as text, wherever it stands', async (name) => {
    const { token } = await invited(undefined, name)
    const pages = [
      await look(token),
      await post({ token, decision: 'accept', fullName: name }),
      await post({ token, decision: 'accept', password, fullName: name }),
    ]
    for (const { text } of pages) {
      expect(text).not.toContain(name)
      expect(text).not.toMatch(/<script|<img|onmouseover='/)
      expect(text.match(/<title>[^<]*<\/title>/)?.[0]).toContain(name.replaceAll(/[&<>"'`=]/g, (letter) => `&#${letter.charCodeAt(0)};`))
    }
  })

  test('runs nothing, loads nothing, is framed by nobody, stored by nobody and told to nobody', async () => {
    const { token } = await invited()
    const pages = [
      await look(token),
      await look('none'),
      await post({ token, decision: 'accept' }),
      await post({ token, decision: 'decline' }),
    ]
    for (const { headers, text } of pages) {
      const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(text) ?? []
      const hash = createHash('sha256').update(style).digest('base64')
      expect(headers.get('content-security-policy')).toBe(
        `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
      )
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(headers.get('set-cookie')).toBeNull()
      expect(text).not.toMatch(/<script|https?:|\ssrc=|<link|style="/)
      expect(text).toContain('<html lang="en">')
    }
  })

  test('29: whatever a request says of its host, the form goes back to the page, and links go to the configured address', async () => {
    const { token, organizationId } = await invited()
    const lies = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example;proto=https',
      'x-forwarded-proto': 'https',
    }
    const page = await lying(`${path}?token=${token}`, { headers: lies })
    expect(page).toContain('action="accept"')
    expect(page).not.toContain('evil.example')
    const email = newEmail()
    const { admin, world } = served()
    const headers = { ...lies, 'content-type': 'application/json', authorization: `Bearer ${admin.token}` }
    expect(
      await lying('/trpc/organizations.invite', { method: 'POST', headers }, JSON.stringify({ json: { organizationId, email } })),
    ).toContain(email)
    await world.work()
    expect(world.mailer.linkTo(email)).toMatch(/^http:\/\/localhost:4000\/invitations\/accept\?token=/)
    expect(JSON.stringify(world.mailer.sent.findLast(({ to }) => to === email))).not.toContain('evil.example')
  })

  test('takes its own form only', async () => {
    const { token, organizationId } = await invited()
    const form = new URLSearchParams({ token, decision: 'accept', password }).toString()
    const sent = (type: string, body: string, method = 'POST') =>
      ask(served().server, path, { method, headers: { 'content-type': type }, ...(method === 'POST' && { body }) })
    expect((await sent('application/json', JSON.stringify({ token, decision: 'accept', password }))).status).toBe(415)
    expect((await sent('text/plain', form)).status).toBe(415)
    expect((await post({ token, password })).status).toBe(400)
    const unclear = await post({ token, password, decision: 'maybe' })
    expect([unclear.status, unclear.text]).toEqual([400, expect.stringContaining('Press Accept or Decline.')])
    expect((await post({ token, password: 'x'.repeat(40_000), decision: 'accept' })).status).toBe(413)
    const put = await sent('text/plain', '', 'DELETE')
    expect({ status: put.status, allow: put.headers.get('allow') }).toEqual({ status: 405, allow: 'GET, HEAD, POST' })
    for (const other of [`${path}/`, `/${path}`, '/Invitations/accept', '/invitations/%61ccept'])
      expect((await served().get(other)).status).toBe(404)
    expect(await membersOf(organizationId)).toBe(0)
  })

  test('looks at nobody’s credentials: a session that comes along changes nothing', async () => {
    const { token } = await invited()
    const { stranger } = served()
    const answer = await post(
      { token, decision: 'accept', password },
      { authorization: `Bearer ${stranger.token}`, cookie: `session=${stranger.token}` },
    )
    expect(answer.status).toBe(200)
    expect(answer.text).toContain('Your account is ready')
  })

  test('says what to do when the organization is full', async () => {
    const { token, organizationId } = await invited()
    await served().world.rows('update organizations set seat_limit = 0 where id = ?', [uuidOf(organizationId)])
    const { status, text } = await post({ token, decision: 'accept', password })
    expect({ status, full: text.includes('The organization is full') }).toEqual({ status: 409, full: true })
  })

  test('no token and no password is in the log', async () => {
    const { token } = await invited()
    await look(token)
    await post({ token, decision: 'accept', password })
    expect(JSON.stringify(served().world.logger.lines)).not.toMatch(new RegExp(`${token.slice(-49)}|${password}`))
  })
})
