import type { Message } from '../../mail/index.ts'
import type { TemplateFacts } from './facts.ts'
import { validUntil, requestedBy } from './words.ts'

/**
 * For an address without an account, or with an unverified one: the person who
 * follows the link gets the account. The data of the sign-up is not shown: a
 * stranger may have typed it.
 */
export function confirmSignUp({ row, link, settings }: TemplateFacts): Message {
  return {
    title: 'Confirm your address to finish signing up',
    paragraphs: [
      `Somebody, hopefully you, is signing up at ${settings.name} with the address ${row.email}.`,
      'Open the link to confirm that the address is yours. There is no account before that.',
    ],
    button: { label: 'Finish signing up', url: link('signUp') },
    notes: [
      validUntil('link', row),
      requestedBy(row),
      'If it was not you, ignore this mail, and no account is created. Nobody who works here will ever ask you for this link.',
    ],
  }
}

/** For an address that has an account already: only its owner learns so, not the person who asked. */
export function alreadyThere({ row, user, link, settings }: TemplateFacts): Message {
  return {
    title: 'You have an account already',
    paragraphs: [
      `Somebody, hopefully you, tried to sign up at ${settings.name} with the address ${row.email}. You have an account there already: its username is “${user?.username ?? ''}”.`,
      'Sign in as usual. If you have forgotten your password, the link lets you choose a new one.',
    ],
    button: { label: 'See your options', url: link('signUp') },
    notes: [
      validUntil('link', row),
      requestedBy(row),
      'If it was not you, ignore this mail: nothing about your account has changed, and the person who asked was not told that it exists.',
    ],
  }
}

/** For the address of an account, whose user asked for it. */
export function confirmAddress({ row, user, link, settings }: TemplateFacts): Message {
  return {
    title: 'Confirm your address',
    paragraphs: [
      `Somebody who is signed in to ${settings.name} as “${user?.username ?? ''}” says that ${row.email} is their address.`,
      'If that is you, open the link to confirm it.',
    ],
    button: { label: 'Confirm the address', url: link('verifyEmail') },
    notes: [
      validUntil('link', row),
      requestedBy(row),
      'If it was not you, do not open the link: the account is somebody else’s, and they would get to use your address. Just ignore this mail.',
    ],
  }
}

/** For an address that a user wants instead of the present one. */
export function confirmNewAddress({ row, user, link, settings }: TemplateFacts): Message {
  return {
    title: 'Confirm your new address',
    paragraphs: [
      `Somebody who is signed in to ${settings.name} as “${user?.username ?? ''}” wants to use ${row.email} as the address of that account.`,
      'If that is you, open the link to confirm it. Nothing changes before that.',
    ],
    button: { label: 'Confirm the address', url: link('verifyEmail') },
    notes: [
      validUntil('link', row),
      requestedBy(row),
      'If it was not you, do not open the link: the account is somebody else’s, and they would get to use your address. Just ignore this mail.',
    ],
  }
}

/** For an address that somebody asks for, and that has an account already: only its owner learns so. */
export function addressTaken({ row, addressOwner, settings }: TemplateFacts): Message {
  return {
    title: 'This address has an account already',
    paragraphs: [
      `Somebody, hopefully you, wants to use ${row.email} for another account at ${settings.name}. It belongs to the account “${addressOwner?.username ?? ''}” already, and an address can belong to one account only.`,
      'If it was you, sign in to that account. To use the address for the other one, give that account another address first.',
    ],
    notes: [
      requestedBy(row),
      'If it was not you, ignore this mail: nothing about your account has changed, and the person who asked was not told that it exists.',
    ],
  }
}

/** For an address that an anonymous user claims. */
export function claimAccount({ row, link, settings }: TemplateFacts): Message {
  return {
    title: 'Keep what you did: choose a password',
    paragraphs: [
      `Somebody, hopefully you, has used ${settings.name} without an account, and wants to keep what they did there in an account with the address ${row.email}.`,
      'Open the link and choose a password. Then sign in with the address and the password.',
    ],
    button: { label: 'Choose a password', url: link('claim') },
    notes: [validUntil('link', row), requestedBy(row), 'If it was not you, ignore this mail, and no account is created.'],
  }
}
