import { afterAll, beforeAll, expect, it } from 'vitest'
import { readMail, startMailServer, type MailServer } from '../../../packages/runtime/src/testing/mail-server.ts'
import { openDatabase, type SystemDatabase } from '../../database.ts'
import { eventually } from '../../deadlines.ts'
import { denizenToEnd, endPrograms, startServer, type ServerProgram } from '../../processes.ts'

const password = 'another correct horse battery'
const email = 'ada@example.com'

let database: SystemDatabase
let mails: MailServer
let server: ServerProgram

beforeAll(async () => {
  database = await openDatabase()
  mails = await startMailServer()
  const mail = { DENIZEN_SMTP_URL: mails.url, DENIZEN_MAIL_FROM: 'Denizen Zürich <no-reply@example.com>' }
  server = await startServer({ ...database.environment, ...mail, DENIZEN_LOG_LEVEL: 'debug' })
})
afterAll(async () => {
  await endPrograms()
  await mails.close()
  await database.close()
})

/** What `denizen call` answers to somebody who is not signed in. */
async function call<Answer>(action: string, input: object): Promise<Answer> {
  const { code, stdout, stderr } = await denizenToEnd(
    ['call', action, '--json', '--input', '-'],
    { DENIZEN_URL: server.url },
    JSON.stringify(input),
  )
  if (code !== 0) throw new Error(`denizen call ${action} ended with ${code}:\n${stderr()}`)
  return JSON.parse(stdout()) as Answer
}

/** The mail with a subject, as the mail server got it. */
function received(subject: string) {
  return eventually(30_000, `the mail “${subject}”`, async () => {
    for (const { raw, recipients } of mails.mails) {
      const mail = await readMail(raw)
      if (mail.subject === subject && recipients[0] === email) return mail
    }
    return undefined
  })
}

it('somebody signs up on the command line, follows the link in the mail, and signs in by link and by code, over SMTP and HTTP', async () => {
  await call('auth.signUp', { email, password })
  const { text, html } = await received('Confirm your address to finish signing up')
  const link = /^https?:\/\/\S+$/m.exec(text)?.[0] ?? ''
  expect(link.startsWith(`${server.url}/sign-up/confirm?token=dnz_verify_`)).toBe(true)
  expect(html).toContain('Finish signing up')
  expect(text).toContain('from the address 127.0.0.1')
  for (let count = 0; count < 2; count++) expect((await fetch(link)).status).toBe(200)
  const token = new URL(link).searchParams.get('token') ?? ''
  const body = new URLSearchParams({ token, decision: 'confirm', password, username: 'ada' })
  const page = await fetch(link.replace(/\?.*/, ''), { method: 'POST', body })
  expect(await page.text()).toContain('Your account is ready')
  expect(await call('auth.signIn', { identifier: 'ada', password })).toHaveProperty('accessToken')

  const asked = await call<{ binding: string }>('auth.requestMagicLink', { email })
  const magic = /token=(\S+)/.exec((await received('Your link to sign in')).text)?.[1] ?? ''
  expect(await call('auth.signInWithMagicLink', { token: magic, binding: asked.binding })).toHaveProperty('accessToken')

  const { binding } = await call<{ binding: string }>('auth.requestEmailCode', { email })
  const code = /^\d{4} \d{4}$/m.exec((await received('Your code to sign in')).text)?.[0] ?? ''
  expect(await call('auth.signInWithEmailCode', { binding, code })).toHaveProperty('accessToken')

  await call('auth.signUp', { email, password: `${password} again` })
  expect((await received('You have an account already')).text).toContain('“ada”')
  const log = server.stdout() + server.stderr()
  for (const secret of [token, magic, code, password, binding]) expect(log).not.toContain(secret)
})
