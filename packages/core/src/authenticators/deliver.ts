import { DenizenError } from '../kernel/errors.ts'
import type { Job } from '../kernel/event.ts'
import { isId } from '../kernel/id.ts'
import type { JobHandler } from '../kernel/job.ts'
import { mailRefused } from '../mail/index.ts'
import { UserRow, type UserId } from '../users/index.ts'
import { resetMail } from './mail.ts'

const name = 'factors.resetMail'

/** The job that notifies a user whose second factors were reset. */
export function resetMailJob(userId: UserId): Job {
  return { name, payload: { userId } }
}

/** Notifies the user, so that a reset they did not ask for is noticed. */
export const sendResetMail: JobHandler = {
  name,
  outside: true,
  async run({ em, ports, settings }, { userId }) {
    if (typeof userId !== 'string' || !isId('usr', userId)) throw new TypeError(`${name} needs a userId.`)
    const user = await em.findOne(UserRow, { id: userId })
    if (user === null || user.email === null) return
    try {
      await ports.mailer.send(resetMail(user.email, settings))
    } catch (error) {
      if (!(error instanceof DenizenError) || error.code !== mailRefused.code) throw error
      ports.logger.warn('The mail server will not take a mail.', { userId, reason: error.details['reason'] })
    }
  },
}
