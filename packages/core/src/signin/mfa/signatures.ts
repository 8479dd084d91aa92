import { z } from 'zod'
import { secret } from '../../kernel/secret.ts'
import { changes, group } from '../../kernel/signature.ts'
import { passwordsBusy } from '../../passwords/errors.ts'
import { challengeOver, noPasskey, strongerProofRequired, tooManySessions, wrongFactor, wrongProof } from '../errors.ts'
import { tooManyAttempts } from '../../throttling/errors.ts'
import { PasskeyRequest, SignedIn, typedPassword } from '../model.ts'
import { countGiven, secondFactor } from './model.ts'

const challenge = secret(z.string().min(1).max(128))

const goTogether = (one: string, other: string) => (input: Readonly<Record<string, unknown>>) =>
  countGiven(input, one) === countGiven(input, other)

const proofs = ['password', 'totp', 'recoveryCode', 'passkey', 'emailCode'] as const

/** The actions of `auth` for the second factor at sign-in, and for reauthentication. */
export const mfaSignatures = group('auth', {
  completeSignIn: changes({
    summary: 'Finish a sign-in with the second factor',
    session: 'opens',
    errors: [tooManySessions, tooManyAttempts, challengeOver, wrongFactor],
    input: z
      .strictObject({ challenge: challenge.meta({ description: 'from the answer that required a second factor' }), ...secondFactor })
      .refine((input) => countGiven(input, 'totp', 'recoveryCode', 'passkey') === 1, 'give one of `totp`, `recoveryCode` and `passkey`'),
    output: SignedIn,
  }),
  reauthenticate: changes({
    summary: 'Reauthenticate before a sensitive change',
    errors: [tooManyAttempts, wrongProof, strongerProofRequired, noPasskey, passwordsBusy],
    input: z
      .strictObject({
        begin: z.literal('passkey').optional().meta({ description: 'asks for a challenge for a passkey to sign' }),
        password: typedPassword.optional(),
        ...secondFactor,
        challenge: challenge.optional().meta({ description: 'from the answer to begin; goes with passkey' }),
        emailCode: secret(z.string().min(1).max(64))
          .optional()
          .meta({ description: 'the code that auth.requestEmailCode mailed for the purpose reauthenticate' }),
        binding: challenge.optional().meta({ description: 'from the answer of auth.requestEmailCode; goes with emailCode' }),
      })
      .refine(
        (input) => countGiven(input, 'begin', ...proofs) === 1,
        `give one of ${['begin', ...proofs].map((field) => `\`${field}\``).join(', ')}`,
      )
      .refine(goTogether('challenge', 'passkey'), '`challenge` goes with `passkey`: it is in the answer to `begin`')
      .refine(goTogether('binding', 'emailCode'), '`binding` goes with `emailCode`: it is in the answer of auth.requestEmailCode'),
    output: z.discriminatedUnion('status', [
      z.object({
        status: z.literal('proved'),
        provedUntil: z.date().meta({ description: 'until then sensitive changes are allowed' }),
        assurance: z.enum(['aal1', 'aal2']),
      }),
      z.object({
        status: z.literal('begun'),
        challenge: challenge.meta({ description: 'goes back with the response of the passkey' }),
        passkey: PasskeyRequest,
        expiresAt: z.date(),
      }),
    ]),
  }),
})
