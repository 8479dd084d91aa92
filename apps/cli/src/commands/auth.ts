import { shellWord, signatures, type OutputOf } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction, type Input } from '../action-command.ts'
import type { Connection } from '../calls.ts'
import { denizen } from '../common-options.ts'
import { onlyToken, viewedAddressLink } from '../mailed-links.ts'
import { localTime, record } from '../output.ts'
import { leastLength } from '../prompts.ts'

const { auth: actions } = signatures

type Sent = OutputOf<typeof actions.requestMagicLink>

/** Mails that applications ask for when they sign somebody in: what was sent, and what comes next. */
export function addAuth(program: Command): void {
  const auth = program.command('auth').description('Sign in step by step, as applications do')
  addAddresses(auth)
  addCodes(auth)
}

function addAddresses(auth: Command): void {
  addAction(auth, {
    signature: actions.signUp,
    show: (sent) => sentText('A link was sent to the address', 'Open it to finish: the account is created then.', sent),
    examples: ['auth sign-up --email ada@example.org --password-stdin < password.txt'],
  })
  addAction(auth, {
    signature: actions.requestEmailVerification,
    show: (sent) =>
      sentText(
        'A link was sent to your address',
        'Open it, and the address is confirmed. If it is a new one, all sessions but that of the browser end then: sign in again here.',
        sent,
      ),
    examples: ['auth request-email-verification'],
  })
  addAction(auth, {
    signature: actions.verifyEmail,
    adjust: onlyToken,
    beforeAsking: leastLengthAsked,
    prepare: async ({ calls }, { token }) => {
      if (typeof token === 'string') await viewedAddressLink(calls, token)
    },
    show: verifiedText,
    examples: ['auth verify-email --token-prompt --password-prompt', 'auth verify-email --token-stdin --password-stdin < two-lines.txt'],
  })
}

function addCodes(auth: Command): void {
  addAction(auth, {
    signature: actions.requestMagicLink,
    show: (sent) =>
      sentText(
        'If there is an account with this address, a link was sent there',
        `Its token signs in together with the binding below: ${denizen} call auth.signInWithMagicLink --input -`,
        sent,
      ),
    examples: ['auth request-magic-link --email ada@example.org'],
  })
  addAction(auth, {
    signature: actions.requestEmailCode,
    show: (sent) =>
      sentText(
        'If there is an account with this address, a code was sent there',
        `It is entered together with the binding below: ${denizen} call auth.signInWithEmailCode --input -, or auth.reauthenticate`,
        sent,
      ),
    examples: ['auth request-email-code --purpose signIn --email ada@example.org', 'auth request-email-code --purpose reauthenticate'],
  })
}

/** Nobody has to think of a password for a link that is over or for something else, or of one that is too short. */
async function leastLengthAsked({ calls }: Connection, field: string, { token }: Input): Promise<string | null> {
  if (field !== 'password' || typeof token !== 'string') return null
  const { purpose, minimumPasswordLength } = await viewedAddressLink(calls, token)
  return purpose === 'signUp' ? leastLength(minimumPasswordLength) : null
}

function verifiedText({ status, user: { username, email } }: OutputOf<typeof actions.verifyEmail>): string {
  if (status === 'verified') return `${email} is confirmed as the address of ${username}.`
  return `The account ${username} is yours, with the address ${email}. Sign in: ${denizen} login --username ${shellWord(username)}`
}

function sentText(what: string, next: string, { binding, expiresAt }: Sent): string {
  return `${what}; it works until ${localTime(expiresAt)}. ${next}\n\n${record([['binding', binding]])}`
}
