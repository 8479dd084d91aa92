import type { Mail, Mailer } from '@denizen/core'
import { describe, expect, test } from 'vitest'

/** A mailer, and what has arrived at the other end: as whoever got it reads it, in any order. */
export interface MailerFixture {
  readonly mailer: Mailer
  received(): Promise<readonly Mail[]>
}

const mail: Mail = {
  to: 'ada@example.com',
  subject: 'You are invited to join “Zürich 🏔 株式会社”',
  text: 'Grüezi!\n\nDas ist eine lange Zeile, die kein Mailserver zerschneiden darf: ' + 'ä'.repeat(1500) + '\n\n.\n\nFrom here on: end\n',
  html: '<p>Grüezi! <a href="https://id.example.com/?token=dnz_a&amp;b=ü">株式会社</a></p>\n',
}

/** What every Mailer does. */
export function mailerContract(title: string, make: () => MailerFixture | Promise<MailerFixture>): void {
  describe(`Mailer: ${title}`, () => {
    test('hands over the mail as it is, in both forms and whatever its letters', async () => {
      const { mailer, received } = await make()
      expect(mailer.isConfigured).toBe(true)
      await mailer.send(mail)
      expect(await received()).toEqual([mail])
    })

    test('hands over many at once, each to its own address', async () => {
      const { mailer, received } = await make()
      const addresses = Array.from({ length: 20 }, (_, index) => `person-${index}@example.com`)
      await Promise.all(addresses.map((to) => mailer.send({ ...mail, to })))
      expect((await received()).map(({ to }) => to).toSorted()).toEqual(addresses.toSorted())
    })

    test.each([
      ['a second header in the subject', { subject: 'Hello\r\nBcc: eve@example.com' }],
      ['a line feed alone', { subject: 'Hello\nBcc: eve@example.com' }],
      ['a carriage return alone', { subject: 'Hello\rBcc: eve@example.com' }],
      ['a NUL', { subject: 'Hello\u0000' }],
      ['a second header in the address', { to: 'ada@example.com\r\nBcc: eve@example.com' }],
      ['a second address', { to: 'ada@example.com, eve@example.com' }],
      ['a command', { to: 'ada@example.com>\r\nRCPT TO:<eve@example.com' }],
      ['a name', { to: 'Ada <ada@example.com>' }],
      ['no address', { to: '' }],
    ])('refuses %s, and sends nothing', async (_what, change) => {
      const { mailer, received } = await make()
      await expect(mailer.send({ ...mail, ...change })).rejects.toThrow(TypeError)
      expect(await received()).toEqual([])
    })
  })
}
