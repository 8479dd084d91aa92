import { newEmail, password, useWorld } from '@denizen/core/testing'
import { expect, test } from 'vitest'

const world = useWorld({ settings: { publicUrl: 'https://id.example.com' } })
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
const from = (userAgent: string | null) =>
  world().core.as({ kind: 'anonymous' }, { requestId: 'r', ip: '192.0.2.1', userAgent, remote: true })

const lastTo = (email: string) => {
  const mail = world().mailer.sent.findLast(({ to }) => to === email)
  if (mail === undefined) throw new Error(`no mail to ${email}`)
  return mail
}

test('a mail says who asked, when, from where and with what, until when it works, and what to do if it was not you', async () => {
  const email = newEmail()
  await from(firefox).auth.signUp({ email, password })
  await world().work()
  const { text, html } = lastTo(email)
  const at = world().clock.now().toISOString().slice(0, 16).replace('T', ' ')
  for (const part of [
    `Requested at ${at} UTC, from the address 192.0.2.1, with Firefox 128 on Linux.`,
    'If it was not you',
    'works once',
    email,
  ]) {
    expect(text).toContain(part)
    expect(html).toContain(part)
  }
  expect(html).not.toMatch(/<script|<img|\ssrc=|<link/)
})

test('28: a stranger chooses no word of a mail to somebody else', async () => {
  for (const userAgent of [
    'Your account is hacked, go to https://evil.example now',
    'Mozilla/5.0 (Linux; Android 14; Call +1 555 https://evil.example Build/X) Chrome/1',
    '<script>alert(1)</script>',
    'x\r\nBcc: evil@evil.example',
    `Firefox/${'9'.repeat(3000)}`,
    'Chrome/evil.example',
    'HEADHACKED_evil.example/1.0 (evil.example; evil.example)',
  ]) {
    const email = newEmail()
    await from(userAgent).auth.signUp({
      email,
      password,
      fullName: 'Visit evil.example',
      displayName: 'evil.example',
      username: 'evil.example',
    })
    await world().work()
    expect(JSON.stringify(lastTo(email))).not.toMatch(/evil|hacked|<script/i)
  }
})

test.each(['magicLink', 'emailCode', 'verifyEmail', 'reauthenticate'] as const)(
  'the mail of %s has no script and leads to nobody else',
  async (purpose) => {
    const { user, as } = await world().signUp({ emailVerified: purpose !== 'verifyEmail' })
    const email = user.email ?? ''
    if (purpose === 'magicLink') await from(firefox).auth.requestMagicLink({ email })
    if (purpose === 'emailCode') await from(firefox).auth.requestEmailCode({ email })
    if (purpose === 'verifyEmail') await as.auth.requestEmailVerification({})
    if (purpose === 'reauthenticate') await as.auth.requestEmailCode({ purpose })
    await world().work()
    const { text, html } = lastTo(email)
    expect(text).toContain(user.username)
    expect(text).toContain('If it was not you')
    for (const [url] of `${text}\n${html}`.matchAll(/https?:\/\/[^\s"<]+/g)) expect(url).toMatch(/^https:\/\/id\.example\.com\//)
    expect(text.includes('https://')).toBe(purpose === 'magicLink' || purpose === 'verifyEmail')
  },
)

test('30: only an address that is allowed is remembered, and it is in no mail', async () => {
  const email = newEmail()
  for (const redirectTo of ['https://evil.example/', '//evil.example', 'https://id.example.com@evil.example/'])
    for (const ask of [
      () => from(null).auth.signUp({ email, password, redirectTo }),
      () => from(null).auth.requestMagicLink({ email, redirectTo }),
    ])
      await expect(ask()).rejects.toMatchObject({ code: 'auth.redirectNotAllowed' })
  expect(await world().rows('select 1 from verifications where email = ?', [email])).toEqual([])
  const core = world().another({ settings: { publicUrl: 'https://id.example.com', allowedOrigins: ['https://app.example.com'] } })
  const { binding } = await core.as({ kind: 'anonymous' }).auth.signUp({ email, password, redirectTo: 'https://app.example.com/in' })
  await world().work()
  expect(lastTo(email).text).not.toContain('app.example.com')
  const token = world().mailer.tokenFor(email)
  expect(await from(null).auth.verifyEmail({ token, binding })).toMatchObject({ redirectTo: 'https://app.example.com/in' })
})

test('no secret is in a job, in a row or in the log', async () => {
  const email = newEmail()
  await from(null).auth.signUp({ email, password })
  const jobs = await world().rows<{ payload: unknown }>('select payload from testing.jobs')
  await world().work()
  const secret = world().mailer.tokenFor(email).slice(-49)
  const [row] = await world().rows('select * from verifications where email = ?', [email])
  expect(JSON.stringify([jobs, row, world().logger.lines])).not.toContain(secret)
})
