import { html, type Html, type OutputOf, type Signatures } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { notice, page, passwordHint, usernameField } from './layout.ts'
import { alert, field, newPasswordField, linkFacts } from './mailed-link.ts'

export type Invitation = OutputOf<Signatures['organizations']['viewInvitation']>
type Accepted = OutputOf<Signatures['organizations']['acceptInvitation']>

/** What was entered, and what is wrong with it. */
export interface Attempt {
  readonly fullName: string
  readonly problem: { readonly field: 'password' | 'fullName' | null; readonly message: string }
}

const roleNames = { owner: 'an owner', admin: 'an administrator', member: 'a member' } as const

/** What somebody is invited to, and the form to accept or decline. */
export function invitationForm(status: number, invitation: Invitation, token: string, attempt: Attempt | null): Answer {
  const { organization, email, role, expiresAt, inviter } = invitation
  const title = `Join ${organization.name}`
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      <p>
        <strong>${inviter ?? 'An administrator'}</strong> invites you to join <strong>${organization.name}</strong> as ${roleNames[role]}.
      </p>
      ${linkFacts({ email, expiresAt })} ${alert(attempt?.problem ?? null)}
      <form method="post" action="accept">
        <input type="hidden" name="token" value="${token}" />
        ${account(invitation, attempt)}
        <div class="buttons">
          <button class="main" name="decision" value="accept">Accept</button>
          <button name="decision" value="decline" formnovalidate>Decline</button>
        </div>
      </form>`,
  )
}

function account({ hasAccount, needsPassword, minimumPasswordLength, email }: Invitation, attempt: Attempt | null): Html {
  if (!needsPassword)
    return html`<p class="soft">You have an account with this address already. It becomes a member, and you sign in as before.</p>`
  const why = hasAccount
    ? 'There is an account with this address, but nobody has confirmed the address yet. Accepting makes the account yours, with the password that you choose here. Its old password stops working, and everybody who used it is signed out.'
    : 'You have no account yet. Accepting creates one, with the password that you choose here.'
  return html`<p class="soft">${why}</p>
    ${hasAccount ? null : nameField(attempt)} ${usernameField(email)}
    ${newPasswordField({ label: 'Password', hint: passwordHint(minimumPasswordLength), required: true }, attempt?.problem ?? null)}`
}

function nameField(attempt: Attempt | null): Html {
  const value = attempt?.fullName ?? ''
  return field(
    { name: 'fullName', label: 'Full name', optional: true, autocomplete: 'name', longest: 200, value },
    attempt?.problem ?? null,
  )
}

/** The page after an invitation was accepted. */
export function accepted({ organization, role, accountCreated }: Accepted, { email, needsPassword }: Invitation): Answer {
  const how = needsPassword
    ? html`Sign in with <strong>${email}</strong> and the password that you chose.`
    : html`Sign in as before, with <strong>${email}</strong>.`
  return notice(
    200,
    `Welcome to ${organization.name}`,
    `You are now ${roleNames[role]}.${accountCreated ? ' Your account is ready.' : ''}`,
    how,
    html`<a class="main" href="../sign-in">Sign in</a>`,
  )
}

export function declined(name: string): Answer {
  return notice(
    200,
    'Invitation declined',
    html`You have not joined <strong>${name}</strong>. Nothing else has changed.`,
    'You can close this page.',
  )
}
