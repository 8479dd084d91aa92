import { DenizenError } from '@denizen/core'
import { mailerContract } from '@denizen/core/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { smtpMailer } from './smtp.ts'
import { readMail, startMailServer, type MailServer } from './testing/mail-server.ts'

const from = { name: 'Denizen, "the" id', address: 'no-reply@example.com' }
const mail = { to: 'ada@example.com', subject: 'Hello', text: 'Hello\n', html: '<p>Hello</p>\n' }
const servers: MailServer[] = []

async function start(options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer> {
  const server = await startMailServer(options)
  servers.push(server)
  return server
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

mailerContract('SMTP', async () => {
  const { url, mails } = await start()
  const received = () => Promise.all(mails.map(async ({ raw }) => readMail(raw))).then((read) => read.map(({ from: _, ...rest }) => rest))
  return { mailer: smtpMailer({ url, from }), received }
})

describe('over SMTP', () => {
  test('a mail has one recipient, one sender, both parts in one alternative, and lines that every server takes', async () => {
    const { url, mails } = await start()
    await smtpMailer({ url, from }).send({ ...mail, text: 'ü'.repeat(3000) })
    expect(mails).toHaveLength(1)
    const [{ raw, recipients, sender } = { raw: '', recipients: [], sender: '' }] = mails
    expect({ recipients, sender }).toEqual({ recipients: ['ada@example.com'], sender: 'no-reply@example.com' })
    const [head = ''] = raw.split('\r\n\r\n', 1)
    expect(head).toMatch(/^Content-Type: multipart\/alternative;/m)
    expect(head).toMatch(/^MIME-Version: 1\.0$/m)
    expect(head).toMatch(/^Auto-Submitted: auto-generated$/m)
    expect(head).toMatch(/^Message-ID: <\S+@example\.com>$/im)
    expect(head).toMatch(/^Date: /m)
    expect(head).toContain('From: "Denizen, \\"the\\" id" <no-reply@example.com>')
    const plain = raw.indexOf('Content-Type: text/plain; charset=utf-8')
    expect(plain, 'the plain part comes first (RFC 2046, 5.1.4)').toBeGreaterThan(0)
    expect(raw.indexOf('Content-Type: text/html; charset=utf-8')).toBeGreaterThan(plain)
    for (const line of raw.split('\r\n')) expect(line.length).toBeLessThanOrEqual(998)
    expect(raw).toMatch(/^[\x20-\x7e\r\n\t]*$/)
  })

  test('signs in with user and password, percent-encoded in the URL', async () => {
    const secrets: string[] = []
    const { port, mails } = await start({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username = '', password = '' }, _session, done) => {
        secrets.push(`${username} ${password}`)
        done(null, { user: username })
      },
    })
    await smtpMailer({ url: `smtp://no-reply%40example.com:p%40ss%2Fword@127.0.0.1:${port}`, from }).send(mail)
    expect(secrets).toEqual(['no-reply@example.com p@ss/word'])
    expect(mails).toMatchObject([{ user: 'no-reply@example.com' }])
  })

  test('a recipient that the server will never take is refused for good, and told without the address', async () => {
    const { url } = await start({
      onRcptTo: ({ address }, _session, done) => done(Object.assign(new Error(`no such user: ${address}`), { responseCode: 550 })),
    })
    const failure: unknown = await smtpMailer({ url, from })
      .send(mail)
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(DenizenError)
    expect(failure).toMatchObject({ code: 'mail.refused', details: { reason: 'RCPT TO was answered 550' } })
    expect(String((failure as Error).message)).not.toContain('ada@')
  })

  test.each([
    [
      'one that the server will take later',
      { onRcptTo: (_address, _session, done) => done(Object.assign(new Error('busy'), { responseCode: 450 })) },
    ],
    [
      'a sender that it does not take',
      { onMailFrom: (_address, _session, done) => done(Object.assign(new Error('who?'), { responseCode: 550 })) },
    ],
  ] satisfies [string, Parameters<typeof startMailServer>[0]][])('%s may be tried again', async (_what, options) => {
    const { url } = await start(options)
    const failure: unknown = await smtpMailer({ url, from })
      .send(mail)
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Error)
    expect(failure).not.toBeInstanceOf(DenizenError)
  })

  test('a server that is away may be tried again', async () => {
    const server = await startMailServer()
    await server.close()
    await expect(smtpMailer({ url: server.url, from }).send(mail)).rejects.toThrow(/did not accept an email.*ECONNREFUSED/)
  })
})
