import { isIPv4 } from 'node:net'
import { mailRefused, type Mailer } from '@denizen/core'
import { createTransport } from 'nodemailer'
import { messageOf } from './mail-message.ts'
import { MailServerError } from './mail-server-error.ts'
import type { Sender } from './mail-settings.ts'

/** Milliseconds. Every wait has a limit, so that a silent server holds up one job and not all. */
const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000, dnsTimeout: 10_000 }

/**
 * Sends email through a mail server (RFC 5321). With `smtp://`, STARTTLS (RFC 3207) is used
 * if the server offers it; a password is never sent without TLS, except to this machine.
 */
export function smtpMailer({ url, from }: { readonly url: string; readonly from: Sender }): Mailer {
  const { protocol, hostname, port, username, password } = new URL(url)
  const secure = protocol === 'smtps:'
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const auth = username === '' ? undefined : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
  const transport = createTransport({
    host,
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: auth !== undefined && !secure && !isThisMachine(host),
    ...(auth && { auth }),
    ...timeouts,
  })
  return {
    isConfigured: true,
    async send(mail) {
      const message = messageOf(from, mail)
      try {
        await transport.sendMail(message)
      } catch (error) {
        throw toMailError(error)
      }
    },
  }
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

interface SmtpFailure {
  readonly code?: string
  readonly command?: string
  readonly responseCode?: number
}

/**
 * A 5xx for the recipient or the message is final (RFC 5321, 4.2.1); for the sender or the
 * password it is a problem of the configuration, which can be fixed. A server's text about a
 * recipient quotes the address, so only the number is reported.
 */
function toMailError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code = 'ESMTP', command = '', responseCode = 0 } = error as SmtpFailure
  const isAboutMail = command === 'RCPT TO' || command === 'DATA'
  if (isAboutMail && responseCode >= 500) return mailRefused({ reason: `${command} was answered ${responseCode}` })
  const said = isAboutMail ? `${command} was answered ${responseCode}` : error.message
  return new MailServerError(said, code)
}
