import { html, type Html, type OutputOf, type Signatures } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { factorField, notice, page, timeElement, withScript, wrongField } from './layout.ts'
import { identifierField, passkeyFields, passkeyScript, passwordFields } from './sign-in-views.ts'

export type DeviceLogin = OutputOf<Signatures['auth']['viewDeviceLogin']>

/** Just above the fields: the focus is in one of them, and on a phone nothing far above it is seen. */
const problem = (message: string | null): Html | null =>
  message === null ? null : html`<p class="problem" role="alert" id="problem">${message}</p>`

/** What was entered. */
interface Typed {
  readonly userCode: string
  readonly identifier: string
}

const nothing: Typed = { userCode: '', identifier: '' }

/** Asks for the code that the device shows. Who was going to sign in is kept, past the address, which ends up in logs. */
export function codeForm(status: number, message: string | null, { userCode, identifier }: Typed = nothing): Answer {
  const title = 'Sign in a device'
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      ${problem(message)}
      <form method="${identifier === '' ? 'get' : 'post'}" action="device">
        ${identifier === '' ? null : html`${identifierField(identifier)} <input type="hidden" name="decision" value="ask" />`}
        <div class="field">
          <label for="user-code">Code shown on the device</label>
          <input
            id="user-code"
            name="user_code"
            autocomplete="off"
            autocapitalize="characters"
            spellcheck="false"
            maxlength="32"
            required
            value="${userCode}"
            aria-describedby="${message === null ? 'code-hint' : 'problem code-hint'}"
            ${wrongField(message !== null)}
          />
          <p class="hint" id="code-hint">Eight letters, like BCDF-GHJK. Enter it only if you have just started to sign in yourself.</p>
        </div>
        <div class="buttons"><button class="main">Continue</button></div>
      </form>`,
  )
}

/** Which program asks, and from where: the user has to recognise it before approving. */
function facts({ clientName, ip, userAgent, createdAt }: DeviceLogin, userCode: string): Html {
  return html`<dl>
    <dt>Application</dt>
    <dd>${clientName}</dd>
    <dt>Code</dt>
    <dd>${asShown(userCode)}</dd>
    <dt>IP address</dt>
    <dd>${ip ?? 'unknown'}</dd>
    ${
      userAgent === null
        ? null
        : html`<dt>User agent</dt>
            <dd>${userAgent}</dd>`
    }
    <dt>Started</dt>
    <dd>${timeElement(createdAt)}</dd>
  </dl>`
}

/** A code as the device shows it, however it was typed: it is there to be compared. */
function asShown(userCode: string): string {
  return userCode
    .toUpperCase()
    .replaceAll(/[^A-Z]/g, '')
    .replace(/^(.{4})(.+)$/, '$1-$2')
}

const warning = html`<p class="soft">
  Approve this only if you started it yourself, on your own device, and the device shows the same code. It will be able to do everything
  that you can do.
</p>`

/** Shows which program asks, and takes the decision together with the password of whoever decides. */
export function decisionForm(status: number, login: DeviceLogin, { userCode, identifier }: Typed, message: string | null): Answer {
  const title = `Sign in ${login.clientName}?`
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      ${facts(login, userCode)} ${warning} ${problem(message)}
      <form method="post" action="device">
        <input type="hidden" name="user_code" value="${userCode}" />
        ${passwordFields(identifier, message !== null)} ${buttons}
        <p class="hint">
          Without a password: <button class="plain" name="decision" value="passkey" formnovalidate>approve with a passkey</button>.
          <a href="forgot-password">Forgot your password?</a>
        </p>
      </form>`,
  )
}

const buttons = html`<div class="buttons">
  <button class="main" name="decision" value="approve">Approve</button>
  <button name="decision" value="deny" formnovalidate>Deny</button>
</div>`

/** The same for somebody who is signed in in this browser and has authenticated recently. */
export function sessionForm(
  status: number,
  login: DeviceLogin,
  { userCode, username }: { readonly userCode: string; readonly username: string },
  message: string | null,
): Answer {
  const title = `Sign in ${login.clientName}?`
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      ${facts(login, userCode)} ${warning} ${problem(message)}
      <p>You are signed in here as <strong>${username}</strong>.</p>
      <form method="post" action="device">
        <input type="hidden" name="user_code" value="${userCode}" />
        <input type="hidden" name="by" value="session" />
        ${buttons}
      </form>`,
  )
}

/** What is asked for after, or instead of, a password. */
interface FactorQuestion extends Typed {
  readonly challenge: string
  /** Whether a code will do. */
  readonly hasCode: boolean
  /** For `navigator.credentials.get()`, as JSON; empty: a passkey will not do. */
  readonly options: string
  /** Whether the passkey is asked for instead of a password. */
  readonly isFirst?: boolean
}

/** Asks whoever approves for a code, for a passkey, or for either: each in a form of its own. */
export function factorForm(status: number, login: DeviceLogin, asked: FactorQuestion, message: string | null): Answer {
  const title = `Sign in ${login.clientName}?`
  const hidden = html`<input type="hidden" name="user_code" value="${asked.userCode}" /> ${identifierField(asked.identifier)}
    ${passkeyFields(asked)}`
  const answer = page(
    status,
    title,
    html`<h1>${title}</h1>
      ${facts(login, asked.userCode)} ${asked.hasCode ? null : problem(message)} ${asked.options === '' ? null : passkeyForm(hidden)}
      ${asked.options === '' || !asked.hasCode ? null : html`<p class="soft">Or with a code:</p>`}
      ${
        asked.hasCode
          ? html`${problem(message)}
              <form method="post" action="device">${hidden} ${factorField(message !== null)} ${buttons}</form>`
          : null
      }`,
  )
  return asked.options === '' ? answer : withScript(answer)
}

/** The script asks the browser for the passkey, and sends the form with the answer. */
function passkeyForm(hidden: Html): Html {
  return html`<form method="post" action="device" id="passkey-form">
      ${hidden}
      <input type="hidden" name="passkey" value="" />
      <div class="buttons">
        <button class="main" name="decision" value="approve">Approve with a passkey</button>
        <button name="decision" value="deny">Deny</button>
      </div>
    </form>
    ${passkeyScript}`
}

/** The page after an approval. */
export function approved(clientName: string): Answer {
  return notice(200, 'Approved', html`<strong>${clientName}</strong> is signed in. Go back to it. You can close this page.`)
}

export function denied({ clientName }: DeviceLogin): Answer {
  return notice(200, 'Denied', html`<strong>${clientName}</strong> is not signed in.`, 'You can close this page.')
}
