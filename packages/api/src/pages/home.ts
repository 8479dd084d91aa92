import type { IncomingMessage } from 'node:http'
import { html, type Core, type Html, type Principal } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { httpErrorOf, noSuchResource, urlTooLong } from '../errors.ts'
import { problem } from '../rest.ts'
import { signOutForm } from './sign-in-views.ts'
import { notice, page } from './layout.ts'
import { factorsInWords } from './second-factors.ts'
import { sessionPage } from './visitor.ts'
import { link, waysToBegin } from './ways-to-begin.ts'

export const homePath = '/'

/** Where people land who open the address of the installation: what they can do here. Links are relative, so that a path prefix of the public URL is kept. */
export const answerHome = sessionPage({ show: async (visitor, core) => home(core, visitor.principal, await factorsInWords(visitor)) })

function home(core: Core, principal: Principal | null, factors: string | null): Answer {
  const { name } = core.settings
  return page(
    200,
    name,
    html`<h1>${name}</h1>
      <p class="soft">Your account for the applications that sign in here.</p>
      ${principal === null ? outside(core) : inside(principal, factors)}
      <p class="hint">
        For developers: calls go to <code>trpc</code> at this address. The client is <code>@denizen/client</code>, the command line
        <code>denizen</code>; both are described in the folder <code>docs</code> of Denizen.
      </p>`,
  )
}

const device = link('/device', 'Enter the code of a device')

/** For whoever is signed in in this browser. `factors`: their second factors, in a few words; null: that cannot be said now. */
function inside({ username, pendingSteps, isAnonymous }: Principal, factors: string | null): Html {
  if (isAnonymous) return guest(username)
  return html`<p>You are signed in as <strong>${username}</strong>.</p>
    ${pendingSteps.map((step) => owed[step])}
    <ul class="plain">
      <li><a href="second-factors">Your second factors</a>${factors === null ? null : html`: ${factors}`}</li>
      ${link('/passkeys', 'Your passkeys')} ${link('/change-password', 'Change your password')}
      ${link('/sessions', 'Where you are signed in')} ${device}
    </ul>
    ${signOutForm}`
}

/** A guest has no password and no passkeys, and may sign in to a real account. */
const guest = (username: string): Html =>
  html`<p>You are using the guest account <strong>${username}</strong>, which nobody can open but from this browser.</p>
    <ul class="plain">
      ${link('/sign-in', 'Sign in to an account of yours')} ${device}
    </ul>
    ${signOutForm}`

/** What a session has to do before it may do anything else. */
const owed: Readonly<Record<Principal['pendingSteps'][number], Html>> = {
  changePassword: html`<p class="problem">
    First <a href="change-password">change your password</a>: it is too old, or was chosen for you.
  </p>`,
  enrolFactor: html`<p class="problem">First <a href="second-factors">set up a second factor</a>.</p>`,
  verifyEmail: html`<p class="problem">First confirm your email address.</p>
    <form method="post" action="confirm-address">
      <div class="buttons"><button class="main">Send me the link</button></div>
    </form>`,
}

function outside(core: Core): Html {
  return html`<a class="main" href="sign-in">Sign in</a>
    <ul class="plain">
      ${waysToBegin(core)} ${device}
    </ul>`
}

/** Whether somebody opened an address in a browser: they get a page, and programs JSON. */
const isOpened = ({ method, headers }: IncomingMessage): boolean => method === 'GET' && (headers.accept ?? '').includes('text/html')

const toFirstPage = ({ settings }: Core): Html => html`<a class="main" href="${settings.publicUrl}">Go to ${settings.name}</a>`

/** The address is longer than the server reads. */
export function answerTooLong(core: Core, request: IncomingMessage, { most, requestId }: { most: number; requestId: string }): Answer {
  const error = urlTooLong({ most })
  if (!isOpened(request)) return problem(error, requestId)
  return notice(
    httpErrorOf(error).status,
    'This address is too long',
    error.message,
    'Open it again where you found it.',
    toFirstPage(core),
  )
}

/** Nothing is at this address: a page that leads home for whoever opened it in a browser, JSON for programs. */
export function answerUnknown(core: Core, request: IncomingMessage, requestId: string): Answer {
  if (!isOpened(request)) return problem(noSuchResource({}), requestId)
  return notice(404, 'There is nothing here', 'The address may be mistyped, or out of date.', toFirstPage(core))
}
