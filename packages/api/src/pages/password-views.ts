import { html, linkPaths, type OutputOf, type PasswordLink, type Signatures } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { notice, page, passwordHint, usernameField } from './layout.ts'
import { alert, linkFacts, newPasswordField, type Problem } from './mailed-link.ts'

/** What a link is for. */
export type Link = OutputOf<Signatures['auth']['viewVerification']>

const titles: Readonly<Record<PasswordLink, string>> = {
  resetPassword: 'Choose a new password',
  setup: 'Set up your account',
  claim: 'Keep your account',
}

const explanations: Readonly<Record<PasswordLink, string>> = {
  resetPassword: 'You are then signed out everywhere. If you have a second factor, you keep it.',
  setup: 'Choose a password that only you know.',
  claim: 'Everything that you did without an account is kept, in an account with this address.',
}

/** Only where it may be so: the link of an account whose address was confirmed changes nothing else. */
const reclaimed =
  'If somebody used the account before its address was confirmed, they are signed out, and their ways to sign in are removed.'

/** The form. Its action is relative, so that a path prefix of the public URL is kept. */
export function passwordForm(status: number, link: Link & { purpose: PasswordLink }, token: string, problem: string | null): Answer {
  const { purpose, email } = link
  const title = titles[purpose]
  const wrong: Problem | null = problem === null ? null : { field: 'password', message: problem }
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      <p class="soft">${explanations[purpose]}${purpose === 'setup' && link.account?.emailVerified === false ? ` ${reclaimed}` : ''}</p>
      ${linkFacts(link, link.account?.username ?? null)} ${alert(wrong)}
      <form method="post" action="${linkPaths[purpose].slice(1)}">
        <input type="hidden" name="token" value="${token}" />
        ${usernameField(email)}
        ${newPasswordField({ label: 'New password', hint: passwordHint(link.minimumPasswordLength), required: true }, wrong)}
        <div class="buttons"><button class="main">Set the password</button></div>
      </form>`,
  )
}

/** The page after the password was set. */
export function passwordSet(username: string, email: string): Answer {
  return notice(
    200,
    'Your password is set',
    html`Sign in with <strong>${email}</strong>, or with the username <strong>${username}</strong>, and the password that you chose.`,
    html`<a class="main" href="sign-in">Sign in</a>`,
  )
}
