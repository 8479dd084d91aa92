import { html, type Core, type DenizenError, type Html, type OutputOf, type Signatures } from '@denizen/core'
import { homeFrom } from './layout.ts'
import { forgottenPath, refusalOf, signUpRequestPath } from './request-paths.ts'

/** What a mailed link was for, as far as its page knows when it is not valid. */
type LinkPurpose = OutputOf<Signatures['auth']['viewVerification']>['purpose'] | 'invitation'

const advice: Readonly<Record<LinkPurpose, string>> = {
  setup: 'Did you choose a password with it already? Then sign in. Otherwise ask whoever gave you the account for a new link.',
  resetPassword: 'Did you choose a password with it already? Then sign in. Otherwise ask for a new link.',
  signUp: 'Did you confirm with it already? Then sign in. Otherwise sign up again: the newest mail has the link that works.',
  verifyEmail: 'Did you confirm with it already? Then all is done. Otherwise sign in and ask for a new link.',
  magicLink: 'Ask for a new link where you asked for this one, or sign in here.',
  claim: 'Did you choose a password with it already? Then sign in. Otherwise ask for a new link where you asked for this one.',
  invitation: 'Did you accept it already? Then sign in. Otherwise ask whoever invited you to do so again.',
}

/** Where somebody gets a new link by themselves. */
const again: Readonly<Partial<Record<LinkPurpose, readonly [path: string, text: string]>>> = {
  setup: [forgottenPath, 'Forgot your password?'],
  resetPassword: [forgottenPath, 'Ask for a new link'],
  signUp: [signUpRequestPath, 'Sign up again'],
}

const over: ReadonlySet<string> = new Set(['auth.linkInvalid', 'organizations.invitationInvalid'])

/** What to do with a link that is not valid, as its page says it; nothing: the error is another one. */
export function linkOver(core: Core, error: DenizenError, purpose: LinkPurpose, url: string): readonly Html[] {
  if (!over.has(error.code)) return []
  const home = homeFrom(url)
  const signIn = html`<a class="main" href="${home}sign-in">Sign in</a>`
  const [path, text = ''] = again[purpose] ?? []
  const isOffered = path !== undefined && refusalOf(core, path) === null
  return [html`${advice[purpose]}`, signIn, ...(isOffered ? [html`<a href="${home}${path.slice(1)}">${text}</a>`] : [])]
}
