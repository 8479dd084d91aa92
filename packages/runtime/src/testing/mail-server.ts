import type { AddressInfo } from 'node:net'
import type { Mail } from '@denizen/core'
import PostalMime from 'postal-mime'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** A mail as it came in: the envelope, and every byte of the message. */
interface ReceivedMail {
  readonly recipients: readonly string[]
  readonly sender: string
  readonly raw: string
  /** Whether it came through TLS, and who had signed in. */
  readonly secure: boolean
  readonly user: string | null
}

/** A mail server on this machine that stores what it receives. */
export interface MailServer {
  readonly port: number
  readonly url: string
  readonly mails: ReceivedMail[]
  close(): Promise<void>
}

/** Starts a mail server, on any free port by default. Authentication is optional unless `authOptional` is false. */
export async function startMailServer({ port = 0, ...options }: SMTPServerOptions & { port?: number } = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          recipients: rcptTo.map(({ address }) => address),
          sender: mailFrom === false ? '' : (mailFrom?.address ?? ''),
          raw: Buffer.concat(chunks).toString('utf8'),
          secure: session.secure,
          user: typeof session.user === 'string' ? session.user : null,
        })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => {}) // a client that hangs up does not matter
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
  const address = server.server.address() as AddressInfo
  return {
    port: address.port,
    url: `smtp://127.0.0.1:${address.port}`,
    mails,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** Parses a message. */
export async function readMail(raw: string | Uint8Array): Promise<Mail & { readonly from: string }> {
  const { to = [], from, subject = '', text = '', html = '' } = await PostalMime.parse(raw)
  // postal-mime ends the rich part with one line break more than it has.
  const rich = html.replace(/\n$/, '')
  return { to: to.map(({ address = '' }) => address).join(', '), from: from?.address ?? '', subject, text, html: rich }
}
