import { html, type Html, type OutputOf, type Signatures } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { clearFactorCookies } from './factor-cookies.ts'
import { guestSigningOut, leaveName, leavingOf } from './guest.ts'
import { notice, page, timeElement, withFields } from './layout.ts'
import { signInFirst } from './sign-in.ts'
import { signOutForm } from './sign-in-views.ts'
import { leadTo, sessionPage } from './visitor.ts'

type Listed = OutputOf<Signatures['sessions']['listActive']>

/** The page that shows where somebody is signed in, and ends what they do not know. */
export const answerSessions = sessionPage({
  async show({ principal, context }) {
    if (principal === null) return signInFirst('sessions')
    if (principal.pendingSteps.length > 0) return leadTo('./') // which says what to do first
    return sessionsPage((await context.call('sessions.listActive', { limit: 100 })) as Listed)
  },
  async act({ principal, context }, _, fields) {
    if (principal === null) return signInFirst('sessions')
    const sessionId = fields.get('end')
    await (sessionId === null ? context.call('sessions.endOthers', {}) : context.call('sessions.end', { sessionId }))
    return leadTo('sessions')
  },
})

/** Signs out in this browser. Whoever opens the address is asked: no link signs anybody out. */
export const answerSignOut = sessionPage({
  show({ principal }) {
    const leaving = leavingOf(principal)
    return leaving === null ? notice(200, 'Sign out?', signOutForm) : guestSigningOut(leaving)
  },
  async act(visitor, core, fields) {
    const leaving = leavingOf(visitor.principal)
    if (leaving !== null && fields.get(leaveName) !== leaving) return guestSigningOut(leaving)
    const left = (await visitor.signOut())
      ? []
      : ['The session itself could not be ended from here: it may not be used from this address, or too often.']
    return withFields(
      notice(200, 'You are signed out', ...left, html`<a class="main" href="sign-in">Sign in</a>`),
      clearFactorCookies(visitor, core),
    )
  },
})

/** Mails the link that confirms an address, to whoever has to do that before anything else. */
export const answerConfirmAddress = sessionPage({
  show: () => leadTo('./'),
  async act({ principal, context }) {
    if (principal === null) return leadTo('sign-in')
    await context.call('auth.requestEmailVerification', {})
    return notice(200, 'Check your email', 'A link is on its way to your address. Open it to confirm the address.')
  },
})

function sessionsPage({ items }: Listed): Answer {
  const title = 'Where you are signed in'
  return page(
    200,
    title,
    html`<h1>${title}</h1>
      <ul class="plain">
        ${items.map(item)}
      </ul>
      ${
        items.length < 2
          ? null
          : html`<form method="post" action="sessions">
              <div class="buttons"><button>Sign out everywhere else</button></div>
            </form>`
      }
      <p class="hint">Do you not know one of them? Sign out there, then <a href="change-password">change your password</a>.</p>`,
  )
}

function item({ id, browser, os, device, userAgent, ip, lastSeenAt, current }: Listed['items'][number]): Html {
  const what = [browser, device, os].filter((part) => part !== null).join(', ') || (userAgent ?? '')
  const end = html`<form method="post" action="sessions">
    <input type="hidden" name="end" value="${id}" />
    <button class="plain">Sign out there</button>
  </form>`
  return html`<li>
    <strong>${what === '' ? 'An unknown program' : what}</strong>, from ${ip ?? 'an unknown address'}, last seen ${timeElement(lastSeenAt)}
    ${current ? html`<strong>(here)</strong>` : html`· ${end}`}
  </li>`
}
