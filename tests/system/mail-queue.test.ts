import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMail, startMailServer, type MailServer } from '../../packages/runtime/src/testing/mail-server.ts'
import { openDatabase, type SystemDatabase } from '../database.ts'
import { eventually } from '../deadlines.ts'
import { endPrograms, startServer, type ServerProgram } from '../processes.ts'
import { expectKept } from './promise.ts'

/** Requests of strangers that come before. DENIZEN_TEST_STRANGERS=10000 is what is promised; it takes some minutes. */
const strangers = Number(process.env['DENIZEN_TEST_STRANGERS'] ?? 1000)
const atOnce = 16
const promised = 2000

const password = 'another correct horse battery'
const ada = 'ada@example.com'
/** The mail server is slow with these alone. */
const slow = /^slow-/

let database: SystemDatabase
let mails: MailServer
let server: ServerProgram

beforeAll(async () => {
  database = await openDatabase()
  mails = await startMailServer({
    onRcptTo: ({ address }, _, done) => void setTimeout(done, slow.test(address) ? 5000 : 0),
  })
  const mail = { DENIZEN_SMTP_URL: mails.url, DENIZEN_MAIL_FROM: 'no-reply@example.com' }
  server = await startServer({ ...database.environment, ...mail, DENIZEN_TRUSTED_PROXIES: '127.0.0.1/32' })
})
afterAll(async () => {
  await endPrograms()
  await mails.close()
  await database.close()
})

/** Calls an action from an address. */
async function call<Answer>(action: string, input: object, ip: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': ip }
  const answer = await fetch(`${server.url}/trpc/${action}`, { method: 'POST', headers, body: JSON.stringify({ json: input }) })
  if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { result: { data: { json: Answer } } }).result.data.json
}

const mailsTo = (email: string) => mails.mails.filter(({ recipients }) => recipients[0] === email)
const address = (number: number) => `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`

async function signUp(): Promise<void> {
  await call('auth.signUp', { email: ada, password }, '203.0.113.1')
  const raw = await eventually(30_000, 'the mail about the sign-up', async () => mailsTo(ada)[0]?.raw)
  const link = /^https?:\/\/\S+$/m.exec((await readMail(raw)).text)?.[0] ?? ''
  const token = new URL(link).searchParams.get('token') ?? ''
  await fetch(link.replace(/\?.*/, ''), {
    method: 'POST',
    body: new URLSearchParams({ token, decision: 'confirm', password, username: 'ada' }),
  })
}

/** What a stranger asks for who wants to hold up everybody's mail. */
function floods(number: number): Promise<unknown> {
  const ip = address(number)
  if (number % 50 === 0) return call('auth.signUp', { email: `slow-${number}@example.com`, password }, ip)
  if (number % 2 === 0) return call('auth.requestPasswordReset', { email: `nobody-${number}@example.com` }, ip)
  return call('auth.requestEmailCode', { email: `nobody-${number}@example.com` }, ip)
}

describe('ABUSE 74: mails that strangers ask for hold up nobody’s', () => {
  it(`R3: a code is mailed within ${promised} ms behind ${strangers} requests of strangers`, async (context) => {
    await signUp()
    let next = 0
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (next < strangers) await floods(++next)
      }),
    )
    await expectKept(
      context,
      'a code behind a flood',
      async () => {
        const before = mailsTo(ada).length
        const asked = performance.now()
        await call('auth.requestEmailCode', { email: ada }, '203.0.113.1')
        await eventually(60_000, 'the code', async () => mailsTo(ada).length > before || undefined, 20)
        return performance.now() - asked
      },
      (milliseconds) => {
        console.log(`the code came after ${Math.round(milliseconds)} ms, behind ${strangers} requests`)
        return milliseconds <= promised ? [] : [`${Math.round(milliseconds)} ms`]
      },
    )
    expect(mailsTo(ada).length).toBeGreaterThan(1)
  })
})
