import type { CommandContext } from '../kernel/context.ts'
import { DenizenError } from '../kernel/errors.ts'
import { isId } from '../kernel/id.ts'
import type { JobHandler } from '../kernel/job.ts'
import { mailRefused, mailTo, type Message } from '../mail/index.ts'
import { UserRow } from '../users/index.ts'

const name = 'users.addressNotice'

/** What a user is told of their account: its email address changes, or the network addresses that it may be used from. */
export type AccountNotice = 'requested' | 'changed' | 'changedByOperator' | 'limited' | 'limitedByOperator' | 'lifted'

/** Mails a notice, if that is possible. Its job carries the address: by the time it runs, the account may have another one. */
export function queueAccountNotice({ enqueue, ports }: CommandContext, { id, email }: UserRow, what: AccountNotice): void {
  if (email !== null && ports.mailer.isConfigured) enqueue({ name, payload: { userId: id, to: email, what } })
}

/** Mails the notice, so that the owner of the account notices what they did not ask for. */
export const sendAccountNotice: JobHandler = {
  name,
  outside: true,
  async run({ em, ports, settings }, { userId, to, what }) {
    if (typeof userId !== 'string' || !isId('usr', userId) || typeof to !== 'string' || !isAccountNotice(what))
      throw new TypeError(`${name} needs a userId, an address and a notice.`)
    const user = await em.findOne(UserRow, { id: userId })
    if (user === null) return
    const message = messages[what](user.username)
    try {
      await ports.mailer.send(mailTo(to, message, settings))
    } catch (error) {
      if (!(error instanceof DenizenError) || error.code !== mailRefused.code) throw error
      ports.logger.warn('The mail server will not take a mail.', { userId, reason: error.details['reason'] })
    }
  },
}

function isAccountNotice(what: unknown): what is AccountNotice {
  return typeof what === 'string' && Object.hasOwn(messages, what)
}

const messages: Readonly<Record<AccountNotice, (username: string) => Message>> = {
  requested: (username) => ({
    title: 'Somebody wants to change the address of your account',
    paragraphs: [
      `Somebody who is signed in as “${username}” asked to change the email address of this account.`,
      'Nothing changes until the new address is confirmed. Until then, the account keeps this one.',
    ],
    notes: [
      'If it was not you, sign in and change your password now. That signs everybody else out, and the new address can no longer be confirmed.',
    ],
  }),
  changed: (username) => ({
    title: 'The address of your account was changed',
    paragraphs: [`The account “${username}” no longer uses this email address.`, 'Links that we mailed to it no longer work.'],
    notes: ['If it was not you, tell the people who run this service now: somebody else may have taken over your account.'],
  }),
  changedByOperator: (username) => ({
    title: 'The address of your account was changed',
    paragraphs: [
      `An administrator changed the email address of the account “${username}”. It no longer uses this one.`,
      'Links that we mailed to it no longer work.',
    ],
    notes: ['If you did not expect this, ask your administrators.'],
  }),
  limited: (username) => ({
    title: 'From where your account can be used was changed',
    paragraphs: [`Somebody who is signed in as “${username}” changed the network addresses that this account can be used from.`],
    notes: ['If it was not you, reset your password now: that ends all sessions, and the account can be used from anywhere again.'],
  }),
  lifted: (username) => ({
    title: 'Your account can be used from anywhere again',
    paragraphs: [`The password of “${username}” was reset by a link in a mail, which lifts the limit to some network addresses.`],
    notes: ['If you want the limit, set it again. If it was not you who reset the password, reset it now: that ends all sessions.'],
  }),
  limitedByOperator: (username) => ({
    title: 'From where your account can be used was changed',
    paragraphs: [`An administrator changed the network addresses that the account “${username}” can be used from.`],
    notes: ['If you did not expect this, ask your administrators.'],
  }),
}
