import type { Logger } from '@denizen/core'
import { afterEach, expect, test } from 'vitest'
import { withoutRepeats } from './log-repeats.ts'
import { smtpMailer } from './smtp.ts'

const from = { name: 'Denizen', address: 'no-reply@example.com' }
const lines: { message: string; fields: Readonly<Record<string, unknown>> | undefined }[] = []
const write = (message: string, fields?: Readonly<Record<string, unknown>>): void => void lines.push({ message, fields })
const written: Logger = { debug: write, info: write, warn: write, error: write }

afterEach(() => void lines.splice(0))

test('a mail server that is away is one short line, and then one with how many mails it has kept waiting', async () => {
  let now = 0
  const logger = withoutRepeats(written, () => now)
  const mailer = smtpMailer({ url: 'smtp://127.0.0.1:1', from })
  const failure: unknown = await mailer.send({ to: 'ada@example.com', subject: 'x', text: 'x', html: 'x' }).catch((error: unknown) => error)
  const fail = (jobId: string) =>
    logger.warn('A job failed and will be tried again.', { jobId, error: new Error('work', { cause: failure }) })
  for (const job of ['1', '2', '3']) fail(job)
  now = 11_000
  fail('4')
  const said = { state: 'ESOCKET', cause: expect.stringMatching(/^The mail server did not accept an email: connect ECONNREFUSED/) }
  expect(lines.map(({ fields }) => fields)).toEqual([
    { jobId: '1', ...said },
    { jobId: '4', repeated: 2, ...said },
  ])
})
