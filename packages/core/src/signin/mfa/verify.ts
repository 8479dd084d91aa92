import { consumeRecoveryCode, verifyTotp } from '../../authenticators/index.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { verifyAssertion } from '../../passkeys/index.ts'
import type { AssertionResponse } from '../../passkeys/model.ts'
import type { UserId } from '../../users/index.ts'
import type { FactorRequired } from '../model.ts'

export type SecondFactorMethod = FactorRequired['methods'][number]

/** A response to a second-factor challenge: exactly one is given. */
export interface FactorResponse {
  readonly totp?: string | undefined
  readonly recoveryCode?: string | undefined
  readonly passkey?: AssertionResponse | undefined
}

export function methodOf({ totp, recoveryCode }: FactorResponse): SecondFactorMethod {
  return totp !== undefined ? 'totp' : recoveryCode !== undefined ? 'recoveryCode' : 'passkey'
}

/** The authentication method reference of a second factor (RFC 8176). */
export const authMethodOf: Readonly<Record<SecondFactorMethod, 'otp' | 'hwk'>> = { totp: 'otp', recoveryCode: 'otp', passkey: 'hwk' }

/** Verifies a second factor of the user. `nonce` is what a passkey had to sign. */
export async function verifySecondFactor(
  context: CommandContext,
  userId: UserId,
  brought: FactorResponse,
  nonce: string,
): Promise<boolean> {
  const { totp, recoveryCode, passkey } = brought
  if (totp !== undefined) return verifyTotp(context, userId, totp)
  if (recoveryCode !== undefined) return consumeRecoveryCode(context, userId, recoveryCode)
  if (passkey === undefined) return false
  return (await verifyAssertion(context, { userId, challenge: nonce, response: passkey })) !== null
}
