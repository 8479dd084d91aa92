import { html, type Html, type OutputOf, type Signatures } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { minutesOfKey } from './factor-cookies.ts'
import { passkeysOnTheWayTo, secondFactorsOnTheWayTo } from './goals.ts'
import { nextField, page, timeElement } from './layout.ts'
import { alert } from './mailed-link.ts'

const title = 'Your second factors'

export type Factors = OutputOf<Signatures['factors']['list']>

interface About {
  readonly username: string
  /** Where to go on once a factor is set up; empty: nowhere. */
  readonly next: string
  /** Whether they may be changed without signing in again. */
  readonly isRecent: boolean
  /** What is wrong; null: nothing. */
  readonly message: string | null
}

/** What the page says when somebody comes back to it, by the query of its address, as far as it is so. */
export function toldBy(query: URLSearchParams, { totp, recoveryCodes }: Factors): string | null {
  if (query.has('removed') && totp === null) return 'The authenticator app is removed, and everywhere else you are signed out.'
  if (query.has('kept') && recoveryCodes > 0) return 'Your recovery codes are in place.'
  if (query.has('shown')) return 'Recovery codes are shown once. If you have not kept them, make new ones.'
  if (query.has('done') && totp !== null)
    return 'The authenticator app is set up already. If you have not seen its recovery codes, make new ones.'
  return query.has('over') || query.has('done') ? noKey : null
}

const noKey = `There is no key to show: each is shown for ${minutesOfKey} minutes, in the browser in which it was made. Begin again, with a new one.`

const problem = (message: string | null): Html | null => alert(message === null ? null : { field: null, message })

/** One button of the page. */
function form({ username, next }: About, what: string, button: Html): Html {
  return html`<form method="post" action="second-factors">
    <input type="hidden" name="user" value="${username}" />
    ${nextField(next)}
    <input type="hidden" name="do" value="${what}" />
    ${button}
  </form>`
}

const mainButton = (text: string): Html => html`<div class="buttons"><button class="main">${text}</button></div>`

/** For whoever has to set up a second factor before anything else. */
export function enrolPage(status: number, about: About): Answer {
  const { username, next, isRecent, message } = about
  const heading = 'Set up a second factor'
  return page(
    status,
    heading,
    html`<h1>${heading}</h1>
      ${problem(message)}
      <p>
        Signed in as <strong>${username}</strong>. Your account needs a second factor, besides the password, before you can go on: an app on
        your phone that shows codes, or a passkey.
      </p>
      ${
        isRecent
          ? html`${form(about, 'set-up', mainButton('Set up an authenticator app'))}
              <p><a href="${passkeysOnTheWayTo(next)}">Register a passkey instead</a></p>`
          : signInAgain(next)
      }`,
  )
}

const signInAgain = (next: string): Html =>
  html`<p>
    <a class="main" href="sign-in?next=${encodeURIComponent(secondFactorsOnTheWayTo(next))}">Sign in again to change your second factors</a>
  </p>`

/** Which second factors there are, and what can be done with each. `told`: what has just happened. */
export function factorsPage(status: number, about: About, factors: Factors, told: string | null): Answer {
  const { username, isRecent, message, next } = about
  const { totp, passkeys, recoveryCodes, required } = factors
  const isLast = required && totp !== null && passkeys === 0
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      <p>Signed in as <strong>${username}</strong>. A second factor keeps out whoever knows only your password.</p>
      ${told === null ? null : html`<p role="status">${told}</p>`} ${problem(message)}
      <ul class="plain">
        <li>
          <strong>Authenticator app</strong>: ${totp === null ? 'none' : html`since ${timeElement(totp.activatedAt)}`}
          ${totp === null || !isRecent ? null : appButtons(about, isLast)}
        </li>
        <li><strong>Passkeys</strong>: ${passkeys === 0 ? 'none' : passkeys} · <a href="passkeys">Your passkeys</a></li>
        <li>
          <strong>Recovery codes</strong>:
          ${totp === null && passkeys === 0 ? 'they come with an authenticator app' : `${recoveryCodes} left`}
          ${isRecent && (totp !== null || passkeys > 0) ? codesButton(about, recoveryCodes > 0) : null}
        </li>
      </ul>
      ${isLast ? html`<p class="hint">A second factor is required here, so the last one cannot be removed.</p>` : null}
      ${isRecent ? (totp === null ? form(about, 'set-up', mainButton('Set up an authenticator app')) : null) : signInAgain(next)}`,
  )
}

const appButtons = (about: About, isLast: boolean): Html =>
  html`· ${form(about, 'set-up', html`<button class="plain">Set up another app instead</button>`)}
  ${isLast ? null : html`· <a href="second-factors?remove">Remove<span class="unseen"> the authenticator app</span></a>`}`

const codesButton = (about: About, hasSome: boolean): Html =>
  html`· ${form(about, 'new-codes', html`<button class="plain">${hasSome ? 'Make new ones' : 'Make some'}</button>`)}
  ${hasSome ? html`<span class="soft">(the old ones stop working)</span>` : null}`

/** Asks before the app is removed. */
export function removalPage(username: string): Answer {
  const heading = 'Remove the authenticator app?'
  const about = { username, next: '', isRecent: true, message: null }
  return page(
    200,
    heading,
    html`<h1>${heading}</h1>
      <p>
        Its codes stop working, and everywhere else you are signed out. Without another second factor your recovery codes go as well, and
        your password alone opens your account.
      </p>
      ${form(about, 'remove', html`<div class="buttons"><button>Remove it</button></div>`)}
      <p><a class="main" href="second-factors">Keep it</a></p>`,
  )
}
