import type { Message } from '../../mail/index.ts'
import type { TemplateFacts } from './facts.ts'
import { validUntil, requestedBy } from './words.ts'

const nobodyAsks = 'Nobody who works here will ever ask you for it, in a chat, in a form or on the phone.'

export function signInByLink({ row, user, link, settings }: TemplateFacts): Message {
  return {
    title: 'Your link to sign in',
    paragraphs: [
      `Somebody, hopefully you, wants to sign in to ${settings.name} as “${user?.username ?? ''}” without a password.`,
      'Open this link in the browser in which you asked for it. It works nowhere else.',
    ],
    button: { label: 'Sign in', url: link('magicLink') },
    notes: [
      validUntil('link', row),
      requestedBy(row),
      `If it was not you, ignore this mail: nobody can sign in without the link. ${nobodyAsks}`,
    ],
  }
}

export function signInByCode(facts: TemplateFacts): Message {
  return codeFor(
    facts,
    'Your code to sign in',
    `Somebody, hopefully you, wants to sign in to ${facts.settings.name} as “${facts.user?.username ?? ''}”. Enter this code where you asked for it, and nowhere else:`,
    'If it was not you, ignore this mail: nobody can sign in without the code.',
  )
}

/** For a signed-in user who is about to make a sensitive change. */
export function codeMail(facts: TemplateFacts): Message {
  return codeFor(
    facts,
    'Your code to confirm that it is you',
    `Somebody who is signed in as “${facts.user?.username ?? ''}” is about to make a sensitive change. To confirm that it is you, enter this code where you were asked for it, and nowhere else:`,
    'If it was not you, somebody else is signed in to your account. Change your password now: that signs them out.',
  )
}

function codeFor({ row, secret }: TemplateFacts, title: string, paragraph: string, otherwise: string): Message {
  // In two groups, easier to read; the space is optional when typed.
  const code = `${secret.slice(0, 4)} ${secret.slice(4)}`
  return { title, paragraphs: [paragraph], code, notes: [validUntil('code', row), requestedBy(row), `${otherwise} ${nobodyAsks}`] }
}

export function resetPassword({ row, user, link, settings }: TemplateFacts): Message {
  return {
    title: 'Choose a new password',
    paragraphs: [
      `Somebody, hopefully you, has forgotten the password for “${user?.username ?? ''}” at ${settings.name}.`,
      'Open the link to choose a new one. You are then signed out everywhere. If you have a second factor, you keep it.',
    ],
    button: { label: 'Choose a new password', url: link('resetPassword') },
    notes: [validUntil('link', row), requestedBy(row), `If it was not you, ignore this mail: your password stays as it is. ${nobodyAsks}`],
  }
}

/** An administrator asked for it. Who that was is in the audit log, but would tell the reader nothing. */
export function setUp({ row, user, link, settings }: TemplateFacts): Message {
  return {
    title: 'Set up your account',
    paragraphs: [
      `There is an account for you at ${settings.name}. Your username is “${user?.username ?? ''}”.`,
      'Open the link and choose a password. Nobody else gets to see it.',
    ],
    button: { label: 'Set up the account', url: link('setup') },
    notes: [validUntil('link', row), `If you did not expect this, you can ignore this mail. ${nobodyAsks}`],
  }
}
