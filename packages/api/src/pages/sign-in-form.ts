import { DenizenError, type OutputOf, type SignInAnswer, type Signatures } from '@denizen/core'
import { malformed } from '../errors.ts'
import type { Context } from '../procedures.ts'
import { leaveName } from './guest.ts'

/** The fields with which somebody signs in on a page. */
export interface SignInFields {
  readonly identifier: string
  readonly password: string
  /** The challenge of a sign-in that waits for its second factor; empty: none has been started. */
  readonly challenge: string
  readonly code: string
  /** Whether the page asked for a code too. */
  readonly hasCode: boolean
  /** What a guest says who gives up the guest account; empty: nothing. */
  readonly leave: string
  /** What the browser answers for a passkey, as JSON; empty: none was used. */
  readonly passkey: string
  /** What the page's script asks the browser for, as JSON; empty: there is no passkey. Sent back only to be asked again. */
  readonly options: string
  /** Whether the passkey is the whole sign-in, and not the second factor of one. */
  readonly isFirst: boolean
}

export function signInFieldsOf(fields: URLSearchParams): SignInFields {
  const text = (name: string): string => fields.get(name) ?? ''
  return {
    identifier: text('identifier').trim(),
    password: text('password'),
    challenge: text('challenge'),
    code: text('code').trim(),
    hasCode: fields.has('code'),
    leave: text(leaveName),
    passkey: text('passkey'),
    options: text('options'),
    isFirst: text('first') === 'yes',
  }
}

/** Signs in with what was entered. */
export async function signInWith(
  context: Context,
  { identifier, password, challenge, code, passkey, isFirst }: SignInFields,
): Promise<SignInAnswer> {
  if (challenge === '') return (await context.call('auth.signIn', { identifier, password })) as SignInAnswer
  if (passkey !== '' && isFirst) {
    type Finished = OutputOf<Signatures['passkeys']['finishSignIn']>
    return (await context.call('passkeys.finishSignIn', { challenge, response: answerOf(passkey) })) as Finished
  }
  const factor = passkey === '' ? factorOf(code) : { passkey: answerOf(passkey) }
  return (await context.call('auth.completeSignIn', { challenge, ...factor })) as SignInAnswer
}

/** Six digits are a code of an authenticator app, anything else is a recovery code. */
export function factorOf(code: string): { readonly totp: string } | { readonly recoveryCode: string } {
  const digits = code.replaceAll(/\s/g, '')
  return /^\d{6,8}$/.test(digits) ? { totp: digits } : { recoveryCode: code }
}

/** What the page's script put into the form; the action checks the rest. */
function answerOf(passkey: string): unknown {
  try {
    return JSON.parse(passkey) as unknown
  } catch {
    throw malformed('passkey', 'what a browser answers for a passkey, as JSON')
  }
}

/** The message above the form when it may be tried again; null: trying again is of no use. */
export function signInProblem(error: unknown): string | null {
  if (!(error instanceof DenizenError)) return null
  if (error.kind === 'unauthenticated' || error.code === 'auth.tooManyAttempts') return error.message
  return error.code === 'request.invalid' ? 'Something is not right. Please check what you entered.' : null
}

/** Whether the second factor can be tried again: a challenge for a passkey alone takes one answer, and any other a few. */
export function mayTryAgain({ challenge, isFirst }: SignInFields, error: unknown): boolean {
  const isOver = error instanceof DenizenError && (error.code === 'auth.challengeOver' || error.details['attemptsLeft'] === 0)
  return challenge !== '' && !isFirst && !isOver
}
