import { randomBytes } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger, Mailer } from '@denizen/core'
import { createTransport } from 'nodemailer'
import { messageOf } from './mail-message.ts'
import type { Sender } from './mail-settings.ts'

/**
 * Writes emails to files that any mail program opens, for trying Denizen out without a mail
 * server. They hold links that give access to accounts, so only the owner may read them.
 */
export function outboxMailer({ directory, from }: { readonly directory: string; readonly from: Sender }, logger: Logger): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
  return {
    isConfigured: true,
    async send(mail) {
      const { message } = await transport.sendMail(readable(messageOf(from, mail)))
      if (!Buffer.isBuffer(message)) throw new TypeError('The composed mail should be a buffer.')
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const file = join(directory, `${new Date().toISOString().replaceAll(':', '-')}-${randomBytes(4).toString('hex')}.eml`)
      // Under another name first, so that programs that watch the folder see complete files only.
      await writeFile(`${file}.part`, message, { mode: 0o600, flag: 'wx' })
      await rename(`${file}.part`, file)
      logger.warn('No mail server is configured (DENIZEN_SMTP_URL): an email was written to a file.', { file })
    },
  }
}

/** Characters in a line of a mail (RFC 5322: 2.1.1); here bytes, which are never fewer. */
const longestLine = 998

/**
 * The same message with its parts as they are (RFC 2045: 6.2, 8bit), so that a link can be copied from the file:
 * quoted-printable would break it over several lines. A part with longer lines is left to nodemailer.
 */
function readable({ text, html, ...rest }: ReturnType<typeof messageOf>) {
  if ([text, html].some((part) => part.split(/\r?\n/).some((line) => Buffer.byteLength(line) > longestLine || /[\r\0]/.test(line))))
    return { ...rest, text, html }
  return { ...rest, alternatives: [{ raw: partOf('plain', text) }, { raw: partOf('html', html) }] }
}

function partOf(type: 'plain' | 'html', content: string): string {
  return `Content-Type: text/${type}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${content}`
}
