import { mailerContract, TestMailer } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { noMailer } from '../defaults/index.ts'
import { headerText } from './index.ts'

mailerContract('that only remembers', () => {
  const mailer = new TestMailer()
  return { mailer, received: async () => mailer.sent }
})

test('without a mailer, mail fails with what has to be set', async () => {
  expect(noMailer.isConfigured).toBe(false)
  const mail = { to: 'ada@example.com', subject: 's', text: 't', html: 'h' }
  await expect(noMailer.send(mail)).rejects.toMatchObject({
    code: 'mail.notConfigured',
    message: expect.stringContaining('DENIZEN_SMTP_URL'),
  })
})

describe('text of others in a header', () => {
  test.each([
    ['two lines', 'a\r\nBcc: b', 'a\uFFFD\uFFFDBcc: b'],
    ['lines of Unicode', 'a\u2028b\u2029c\u0085d', 'a\uFFFDb\uFFFDc\uFFFDd'],
    ['an override of direction', 'exe.\u202egpj', 'exe.\uFFFDgpj'],
    ['half a character', 'a\ud83d', 'a\uFFFD'],
    ['letters that are joined', 'می\u200cخواهم 👩\u200d💻', 'می\u200cخواهم 👩\u200d💻'],
  ])('%s', (_what, text, expected) => expect(headerText(text, 80)).toBe(expected))

  test('is cut, and not in the middle of a letter', () => expect(headerText('🏔'.repeat(100), 10)).toBe(`${'🏔'.repeat(9)}…`))
})
