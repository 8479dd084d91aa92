import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Where `npm start` puts mails as long as no mail server is configured. */
const outbox = join(process.env['DENIZEN_DATA_DIR'] ?? join(import.meta.dirname, '../../denizen-data'), 'outbox')

/** No mail came. */
export class NoMail extends Error {}

/** The mail to an address, once it is there: what its reader would see in a mail program. */
export async function mailedTo(address: string): Promise<string> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(100)) {
    const files = await readdir(outbox).catch(() => [])
    for (const file of files.filter((name) => name.endsWith('.eml'))) {
      const mail = await readFile(join(outbox, file), 'utf8')
      if (mail.includes(address)) return mail
    }
  }
  throw new NoMail(
    `No mail to ${address} came to ${outbox}. This example reads the mails of a server that has no mail server (DENIZEN_SMTP_URL) and keeps its data there; for another folder set DENIZEN_DATA_DIR.`,
  )
}
