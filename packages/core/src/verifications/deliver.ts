import { DenizenError, sealedElsewhere } from '../kernel/errors.ts'
import type { Job } from '../kernel/event.ts'
import { isId } from '../kernel/id.ts'
import type { JobHandler } from '../kernel/job.ts'
import { mailRefused } from '../mail/index.ts'
import { UserRow } from '../users/index.ts'
import { VerificationRow } from './entity.ts'
import { mailFor } from './mails/index.ts'
import type { VerificationId } from './model.ts'
import { hashOfText, secretOf } from './secret.ts'

const name = 'verifications.mail'

/** A job that takes a call as long as a real one, and is never run. */
const withheld = 'verifications.withheld'

/** The job that mails a secret. It contains none: the worker derives it again. */
export function mailJob(id: VerificationId, sends: boolean, place: Pick<Job, 'priority' | 'group'>): Job {
  return { name: sends ? name : withheld, payload: { verificationId: id }, ...place }
}

/** Mails that nobody gets must not delay real ones. */
export const withholdVerification: JobHandler = { name: withheld, discarded: true, run: async () => {} }

/** Mails the secret of a verification, unless it was used, revoked or expired meanwhile, or nobody may get it. */
export const sendVerification: JobHandler = {
  name,
  outside: true,
  async run({ em, ports, settings, now }, { verificationId }) {
    if (typeof verificationId !== 'string' || !isId('ver', verificationId)) throw new TypeError(`${name} needs a verificationId.`)
    const row = await em.findOne(VerificationRow, { id: verificationId })
    if (row === null || row.usedAt !== null || row.revokedAt !== null || row.expiresAt <= now) return
    // Somebody may have made an account with the address since it was asked for.
    const user = await em.findOne(UserRow, row.userId === null && row.purpose === 'signUp' ? { email: row.email } : { id: row.userId })
    // The user must still have the address, or have asked for it; an anonymous user who claims an account has none.
    const wants = row.purpose === 'claim' || (row.purpose === 'verifyEmail' && user?.pendingEmail === row.email)
    if (user !== null && !wants && user.email !== row.email) return
    const addressOwner = wants ? await em.findOne(UserRow, { email: row.email, emailVerified: true }) : null
    const secret = await secretOf(ports, row)
    // The job is kept and tried again: a process with the right key can do it.
    if ((await hashOfText(ports, row, secret)) !== row.hash) throw sealedElsewhere({})
    const mail = mailFor(row, { user, addressOwner, secret, settings })
    if (mail === null) return
    try {
      await ports.mailer.send(mail)
    } catch (error) {
      if (!(error instanceof DenizenError) || error.code !== mailRefused.code) throw error
      ports.logger.warn('The mail server will not take a mail.', { verificationId, reason: error.details['reason'] })
    }
  },
}
