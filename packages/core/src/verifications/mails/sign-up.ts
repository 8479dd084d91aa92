import type { Message } from '../../mail/index.ts'
import type { TemplateFacts } from './facts.ts'
import { validUntil, requestedBy } from './words.ts'

/**
 * To an address without an account, or with one that nobody has proved: whoever
 * follows the link gets the account. What was typed at sign-up is not told: a
 * stranger may have typed it.
 */
export function confirmSignUp({ row, link }: TemplateFacts): Message {
  return {
    title: 'Confirm your address to finish signing up',
    paragraphs: [
      `Somebody, hopefully you, wants to make an account with the address ${row.email}.`,
      'Open the link and confirm. Until then there is no account.',
    ],
    button: { label: 'Finish signing up', url: link('/sign-up/confirm') },
    notes: [
      validUntil('link', row),
      requestedBy(row),
      'If it was not you, ignore this mail: no account is made. Nobody who works for us ever asks you for this link.',
    ],
  }
}

/** To an address that has an account already: its owner learns it here, and whoever asked learns it nowhere. */
export function alreadyThere({ row, user, link }: TemplateFacts): Message {
  return {
    title: 'You have an account already',
    paragraphs: [
      `Somebody, hopefully you, wanted to make an account with the address ${row.email}. There is one already: its username is “${user?.username ?? ''}”.`,
      'Sign in with it as always. If you forgot the password, the link leads to a new one.',
    ],
    button: { label: 'Look at what you can do', url: link('/sign-up/confirm') },
    notes: [
      validUntil('link', row),
      requestedBy(row),
      'If it was not you, ignore this mail: nothing about your account has changed, and whoever asked was not told that there is one.',
    ],
  }
}

/** To the address of an account, whose user asked for it. */
export function confirmAddress({ row, user, link }: TemplateFacts): Message {
  return {
    title: 'Confirm your address',
    paragraphs: [
      `Somebody who is signed in as “${user?.username ?? ''}” says that ${row.email} is their address.`,
      'If that is you, open the link and confirm.',
    ],
    button: { label: 'Confirm the address', url: link('/verify-email') },
    notes: [
      validUntil('link', row),
      requestedBy(row),
      'If it was not you, do not confirm: the account is somebody else’s, and your address would become theirs to use. Ignore this mail.',
    ],
  }
}

/** To an address that an anonymous user says is theirs; what they are called there tells the reader nothing. */
export function claimAccount({ row, link }: TemplateFacts): Message {
  return {
    title: 'Keep what you did: choose a password',
    paragraphs: [
      `Somebody, hopefully you, used this service without an account, and wants to keep what they did in one with the address ${row.email}.`,
      'Open the link and choose a password. Then sign in with the address and the password.',
    ],
    button: { label: 'Choose a password', url: link('/set-up') },
    notes: [validUntil('link', row), requestedBy(row), 'If it was not you, ignore this mail: no account is made.'],
  }
}
