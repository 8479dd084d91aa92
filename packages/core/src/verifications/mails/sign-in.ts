import type { Message } from '../../mail/index.ts'
import type { TemplateFacts } from './facts.ts'
import { validUntil, requestedBy } from './words.ts'

const nobodyAsks = 'Our staff will never ask you for it. Do not share it in a chat, a form or on the phone.'

export function signInByLink({ row, user, link }: TemplateFacts): Message {
  return {
    title: 'Your link to sign in',
    paragraphs: [
      `Somebody, hopefully you, wants to sign in as “${user?.username ?? ''}” without a password.`,
      'Open the link in the browser where you asked for it. It does not work anywhere else.',
    ],
    button: { label: 'Sign in', url: link('/sign-in/link') },
    notes: [
      validUntil('link', row),
      requestedBy(row),
      `If it was not you, ignore this mail: nobody gets in without the link. ${nobodyAsks}`,
    ],
  }
}

export function signInByCode(facts: TemplateFacts): Message {
  return codeFor(
    facts,
    'Your code to sign in',
    `Somebody, hopefully you, wants to sign in as “${facts.user?.username ?? ''}”. Enter this code where you asked for it, and only there:`,
    'If it was not you, ignore this mail: nobody gets in without the code.',
  )
}

/** For a signed-in user who is about to make a sensitive change. */
export function codeMail(facts: TemplateFacts): Message {
  return codeFor(
    facts,
    'Your code to confirm that it is you',
    `Somebody who is signed in as “${facts.user?.username ?? ''}” is about to make a sensitive change. Enter this code where you were asked for it, and only there:`,
    'If it was not you, somebody else is signed in to your account: change your password at once, which ends their sessions.',
  )
}

function codeFor({ row, secret }: TemplateFacts, title: string, paragraph: string, otherwise: string): Message {
  // In two groups, easier to read; the space is optional when typed.
  const code = `${secret.slice(0, 4)} ${secret.slice(4)}`
  return { title, paragraphs: [paragraph], code, notes: [validUntil('code', row), requestedBy(row), `${otherwise} ${nobodyAsks}`] }
}

export function resetPassword({ row, user, link }: TemplateFacts): Message {
  return {
    title: 'Choose a new password',
    paragraphs: [
      `Somebody, hopefully you, says that they forgot the password of “${user?.username ?? ''}”.`,
      'Open the link and choose a new one. All your sessions are then signed out; your second factor stays as it is.',
    ],
    button: { label: 'Choose a new password', url: link('/reset-password') },
    notes: [validUntil('link', row), requestedBy(row), `If it was not you, ignore this mail: the password stays as it is. ${nobodyAsks}`],
  }
}

/** An operator asked for it. Who that was is in the audit log, but would tell the reader nothing. */
export function setUp({ row, user, link }: TemplateFacts): Message {
  return {
    title: 'Set up your account',
    paragraphs: [
      `An account was created for you: “${user?.username ?? ''}”. Please set it up. Only you choose and see its password.`,
      'Open the link and choose a password.',
    ],
    button: { label: 'Set up the account', url: link('/set-up') },
    notes: [validUntil('link', row), `If you do not know what this is about, ignore this mail. ${nobodyAsks}`],
  }
}
