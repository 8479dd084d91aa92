import { signatures, type OutputOf } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { localTime, record } from '../output.ts'

const { auth: actions } = signatures

type Sent = OutputOf<typeof actions.requestMagicLink>

/** Mails that applications ask for when they sign somebody in: what was sent, and what comes next. */
export function addAuth(program: Command): void {
  const auth = program.command('auth').description('Sign in step by step, as applications do')
  addAction(auth, {
    signature: actions.signUp,
    show: (sent) => sentText('A link was sent to the address', 'Open it to finish: the account is created then.', sent),
    examples: ['auth sign-up --email ada@example.org --password-stdin < password.txt'],
  })
  addAction(auth, {
    signature: actions.requestEmailVerification,
    show: (sent) => sentText('A link was sent to your address', 'Open it, and the address is confirmed.', sent),
    examples: ['auth request-email-verification'],
  })
  addAction(auth, {
    signature: actions.requestMagicLink,
    show: (sent) =>
      sentText(
        'If there is an account with this address, a link was sent there',
        'Its token signs in together with the binding below: auth.signInWithMagicLink.',
        sent,
      ),
    examples: ['auth request-magic-link --email ada@example.org'],
  })
  addAction(auth, {
    signature: actions.requestEmailCode,
    show: (sent) =>
      sentText(
        'If there is an account with this address, a code was sent there',
        'It is entered together with the binding below: auth.signInWithEmailCode, or auth.reauthenticate.',
        sent,
      ),
    examples: ['auth request-email-code --purpose signIn --email ada@example.org', 'auth request-email-code --purpose reauthenticate'],
  })
}

function sentText(what: string, next: string, { binding, expiresAt }: Sent): string {
  return `${what}; it works until ${localTime(expiresAt)}. ${next}\n\n${record([['binding', binding]])}`
}
