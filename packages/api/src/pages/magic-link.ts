import { html, linkPaths } from '@denizen/core'
import { page, timeElement } from './layout.ts'
import { continueLink, type LinkPage } from './mailed-link.ts'

/** Where email links for signing in lead. */
export const magicLinkPath = linkPaths.magicLink

/**
 * Leads back to where the link was requested. It works only there, because the other
 * half of its secret is there. This page opens no session, so it has no form.
 */
export const magicLinkPage: LinkPage = {
  purpose: 'magicLink',
  show({ account, expiresAt, redirectTo }, token) {
    const title = 'Sign in'
    return page(
      200,
      title,
      html`<h1>${title}</h1>
        <p>
          You asked to sign in as <strong>${account?.username ?? ''}</strong>. If it was not you, close this page, and nobody is signed in.
        </p>
        ${
          continueLink(redirectTo, (host) => `Sign in at ${host}`, token) ??
          html`<p>Copy this text into the application where you asked for the link, and nowhere else:</p>
            <p><code>${token}</code></p>`
        }
        <p class="soft">It works once, until ${timeElement(expiresAt)}, and only where you asked for it.</p>`,
    )
  },
}
