import { DenizenError } from '../kernel/errors.ts'
import type { Job } from '../kernel/event.ts'
import { isId } from '../kernel/id.ts'
import type { JobHandler } from '../kernel/job.ts'
import { mailRefused, mailTo } from '../mail/index.ts'
import { UserRow, type UserId } from '../users/index.ts'

const name = 'factors.resetMail'

/** The job that notifies a user whose second factors were reset. */
export function resetMailJob(userId: UserId): Job {
  return { name, payload: { userId } }
}

/** Notifies the user, so that a reset they did not ask for is noticed. */
export const sendResetNotice: JobHandler = {
  name,
  outside: true,
  async run({ em, ports, settings }, { userId }) {
    if (typeof userId !== 'string' || !isId('usr', userId)) throw new TypeError(`${name} needs a userId.`)
    const user = await em.findOne(UserRow, { id: userId })
    if (user === null || user.email === null) return
    const message = {
      title: 'Your second factor was removed',
      paragraphs: [
        'An administrator removed the authenticator app, the passkeys and the recovery codes from your account, and signed you out everywhere.',
        'Sign in and set up a second factor again. You cannot do anything else before that.',
      ],
      button: { label: 'Sign in', url: settings.publicUrl },
      notes: ['If you did not ask for this, tell your administrators now: somebody may be trying to get into your account.'],
    }
    try {
      await ports.mailer.send(mailTo(user.email, message, settings))
    } catch (error) {
      if (!(error instanceof DenizenError) || error.code !== mailRefused.code) throw error
      ports.logger.warn('The mail server will not take a mail.', { userId, reason: error.details['reason'] })
    }
  },
}
