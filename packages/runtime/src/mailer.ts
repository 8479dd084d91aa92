import { noMailer, type Logger, type Mailer } from '@denizen/core'
import type { MailConfig } from './mail-settings.ts'
import { outboxMailer } from './outbox.ts'
import { smtpMailer } from './smtp.ts'

/** The mailer that the configuration asks for. */
export function mailerOf(config: MailConfig, logger: Logger): Mailer {
  switch (config.kind) {
    case 'smtp':
      return smtpMailer(config)
    case 'outbox':
      return outboxMailer(config, logger)
    case 'none':
      return noMailer
  }
}
