import { html, type Html, type OutputOf, type Signatures } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { notice, page } from './layout.ts'

/** What a link is for. */
export type Link = OutputOf<Signatures['auth']['viewVerification']>

const titles = { resetPassword: 'Choose a new password', setup: 'Set up your account', claim: 'Keep what you did' } as const
type Purpose = keyof typeof titles

/** Whether the link leads to a password. */
export function isPasswordLink(link: Link): link is Link & { readonly purpose: Purpose } {
  return link.purpose in titles
}

const explanations: Readonly<Record<Purpose, string>> = {
  resetPassword: 'Whatever is signed in to the account now is signed out. A second factor stays, and is asked for as before.',
  setup: 'Nobody but you sees the password. Whatever was set up for the account before somebody proved the address stops working.',
  claim: 'What you did without an account is kept in one with this address.',
}

/** The form: the action is where the page is, so that whatever stands before it in the address stays. */
export function passwordForm(status: number, link: Link & { purpose: Purpose }, token: string, problem: string | null): Answer {
  const { purpose, email } = link
  const title = titles[purpose]
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      <p class="soft">${explanations[purpose]}</p>
      ${problem === null ? null : html`<p class="problem" role="alert" id="problem">${problem}</p>`} ${factsOf(link)}
      <form method="post" action="${paths[purpose].slice(1)}">
        <input type="hidden" name="token" value="${token}" />
        <input type="hidden" name="username" autocomplete="username" value="${email}" />
        ${passwordField(problem)}
        <div class="buttons"><button class="main">Set the password</button></div>
      </form>`,
  )
}

function factsOf({ email, expiresAt, account }: Link): Html {
  return html`<dl>
    <dt>Address</dt>
    <dd>${email}</dd>
    ${
      account === null
        ? null
        : html`<dt>Username</dt>
            <dd>${account.username}</dd>`
    }
    <dt>Open until</dt>
    <dd><time datetime="${expiresAt.toISOString()}">${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC</time></dd>
  </dl>`
}

function passwordField(problem: string | null): Html {
  return html`<div class="field">
    <label for="password">Password</label>
    <input
      id="password"
      name="password"
      type="password"
      autocomplete="new-password"
      maxlength="1024"
      required
      aria-describedby="${problem === null ? 'password-hint' : 'password-hint problem'}"
      aria-invalid="${String(problem !== null)}"
    />
    <p class="hint" id="password-hint">A few words that do not belong together are good, and easy to keep in mind.</p>
  </div>`
}

/** Where each kind of link leads. */
export const paths = { resetPassword: '/reset-password', setup: '/set-up', claim: '/set-up' } as const satisfies Record<Purpose, string>

/** What came of it. */
export function passwordSet(username: string, email: string): Answer {
  return notice(
    200,
    'The password is set',
    html`Sign in with <strong>${email}</strong>, or with the username <strong>${username}</strong>, and the password that you chose.`,
    'You can close this page.',
  )
}
