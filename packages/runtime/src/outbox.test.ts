import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mailerContract, TestLogger } from '@denizen/core/testing'
import { afterAll, expect, test } from 'vitest'
import { outboxMailer } from './outbox.ts'
import { readMail } from './testing/mail-server.ts'

const root = mkdtempSync(join(tmpdir(), 'denizen-outbox-'))
let count = 0
afterAll(() => rmSync(root, { recursive: true, force: true }))

function fixture() {
  const directory = join(root, String(++count), 'outbox')
  const logger = new TestLogger()
  const mailer = outboxMailer({ directory, from: { name: 'Denizen', address: 'denizen@localhost' } }, logger)
  const files = () =>
    count > 0 && statSync(directory, { throwIfNoEntry: false }) ? readdirSync(directory).map((name) => join(directory, name)) : []
  return { directory, logger, mailer, files }
}

mailerContract('files', () => {
  const { mailer, files } = fixture()
  const received = () => Promise.all(files().map(async (file) => readMail(readFileSync(file))))
  return { mailer, received: async () => (await received()).map(({ from: _, ...mail }) => mail) }
})

test('only whoever runs Denizen may read the files; the log says where, and nothing of what is in them', async () => {
  const { directory, logger, mailer, files } = fixture()
  await mailer.send({ to: 'ada@example.com', subject: 'Canary', text: 'https://id/?token=dnz_invite_canary', html: '<p>canary</p>' })
  const [file = ''] = files()
  expect(file).toMatch(/\.eml$/)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  expect(logger.lines).toMatchObject([{ level: 'warn', fields: { file } }])
  expect(JSON.stringify(logger.lines)).not.toMatch(/canary|ada@/i)
})

test('U2: a long link stands whole on one line of the file', async () => {
  const { mailer, files } = fixture()
  const link = `https://id.example/invitations/accept?token=dnz_invite_${'a'.repeat(120)}`
  await mailer.send({ to: 'ada@example.com', subject: 'Zoë invites you', text: `Zoë:\n\n${link}\n`, html: `<p>Zoë: ${link}</p>` })
  const [file = ''] = files()
  expect(readFileSync(file, 'utf8').split('\r\n')).toContain(link)
})
