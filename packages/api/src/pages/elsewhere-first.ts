import { html, type Core, type DenizenError, type Html } from '@denizen/core'
import { homeFrom } from './layout.ts'
import { forgottenPath, refusalOf } from './request-paths.ts'

/**
 * What somebody can do who is signed in too often to sign in here, below the message that says so; nothing: the error is another one.
 * `url` is that of the page, which is also where they try again.
 */
export function elsewhereFirst(core: Core, error: DenizenError, url: string): readonly Html[] {
  if (error.code !== 'auth.tooManySessions') return []
  const home = homeFrom(url)
  const again = url.startsWith('/device') ? 'device' : 'sign-in'
  const help =
    refusalOf(core, forgottenPath) === null
      ? html`<a href="${home}${forgottenPath.slice(1)}">Choose a new password</a>: that signs you out everywhere.`
      : html`Ask an administrator to end them.`
  return [html`<a class="main" href="${home}${again}">Try again</a>`, html`Can you not sign out there, because the device is lost? ${help}`]
}
