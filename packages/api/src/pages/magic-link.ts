import { html } from '@denizen/core'
import { page } from './layout.ts'
import { instant, onward, type LinkPage } from './mailed-link.ts'

/** Where the links lead that sign in. */
export const magicLinkPath = '/sign-in/link'

/**
 * Leads back to where the link was asked for: only there it works, for only there
 * is the other half of it. This page has no session to give, so it has no form.
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
          Somebody, hopefully you, wants to sign in as <strong>${account?.username ?? ''}</strong>. If it was not you, close this page:
          nobody gets in.
        </p>
        ${
          onward(redirectTo, (host) => `Sign in at ${host}`, token) ??
          html`<p>Copy this text to where you asked for the link, and nowhere else:</p>
            <p><code>${token}</code></p>`
        }
        <p class="soft">It works only where you asked for it, once, until ${instant(expiresAt)}.</p>`,
    )
  },
}
