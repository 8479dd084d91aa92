import { createHash } from 'node:crypto'
import { html, type Html, type Principal } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { notice } from './layout.ts'

/** The field, or the part of an address, with which somebody says that they give up the guest account that they have in this browser. */
export const leaveName = 'leave'

/**
 * What a form or a link says to give up a guest account (an anonymous user, whose only credential is the session in this browser); null: nobody
 * is here as a guest. Of the session, so that no other page can say it, and a page that was opened for another guest does not.
 */
export function leavingOf(principal: Principal | null): string | null {
  if (principal === null || !principal.isAnonymous) return null
  return createHash('sha256')
    .update(`leave ${principal.sessionId ?? ''}`)
    .digest('base64url')
    .slice(0, 22)
}

/** What becomes of the account: merging it into another is not possible yet. */
const fate = html`Nothing in it is moved to another account, and nobody can open it again. To keep it, give it an address first, in the
application that you use it in.`

/** Above a form with which a guest signs in. */
export function guestWarning(leaving: string | null): Html | null {
  return leaving === null
    ? null
    : html`<p role="status">You are using a guest account in this browser. When you sign in, it ends. ${fate}</p>`
}

/** The box that a guest ticks who signs in; nothing: nobody is here as a guest. */
export function leaveBox(leaving: string | null): Html | null {
  if (leaving === null) return null
  return html`<p class="box">
    <label><input type="checkbox" name="${leaveName}" value="${leaving}" required /> Give up the guest account</label>
  </p>`
}

/** The same, in the forms that follow. */
export function leaveField(leaving: string): Html | null {
  return leaving === '' ? null : html`<input type="hidden" name="${leaveName}" value="${leaving}" />`
}

/** What is said to a guest who would sign in, but did not say that the account may go. */
export const undecidedGuest = 'Tick the box to give up the guest account, or keep it and do not sign in.'

/** Asks a guest who signs in at a provider. `href`: where that goes on. Two folders below the first page. */
export function guestAtProvider(href: string): Answer {
  return notice(
    200,
    'Give up the guest account?',
    html`You are using a guest account in this browser. When you sign in, it ends. ${fate}`,
    html`<a class="main" href="${href}">Give it up, and sign in</a>`,
    html`<a href="../../">Keep the guest account</a>`,
  )
}

/** Asks a guest who signs out. */
export function guestSigningOut(leaving: string): Answer {
  return notice(
    200,
    'Give up the guest account?',
    html`You are using a guest account in this browser. When you sign out, it ends. ${fate}`,
    html`<a class="main" href="./">Keep the guest account</a>`,
    html`<form method="post" action="sign-out">
      ${leaveField(leaving)}
      <div class="buttons"><button>Give it up, and sign out</button></div>
    </form>`,
  )
}
