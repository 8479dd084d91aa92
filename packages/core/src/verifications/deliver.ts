import { DenizenError } from '../kernel/errors.ts'
import type { Job } from '../kernel/event.ts'
import { isId } from '../kernel/id.ts'
import type { JobHandler } from '../kernel/job.ts'
import { mailRefused } from '../mail/index.ts'
import { UserRow } from '../users/index.ts'
import { VerificationRow } from './entity.ts'
import { mailFor } from './mails/index.ts'
import type { VerificationId } from './model.ts'
import { secretOf } from './secret.ts'

const name = 'verifications.mail'

/** The job that mails a secret. It holds none: whoever carries it out makes it again. */
export function mailJob(id: VerificationId): Job {
  return { name, payload: { verificationId: id } }
}

/** Mails the secret of a verification, unless it was used, taken back or over meanwhile, or there is nobody to get it. */
export const sendVerification: JobHandler = {
  name,
  outside: true,
  async run({ em, ports, settings, now }, { verificationId }) {
    if (typeof verificationId !== 'string' || !isId('ver', verificationId)) throw new TypeError(`${name} needs a verificationId.`)
    const row = await em.findOne(VerificationRow, { id: verificationId })
    if (row === null || row.usedAt !== null || row.revokedAt !== null || row.expiresAt <= now) return
    // Somebody may have made an account with the address since it was asked for.
    const user = await em.findOne(UserRow, row.userId === null && row.purpose === 'signUp' ? { email: row.email } : { id: row.userId })
    // A secret for an address that is not theirs any more is nobody's; one that is claimed is not theirs yet.
    if (user !== null && row.purpose !== 'claim' && user.email !== row.email) return
    const mail = mailFor(row, { user, secret: await secretOf(ports, row), publicUrl: settings.publicUrl })
    if (mail === null) return
    try {
      await ports.mailer.send(mail)
    } catch (error) {
      if (!(error instanceof DenizenError) || error.code !== mailRefused.code) throw error
      ports.logger.warn('The mail server will not take a mail.', { verificationId, reason: error.details['reason'] })
    }
  },
}
