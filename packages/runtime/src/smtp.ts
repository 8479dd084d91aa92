import { isIPv4 } from 'node:net'
import { mailRefused, type Mailer } from '@denizen/core'
import { createTransport } from 'nodemailer'
import { messageOf } from './mail-message.ts'
import type { Sender } from './mail-settings.ts'

/** Milliseconds. Every wait has an end, so that a server that says nothing holds up one job and not all. */
const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000, dnsTimeout: 10_000 }

/**
 * Hands mail to a mail server (RFC 5321). With `smtp://` TLS begins by STARTTLS (RFC 3207)
 * where the server offers it; a password is never sent without it, but on this machine.
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
        throw understood(error)
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
 * A 5xx for the recipient or for the mail itself is final (RFC 5321, 4.2.1); for the
 * sender or the password it is a matter of our configuration, which can be put right.
 * What a server says about a recipient quotes the address, so only its number is told.
 */
function understood(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code = 'ESMTP', command = '', responseCode = 0 } = error as SmtpFailure
  const isAboutMail = command === 'RCPT TO' || command === 'DATA'
  if (isAboutMail && responseCode >= 500) return mailRefused({ reason: `${command} was answered ${responseCode}` })
  const said = isAboutMail ? `${command} was answered ${responseCode}` : error.message
  return Object.assign(new Error(`The mail server did not take a mail: ${said}`), { code })
}
