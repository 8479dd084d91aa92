import { html, type DenizenError, type Html, type Principal } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { factorField, notice, page } from './layout.ts'
import type { Titles } from './respond.ts'

/** The way on from here: these pages are two folders below the others. */
const otherWays = html`<a class="main" href="../../sign-in">Sign in another way</a>`

/** Headings of pages that tell of an error on the way by a provider. */
export const titles: Titles = {
  'identities.signInToLink': 'You have an account here already',
  'identities.providerUnavailable': 'This provider cannot be used right now',
  'auth.identityRefused': 'The sign-in did not work',
  'auth.signUpClosed': 'You have no account here',
  'auth.redirectNotAllowed': 'This sign-in leads somewhere else',
}

/** What to do after an error on the way by a provider, below the message. */
export function onwardFor({ code }: DenizenError, provider: string): readonly Html[] {
  if (code !== 'identities.providerUnavailable') return [otherWays]
  return [html`<a class="main" href="../start/${provider}">Try again</a>`, html`<a href="../../sign-in">Sign in another way</a>`]
}

/** No provider has this name here: it is misspelt, or was taken out of the settings. */
export function noSuchProvider(): Answer {
  return notice(404, 'There is no such way to sign in', 'The address may be mistyped, or out of date.', otherWays)
}

/** Asks for the second factor. */
export function codeForm(status: number, { provider, attempt }: { provider: string; attempt: string }, message: string | null): Answer {
  const title = 'One more step'
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      ${message === null ? null : html`<p class="problem" role="alert" id="problem">${message}</p>`}
      <form method="post" action="${provider}">
        <input type="hidden" name="attempt" value="${attempt}" />
        ${factorField(message !== null)}
        <div class="buttons"><button class="main">Sign in</button></div>
      </form>`,
  )
}

export function noPasskeys(): Answer {
  return notice(
    403,
    'Sign in elsewhere',
    'Your second factor is a passkey, which this page cannot ask for.',
    'Sign in with the passkey in the application that you came from, or here.',
    otherWays,
  )
}

interface Welcome {
  readonly username: string
  readonly provider: string
  /** The account has no address, not from the provider either. */
  readonly isWithoutEmail: boolean
  /** Where to go next; null: that is not known. */
  readonly redirectTo: string | null
}

/** Signed in. */
export function welcome({ username, provider, isWithoutEmail, redirectTo }: Welcome): Answer {
  const further = redirectTo === null ? 'You can close this page.' : html`<a href="${redirectTo}">Continue</a>`
  const without = html`This account has no email address. None was taken over from ${provider}: it gave none, did not say that yours is
  confirmed, or is not asked here about addresses of that domain.`
  return notice(200, 'You are signed in', html`Signed in as <strong>${username}</strong>.`, ...(isWithoutEmail ? [without] : []), further)
}

/** The provider's answer belongs to no sign-in that this browser has open. */
export function signInOver(): Answer {
  return notice(
    400,
    'This sign-in cannot continue',
    'It was started in another browser, was started too long ago, or is already finished.',
    'Please start again in the application that you came from, or here.',
    otherWays,
  )
}

/** `principal`: who was signed in in this browser before, and still is. */
export function refusedByProvider(cancelled: boolean, principal: Principal | null): Answer {
  return notice(
    400,
    'The sign-in did not work',
    cancelled ? 'The sign-in was refused at the provider, by you or by its administrators.' : 'The provider could not sign you in.',
    principal === null ? 'You are not signed in.' : html`You are still signed in here, as <strong>${principal.username}</strong>.`,
    'Please start again in the application that you came from, or here.',
    otherWays,
  )
}
