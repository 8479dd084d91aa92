import { DenizenError } from '../kernel/errors.ts'
import type { Job } from '../kernel/event.ts'
import { isId } from '../kernel/id.ts'
import type { JobHandler } from '../kernel/job.ts'
import { mailRefused, mailTo, type Message } from '../mail/index.ts'
import { UserRow, type UserId } from '../users/index.ts'

const name = 'users.addressNotice'

/** What happens to the address of an account, or to the network addresses that it may be used from. */
export type AddressChange = 'requested' | 'changed' | 'changedByOperator' | 'limited' | 'limitedByOperator' | 'lifted'

/** The job that tells an address what happens to it. It carries the address: by the time it runs, the account may have another one. */
export function addressNotice(userId: UserId, to: string, what: AddressChange): Job {
  return { name, payload: { userId, to, what } }
}

/** Tells the address, so that its owner notices what they did not ask for. */
export const sendAddressNotice: JobHandler = {
  name,
  outside: true,
  async run({ em, ports, settings }, { userId, to, what }) {
    if (typeof userId !== 'string' || !isId('usr', userId) || typeof to !== 'string' || !isAddressChange(what))
      throw new TypeError(`${name} needs a userId, an address and what happens to it.`)
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

function isAddressChange(what: unknown): what is AddressChange {
  return typeof what === 'string' && Object.hasOwn(messages, what)
}

const messages: Readonly<Record<AddressChange, (username: string) => Message>> = {
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
