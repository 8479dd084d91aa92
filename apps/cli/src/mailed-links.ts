import { DenizenError, type Calls } from '@denizen/core/calls'
import { isPasswordLink, type LinkPurpose, type OutputOf, type Signatures } from '@denizen/core/contract'
import type { Input } from './action-command.ts'
import { denizen } from './common-options.ts'

type Verification = OutputOf<Signatures['auth']['viewVerification']>

const password = ['chooses a password', `Choose it: ${denizen} password reset`] as const

/** What each mailed link does, and which command takes it. */
const links: Readonly<Record<LinkPurpose | 'invitation', readonly [does: string, next: string]>> = {
  signUp: ['finishes signing up', `Finish it: ${denizen} auth verify-email --token-prompt --password-prompt, or open it in a browser`],
  verifyEmail: [
    'confirms an address',
    `Confirm it: ${denizen} auth verify-email --token-prompt --password-prompt, or open it in a browser`,
  ],
  magicLink: ['signs in', 'Open it in the browser where you asked for it.'],
  resetPassword: password,
  setup: password,
  claim: password,
  invitation: ['is an invitation', `Accept it: ${denizen} orgs accept-invitation --token-prompt`],
}

/** The token, also if the whole link was entered. */
export function tokenIn(typed: string): string {
  const text = typed.trim()
  return URL.canParse(text) ? (new URL(text).searchParams.get('token') ?? text) : text
}

/** Takes the token or the whole link from the mail. */
export function onlyToken(input: Input): void {
  const { token } = input
  if (typeof token === 'string') input['token'] = tokenIn(token)
}

/** What a link for a password leads to. Throws for one of another kind, which is called what it is. */
export function viewedPasswordLink(calls: Calls, typed: string): Promise<Verification> {
  return viewedLink(calls, typed, 'choose a password', isPasswordLink)
}

/** What a link that confirms an address leads to; it may finish a sign-up. Throws for one of another kind, which is called what it is. */
export function viewedAddressLink(calls: Calls, typed: string): Promise<Verification> {
  return viewedLink(calls, typed, 'confirm an address', (purpose) => purpose === 'signUp' || purpose === 'verifyEmail')
}

async function viewedLink(
  { auth }: Calls,
  typed: string,
  wanted: string,
  isWanted: (purpose: LinkPurpose) => boolean,
): Promise<Verification> {
  const token = tokenIn(typed)
  if (token.startsWith('dnz_invite_')) throw notFor(wanted, 'invitation')
  const viewed = await auth.viewVerification({ token })
  if (!isWanted(viewed.purpose)) throw notFor(wanted, viewed.purpose)
  return viewed
}

/** Throws for a link that is none of an invitation, as far as it can be told: the server says the rest. */
export async function requireInvitationLink({ auth }: Calls, token: string): Promise<void> {
  if (!token.startsWith('dnz_verify_')) return
  const { purpose } = await auth.viewVerification({ token })
  throw notFor('answer an invitation', purpose)
}

function notFor(wanted: string, kind: LinkPurpose | 'invitation'): DenizenError {
  const [does, next] = links[kind]
  return new DenizenError('auth.linkInvalid', 'notFound', `This link is not one to ${wanted}: it ${does}.`, { next })
}
