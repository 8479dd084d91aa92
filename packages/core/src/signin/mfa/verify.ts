import { useRecoveryCode, acceptTotp } from '../../authenticators/index.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { acceptAssertion } from '../../passkeys/index.ts'
import type { AssertionResponse } from '../../passkeys/model.ts'
import type { UserId } from '../../users/index.ts'
import type { FactorRequired } from '../model.ts'

export type SecondFactorMethod = FactorRequired['methods'][number]

/** What somebody brought as a second factor: one of these. */
export interface Brought {
  readonly totp?: string | undefined
  readonly recoveryCode?: string | undefined
  readonly passkey?: AssertionResponse | undefined
}

export function methodOf({ totp, recoveryCode }: Brought): SecondFactorMethod {
  return totp !== undefined ? 'totp' : recoveryCode !== undefined ? 'recoveryCode' : 'passkey'
}

/** What a session says of how its user proved to be one (RFC 8176). */
export const referenceOf: Readonly<Record<SecondFactorMethod, 'otp' | 'hwk'>> = { totp: 'otp', recoveryCode: 'otp', passkey: 'hwk' }

/** Whether it is a second factor of the user. `nonce` is what a passkey had to sign. */
export async function isFactorOf(context: CommandContext, userId: UserId, brought: Brought, nonce: string): Promise<boolean> {
  const { totp, recoveryCode, passkey } = brought
  if (totp !== undefined) return acceptTotp(context, userId, totp)
  if (recoveryCode !== undefined) return useRecoveryCode(context, userId, recoveryCode)
  if (passkey === undefined) return false
  return (await acceptAssertion(context, { userId, challenge: nonce, response: passkey })) !== null
}
