import { html, type Core, type Html } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { guestWarning, leaveBox, leaveField } from './guest.ts'
import { factorField, nextField, notice, page, withRequests, withScript, wrongField } from './layout.ts'
import { passkeyFormScriptPath } from './passkey-form-script.ts'
import { waysToBegin } from './ways-to-begin.ts'

const title = 'Sign in'

/** What the passkey of a form is for, and where its script puts the answer. */
export interface PasskeyQuestion {
  readonly challenge: string
  /** For `navigator.credentials.get()`, as JSON; empty: a passkey will not do, or the script asks for them. */
  readonly options: string
  /** Whether the passkey is asked for instead of a password. */
  readonly isFirst?: boolean
}

/** The hidden fields of a form with a second factor, or with a passkey instead of a password. */
export const passkeyFields = ({ challenge, options, isFirst = false }: PasskeyQuestion): Html =>
  html`<input type="hidden" name="challenge" value="${challenge}" />
    <input type="hidden" name="first" value="${isFirst ? 'yes' : ''}" />
    <input type="hidden" name="options" value="${options}" />`

/** Who signs in, so that nobody types it again when the second factor comes too late. */
export const identifierField = (identifier: string): Html | null =>
  identifier === '' ? null : html`<input type="hidden" name="identifier" value="${identifier}" />`

/** Below the form `passkey-form`: its script asks the browser for the passkey, and sends the form with the answer. */
export const passkeyScript: Html = html`<p class="problem" id="passkey-problem" role="alert" hidden></p>
  <noscript><p class="soft">Passkeys need JavaScript, because it is the browser that asks for one.</p></noscript>
  <script type="module" src="${passkeyFormScriptPath.slice(1)}"></script>`

const problem = (message: string | null): Html | null =>
  message === null ? null : html`<p class="problem" role="alert" id="problem">${message}</p>`

interface Typed {
  /** Where to go on, by name; empty: to the first page. */
  readonly next: string
  readonly identifier: string
  /** What the form says if the guest who is here signs in; null: no guest is. */
  readonly leaving: string | null
}

/** Asks for a password or a passkey, and says what else there is. */
export function signInForm(status: number, core: Core, typed: Typed, message: string | null): Answer {
  const answer = page(
    status,
    title,
    html`<h1>${title}</h1>
      ${guestWarning(typed.leaving)} ${problem(message)} ${passwordForm(typed, message !== null)}
      <form method="post" action="sign-in" id="passkey-form">
        ${nextField(typed.next)} ${passkeyFields({ challenge: '', options: '', isFirst: true })}
        <input type="hidden" name="passkey" value="" />
        ${leaveBox(typed.leaving)}
        <div class="buttons"><button>Sign in with a passkey</button></div>
      </form>
      ${passkeyScript}
      <ul class="plain">
        ${waysToBegin(core)}
      </ul>`,
  )
  return withRequests(withScript(answer))
}

const passwordForm = ({ next, identifier, leaving }: Typed, isWrong: boolean): Html =>
  html`<form method="post" action="sign-in">
    ${nextField(next)} ${passwordFields(identifier, isWrong)} ${leaveBox(leaving)}
    <div class="buttons"><button class="main">Sign in</button></div>
  </form>`

/** A name and its password; `isWrong`: what was entered before is, as the message on the page says. */
export const passwordFields = (identifier: string, isWrong: boolean): Html =>
  html`<div class="field">
      <label for="identifier">Username or email address</label>
      <input
        id="identifier"
        name="identifier"
        autocomplete="username"
        autocapitalize="none"
        spellcheck="false"
        maxlength="320"
        required
        value="${identifier}"
      />
    </div>
    <div class="field">
      <label for="password">Password</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        maxlength="1024"
        required
        aria-describedby="${isWrong ? 'problem' : ''}"
        ${wrongField(isWrong)}
      />
    </div>`

/** Asks for a second factor: a code, a passkey, or either. */
export interface FactorQuestion extends PasskeyQuestion {
  readonly next: string
  /** Who it is, to start again with; and what a guest said who gives up the guest account. Empty: nobody, nothing. */
  readonly identifier: string
  readonly leave: string
  /** Whether a code will do. */
  readonly hasCode: boolean
}

export function factorForm(status: number, asked: FactorQuestion, message: string | null): Answer {
  const hidden = html`${nextField(asked.next)} ${identifierField(asked.identifier)} ${leaveField(asked.leave)} ${passkeyFields(asked)}`
  const answer = page(
    status,
    title,
    html`<h1>${title}</h1>
      ${problem(message)}
      <p>Your account has a second factor.</p>
      ${asked.options === '' ? null : passkeyForm(hidden)}
      ${asked.options === '' || !asked.hasCode ? null : html`<p class="soft">Or with a code:</p>`}
      ${
        asked.hasCode
          ? html`<form method="post" action="sign-in">
              ${hidden} ${factorField(message !== null)}
              <div class="buttons"><button class="main">Continue</button></div>
            </form>`
          : null
      }
      <p class="hint"><a href="sign-in">Start again</a></p>`,
  )
  return asked.options === '' ? answer : withScript(answer)
}

const passkeyForm = (hidden: Html): Html =>
  html`<form method="post" action="sign-in" id="passkey-form">
      ${hidden}
      <input type="hidden" name="passkey" value="" />
      <div class="buttons"><button class="main">Use a passkey</button></div>
    </form>
    ${passkeyScript}`

/** For whoever pressed the button of the passkey where no script ran. */
export function passkeysNeedScript(): Answer {
  return notice(
    400,
    title,
    'Passkeys need JavaScript, because it is the browser that asks for one.',
    html`<a class="main" href="sign-in">Sign in with a password</a>`,
  )
}

/** For whoever would sign in over plain HTTP, on another machine. */
export function noSessionsHere(): Answer {
  return notice(
    403,
    'Nobody can sign in at this address',
    'Browsers keep no session for an address that begins with http: anybody on the way could take it over.',
    'Ask whoever runs this installation for an address that begins with https. Programs, and the page for the code of a device, work here.',
  )
}

/** Nobody signs in as somebody else by accident. */
export function alreadySignedIn(username: string): Answer {
  return notice(
    200,
    'You are signed in',
    html`You are signed in as <strong>${username}</strong>. To sign in as somebody else, sign out first.`,
    html`<a class="main" href="./">Go on</a>`,
    signOutForm,
  )
}

export const signOutForm: Html = html`<form method="post" action="sign-out">
  <div class="buttons"><button>Sign out</button></div>
</form>`
