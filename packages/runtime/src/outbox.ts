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
      const { message } = await transport.sendMail(messageOf(from, mail))
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
