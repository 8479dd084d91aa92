import { z } from 'zod'
import { AssertionResponse } from '../../passkeys/model.ts'
import { secret } from '../../kernel/secret.ts'

/** The ways to prove a second factor: exactly one is given. */
export const secondFactor = {
  totp: secret(z.string().min(1).max(64)).optional().meta({ description: 'the code that the authenticator app shows' }),
  recoveryCode: secret(z.string().min(1).max(64)).optional().meta({ description: 'one of the recovery codes; each works once' }),
  passkey: secret(AssertionResponse).optional().meta({ description: 'the result of navigator.credentials.get(), as JSON' }),
}

/** How many of the fields an input has. */
export function countGiven(input: Readonly<Record<string, unknown>>, ...fields: readonly string[]): number {
  return fields.filter((field) => input[field] !== undefined).length
}
