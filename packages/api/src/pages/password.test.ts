import { newEmail } from '@denizen/core/testing'
import type { User } from '@denizen/core'
import { describe, expect, test } from 'vitest'
import { ask, useServer } from '../testing/server.ts'

const served = useServer()
const password = 'wheelbarrow antlers soup'

const look = (path: string, token: string) => served().get(`${path}?token=${token}`)
const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  ask(served().server, path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  })

async function forgetful(): Promise<{ user: User; token: string }> {
  const { world } = served()
  const user = await world.newUser({ emailVerified: true })
  await world.asAnonymous().auth.requestPasswordReset({ email: user.email ?? '' })
  await world.work()
  return { user, token: world.mailer.tokenFor(user.email ?? '') }
}

describe('the page behind a link that leads to a password', () => {
  test('asks for one, uses nothing up by being looked at, and sets it once', async () => {
    const { user, token } = await forgetful()
    for (let count = 0; count < 3; count++) {
      const { status, text } = await look('/reset-password', token)
      expect(status).toBe(200)
      for (const part of [
        'Choose a new password',
        user.email ?? '',
        user.username,
        'autocomplete="new-password"',
        'action="reset-password"',
      ])
        expect(text).toContain(part)
    }
    const answer = await post('/reset-password', { token, password })
    expect({ status: answer.status, set: answer.text.includes('Your password is set') }).toEqual({ status: 200, set: true })
    expect(answer.headers.get('set-cookie')).toBeNull()
    await expect(served().world.signIn(user, password)).resolves.toBeDefined()
    for (const again of [await look('/reset-password', token), await post('/reset-password', { token, password })]) {
      expect(again.status).toBe(404)
      expect(again.text).toContain('This link does not work')
      for (const way of ['sign-in', 'forgot-password']) expect(again.text).toContain(`href="./${way}"`)
    }
  })

  test('sets up an account that an operator made', async () => {
    const { world, admin } = served()
    const user = await world.asSystem().users.create({ email: newEmail() })
    if (user === null) throw new Error('no user')
    await admin.as.auth.sendSetupLink({ userId: user.id })
    await world.work()
    const token = world.mailer.tokenFor(user.email ?? '')
    expect((await look('/set-up', token)).text).toContain('Set up your account')
    expect((await post('/set-up', { token, password })).status).toBe(200)
    await expect(world.signIn(user, password)).resolves.toBeDefined()
  })

  test('says what is wrong with a password, keeps the link good, and never repeats it', async () => {
    const { token } = await forgetful()
    for (const [typed, message] of [
      ['canary-canary', 'at least 15 characters'],
      ['canary-canary-canary', 'The password is too easy to guess'],
      ['', 'Choose a password.'],
    ] as const) {
      const { status, text } = await post('/reset-password', { token, password: typed })
      expect(status).toBe(400)
      expect(text).toContain(message)
      expect(text).toContain('role="alert"')
      expect(text).not.toContain('canary')
    }
    expect((await post('/reset-password', { token, password })).status).toBe(200)
  })

  test('says the same of every link that is none, and of an invitation’s', async () => {
    const reference = (await look('/reset-password', 'none')).text
    for (const token of ['', 'x', 'A'.repeat(3000), '%00', '<script>', `dnz_verify_${'0'.repeat(26)}_${'0'.repeat(49)}`])
      expect(await look('/reset-password', encodeURIComponent(token))).toMatchObject({ status: 404, text: reference })
  })

  test('runs nothing, loads nothing, is framed by nobody, stored by nobody and told to nobody', async () => {
    const { token } = await forgetful()
    for (const { headers, text } of [
      await look('/reset-password', token),
      await look('/set-up', 'none'),
      await post('/reset-password', { token, password: 'x' }),
    ]) {
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; .*form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      )
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(text).not.toMatch(/<script|https?:|\ssrc=/)
    }
  })

  test('29: takes its own form only, and says nothing of the host that a request names', async () => {
    const { token } = await forgetful()
    const json = await ask(served().server, '/reset-password', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, password }),
    })
    expect(json.status).toBe(415)
    expect((await post('/reset-password', { token, password: 'x'.repeat(40_000) })).status).toBe(413)
    const put = await ask(served().server, '/reset-password', { method: 'DELETE' })
    expect({ status: put.status, allow: put.headers.get('allow') }).toEqual({ status: 405, allow: 'GET, HEAD, POST' })
    expect((await served().get(`/reset-password?token=${token}`, { 'x-forwarded-host': 'evil.example' })).text).not.toContain(
      'evil.example',
    )
    for (const other of ['/reset-password/', '//reset-password', '/Reset-password', '/reset%2dpassword'])
      expect((await served().get(other)).status).toBe(404)
  })

  test('no token and no password is in the log', async () => {
    const { token } = await forgetful()
    await post('/reset-password', { token, password })
    expect(JSON.stringify(served().world.logger.lines)).not.toMatch(new RegExp(`${token.slice(-49)}|${password}`))
  })
})
