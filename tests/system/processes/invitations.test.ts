import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readMail, startMailServer, type MailServer } from '../../../packages/runtime/src/testing/mail-server.ts'
import { openDatabase, type SystemDatabase } from '../../database.ts'
import { eventually } from '../../deadlines.ts'
import { denizenToEnd, endPrograms, freePort, startServer, type ServerProgram } from '../../processes.ts'

const password = 'another correct horse battery'
const name = 'Zürcher Käse & “株式会社” 🏔'

/** What `denizen call` answers. */
async function call<Answer>(environment: Record<string, string>, action: string, input: object): Promise<Answer> {
  const { code, stdout, stderr } = await denizenToEnd(['call', action, '--json', '--input', '-'], environment, JSON.stringify(input))
  if (code !== 0) throw new Error(`denizen call ${action} ended with ${code}:\n${stderr()}`)
  return JSON.parse(stdout()) as Answer
}

function linkIn({ text }: { text: string }): string {
  const [link] = /^https?:\/\/\S+$/m.exec(text) ?? []
  if (link === undefined) throw new Error(`no link in: ${text}`)
  return link
}

/** Answers an invitation as a browser would. */
async function acceptOver(link: string): Promise<string> {
  const shown = await fetch(link)
  const token = /name="token" value="([^"]+)"/.exec(await shown.text())?.[1] ?? ''
  const answer = await fetch(link.replace(/\?.*/, ''), {
    method: 'POST',
    body: new URLSearchParams({ token, decision: 'accept', password }),
  })
  return answer.text()
}

afterAll(endPrograms)

describe('with a mail server, on PostgreSQL', () => {
  let database: SystemDatabase
  let mails: MailServer
  let server: ServerProgram
  let cli: Record<string, string>
  let organizationId: string

  beforeAll(async () => {
    database = await openDatabase()
    mails = await startMailServer()
    const mail = { DENIZEN_SMTP_URL: mails.url, DENIZEN_MAIL_FROM: 'Denizen Zürich <no-reply@example.com>' }
    server = await startServer({ ...database.environment, ...mail, DENIZEN_LOG_LEVEL: 'debug' })
    cli = { DENIZEN_URL: server.url, DENIZEN_TOKEN: (await database.people.asSuperadmin()).token }
    organizationId = await database.people.newOrganization()
    await database.rows('update organizations set name = ?', [name])
  })
  afterAll(async () => {
    await endPrograms()
    await mails.close()
    await database.close()
  })

  const memberships = (email: string) =>
    database.rows('select m.role from memberships m join users u on u.id = m.user_id where u.email = ?', [email])

  const mailTo = (email: string) =>
    eventually(30_000, `the mail to ${email}`, async () => mails.mails.find(({ recipients }) => recipients[0] === email))

  it('somebody new is invited on the command line, gets a mail, follows its link and is a member who can sign in', async () => {
    await call(cli, 'organizations.invite', { organizationId, email: 'new@example.com', role: 'admin' })
    const received = await mailTo('new@example.com')
    expect(received).toMatchObject({ recipients: ['new@example.com'], sender: 'no-reply@example.com' })
    const mail = await readMail(received.raw)
    expect(mail).toMatchObject({ to: 'new@example.com', subject: `You are invited to join “${name}”` })
    expect(mail.text).toContain(`“${name}”`)
    expect(mail.html).toContain('Zürcher Käse &#38;')
    const link = linkIn(mail)
    expect(link.startsWith(`${server.url}/invitations/accept?token=dnz_invite_`)).toBe(true)
    expect(await acceptOver(link)).toContain('Your account is ready')
    expect(await memberships('new@example.com')).toEqual([{ role: 'admin' }])
    const anonymous = { DENIZEN_URL: server.url }
    expect(await call(anonymous, 'auth.signIn', { identifier: 'new@example.com', password })).toHaveProperty('accessToken')
    expect(await (await fetch(link)).text()).toContain('This invitation cannot be used')
    const log = server.stdout() + server.stderr()
    expect(log).not.toMatch(/dnz_invite_/)
  })

  it('somebody whom the operator made joins with the account that they have', async () => {
    const { code, stderr } = await denizenToEnd(['users', 'create', '--email', 'made@example.com', '--email-verified', '--json'], cli)
    expect({ code, told: stderr() }).toMatchObject({ code: 0 })
    await call(cli, 'organizations.invite', { organizationId, email: 'made@example.com' })
    const received = await mailTo('made@example.com')
    expect(await acceptOver(linkIn(await readMail(received.raw)))).toContain('Sign in as before')
    expect(await memberships('made@example.com')).toEqual([{ role: 'member' }])
  })
})

describe('with a mail server that is away', () => {
  let database: SystemDatabase
  let mails: MailServer | undefined
  beforeAll(async () => {
    database = await openDatabase()
  })
  // Or the server that can send nothing takes the jobs of the other.
  afterEach(endPrograms)
  afterAll(async () => {
    await mails?.close()
    await database.close()
  })

  it('the invitation is answered at once, and the mail arrives when the server is back', async () => {
    const port = await freePort()
    const mail = { DENIZEN_SMTP_URL: `smtp://127.0.0.1:${port}`, DENIZEN_MAIL_FROM: 'no-reply@example.com' }
    const server = await startServer({ ...database.environment, ...mail })
    const cli = { DENIZEN_URL: server.url, DENIZEN_TOKEN: (await database.people.asSuperadmin()).token }
    const organizationId = await database.people.newOrganization()
    await expect(call(cli, 'organizations.invite', { organizationId, email: 'late@example.com' })).resolves.toMatchObject({
      state: 'pending',
    })
    await eventually(20_000, 'a failed attempt', async () => server.stderr().includes('A job failed and will be tried again.'))
    expect(server.stderr()).not.toMatch(/dnz_invite_|late@example\.com/)
    mails = await startMailServer({ port })
    const { mails: arrived } = mails
    const [received] = await eventually(60_000, 'the mail', async () => arrived.length > 0 && arrived)
    expect(await acceptOver(linkIn(await readMail(received?.raw ?? '')))).toContain('Your account is ready')
  })

  it('and with none on PostgreSQL it fails at once, with what has to be set', async () => {
    const server = await startServer(database.environment)
    const cli = { DENIZEN_URL: server.url, DENIZEN_TOKEN: (await database.people.asSuperadmin()).token }
    const organizationId = await database.people.newOrganization()
    await expect(call(cli, 'organizations.invite', { organizationId, email: 'never@example.com' })).rejects.toThrow(
      /mail\.notConfigured[\s\S]*DENIZEN_SMTP_URL/,
    )
  })
})

describe('without one, on the embedded database', () => {
  let directory: string
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'denizen-invitations-'))
  })
  afterEach(endPrograms)
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  it('the mail is a file that only its owner may read, the log says which, and its link works', async () => {
    const server = await startServer({ DENIZEN_DATA_DIR: directory, DENIZEN_PUBLIC_URL: 'https://id.example.com/denizen' })
    const given = /^ +password +(\S+)$/m.exec(server.stdout())?.[1] ?? ''
    const { accessToken } = await call<{ accessToken: string }>({ DENIZEN_URL: server.url }, 'auth.signIn', {
      identifier: 'superadmin',
      password: given,
    })
    const cli = { DENIZEN_URL: server.url, DENIZEN_TOKEN: accessToken }
    const { id: organizationId } = await call<{ id: string }>(cli, 'organizations.create', { name })
    await call(cli, 'organizations.invite', { organizationId, email: 'new@example.com' })
    const [, file = ''] = await eventually(20_000, 'the mail', async () => /"file":"([^"]+\.eml)"/.exec(server.stderr()))
    expect(readdirSync(join(directory, 'outbox')).map((entry) => join(directory, 'outbox', entry))).toEqual([file])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const link = linkIn(await readMail(readFileSync(file)))
    expect(link).toMatch(/^https:\/\/id\.example\.com\/denizen\/invitations\/accept\?token=/)
    expect(server.stderr()).not.toMatch(/dnz_invite_/)
    expect(await acceptOver(link.replace('https://id.example.com/denizen', server.url))).toContain('Your account is ready')
  })
})
