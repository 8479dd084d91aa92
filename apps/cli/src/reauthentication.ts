import { DenizenError } from '@denizen/core/calls'
import type { InputOf, OutputOf, Signatures } from '@denizen/core/contract'
import type { Connection } from './calls.ts'
import { usageError } from './failure.ts'
import { note } from './output.ts'
import { askedAgainAfter, askSecret, askText, canAsk } from './prompts.ts'

type Proof = InputOf<Signatures['auth']['reauthenticate']>

/** Does something that needs a recent authentication: whoever sits at a terminal is asked for it, and then it is done. */
export async function withReauthentication<T>({ calls }: Connection, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof DenizenError) || error.code !== 'auth.freshProofRequired' || !canAsk()) throw error
    note('This is a sensitive change: please confirm that it is you.')
    await reauthenticated(calls)
    return work()
  }
}

/** Reauthenticates with what is typed at the terminal. */
export async function reauthenticated(calls: Connection['calls']): Promise<OutputOf<Signatures['auth']['reauthenticate']>> {
  return askedAgainAfter(['auth.wrongProof'], async () => calls.auth.reauthenticate(await askProof(calls)))
}

/** Users with a second factor are asked for it: their password alone is not enough. */
async function askProof(calls: Connection['calls']): Promise<Proof> {
  const { totp, passkeys } = await calls.factors.list({})
  if (totp !== null) return factorOf(await askText('Code of your authenticator app, or a recovery code', '--code-stdin'))
  if (passkeys > 0) throw usageError('Your second factor is a passkey, which a terminal cannot ask for.', 'Make the change in a browser.')
  return { password: await askSecret('Password', '--password-stdin') }
}

/** Six to eight digits are a code of an authenticator app; recovery codes are not only digits. */
export function factorOf(code: string): { totp: string } | { recoveryCode: string } {
  const digits = code.replaceAll(/\s/g, '')
  return /^\d{6,8}$/.test(digits) ? { totp: digits } : { recoveryCode: code.trim() }
}
