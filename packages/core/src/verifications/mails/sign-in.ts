import type { Message } from '../../mail/index.ts'
import type { TemplateFacts } from './facts.ts'
import { validUntil, requestedBy } from './words.ts'

const nobodyAsks = 'Nobody who works for us ever asks you for it, and it belongs in no chat, form or telephone call.'

export function signInByLink({ row, user, link }: TemplateFacts): Message {
  return {
    title: 'Your link to sign in',
    paragraphs: [
      `Somebody, hopefully you, wants to sign in as “${user?.username ?? ''}” without a password.`,
      'Open the link in the browser that you asked for it in: it works nowhere else.',
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
    `Somebody, hopefully you, wants to sign in as “${facts.user?.username ?? ''}”. Type this code where you asked for it, and only there:`,
    'If it was not you, ignore this mail: nobody gets in without the code.',
  )
}

/** For whoever is signed in and about to change something that matters. */
export function codeMail(facts: TemplateFacts): Message {
  return codeFor(
    facts,
    'Your code to confirm that it is you',
    `Somebody who is signed in as “${facts.user?.username ?? ''}” is about to change something that matters. Type this code where you were asked for it, and only there:`,
    'If it was not you, somebody else is signed in to your account: change your password at once, which ends their sessions.',
  )
}

function codeFor({ row, secret }: TemplateFacts, title: string, paragraph: string, otherwise: string): Message {
  // In two groups, as it is read and typed; what is typed may have the space or not.
  const code = `${secret.slice(0, 4)} ${secret.slice(4)}`
  return { title, paragraphs: [paragraph], code, notes: [validUntil('code', row), requestedBy(row), `${otherwise} ${nobodyAsks}`] }
}

export function resetPassword({ row, user, link }: TemplateFacts): Message {
  return {
    title: 'Choose a new password',
    paragraphs: [
      `Somebody, hopefully you, says that they forgot the password of “${user?.username ?? ''}”.`,
      'Open the link and choose a new one. Whatever is signed in with the old one is signed out then; a second factor stays as it is.',
    ],
    button: { label: 'Choose a new password', url: link('/reset-password') },
    notes: [validUntil('link', row), requestedBy(row), `If it was not you, ignore this mail: the password stays as it is. ${nobodyAsks}`],
  }
}

/** An operator asked for it: who that was is in the audit log, and nothing that the reader could judge by. */
export function setUp({ row, user, link }: TemplateFacts): Message {
  return {
    title: 'Set up your account',
    paragraphs: [
      `There is an account for you, “${user?.username ?? ''}”. Whoever runs it asks you to set it up: nobody but you chooses or sees its password.`,
      'Open the link and choose a password.',
    ],
    button: { label: 'Set up the account', url: link('/set-up') },
    notes: [validUntil('link', row), `If you do not know what this is about, ignore this mail. ${nobodyAsks}`],
  }
}
