import { html, type Core, type DenizenError, type Html, type Principal } from '@denizen/core'
import { homeFrom } from './layout.ts'
import { forgottenPath, refusalOf } from './request-paths.ts'

/**
 * What somebody can do who is signed in too often to sign in here, below the message that says so; nothing: the error is another one.
 * `url` is that of the page, which is also where they try again; `principal` is who is signed in in this browser, and stays so.
 */
export function elsewhereFirst(core: Core, error: DenizenError, url: string, principal: Principal | null): readonly Html[] {
  if (error.code !== 'auth.tooManySessions') return []
  const home = homeFrom(url)
  const again = url.startsWith('/device') ? 'device' : 'sign-in'
  const help =
    refusalOf(core, forgottenPath) === null
      ? html`<a href="${home}${forgottenPath.slice(1)}">Choose a new password</a>: that signs you out everywhere.`
      : html`Ask an administrator to end them.`
  return [
    ...(principal === null ? [] : orHere(principal, home)),
    html`<a class="main" href="${home}${again}">Try again</a>`,
    html`Can you not sign out there, because the device is lost? ${help}`,
  ]
}

/** Signing in again, in the browser in which one is signed in, is refused as well: its session goes on until the new one is there. */
function orHere({ username }: Principal, home: string): readonly Html[] {
  return [
    html`You are still signed in here, as <strong>${username}</strong>. Is it that account? Then this browser counts too: sign out here
      instead, and sign in again.`,
    html`<form method="post" action="${home}sign-out">
      <div class="buttons"><button>Sign out here</button></div>
    </form>`,
  ]
}
