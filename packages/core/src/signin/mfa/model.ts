import { z } from 'zod'
import { AssertionResponse } from '../../passkeys/model.ts'
import { secret } from '../../kernel/secret.ts'

/** What proves a second factor: one of these. */
export const secondFactor = {
  totp: secret(z.string().min(1).max(64)).optional().meta({ description: 'the code that the authenticator app shows' }),
  recoveryCode: secret(z.string().min(1).max(64)).optional().meta({ description: 'one of the codes on paper; it is used up' }),
  passkey: secret(AssertionResponse).optional().meta({ description: 'what navigator.credentials.get() gave, as JSON' }),
}

/** How many of these fields an input has. */
export function given(input: Readonly<Record<string, unknown>>, ...fields: readonly string[]): number {
  return fields.filter((field) => input[field] !== undefined).length
}
