import { z } from 'zod'
import { secret } from '../kernel/secret.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { factorNotAllowed } from '../policies/errors.ts'
import { userId } from '../kernel/ids.ts'
import { singleLine } from '../text/index.ts'
import { lastFactorRequired, noFactor, noTotp, notBegun, wrongCode } from './errors.ts'
import { Factors } from './model.ts'

const recoveryCodes = secret(z.array(z.string())).meta({
  description: 'shown once: each works once in place of a lost factor',
})
const sessionsEnded = z.int().meta({ description: 'all others of the user' })

export const factorsSignatures = group('factors', {
  list: reads({
    summary: 'Show which second factors you have',
    grantedTo: ['admin'],
    input: z.strictObject({ userId: userId.optional().meta({ description: 'default: yourself' }) }),
    output: Factors,
  }),
  beginTotp: changes({
    summary: 'Begin to set up an authenticator app',
    errors: [factorNotAllowed],
    input: z.strictObject({}),
    output: z.object({
      uri: secret(z.string()).meta({ description: 'otpauth:// for the app; shown once' }),
      key: secret(z.string()).meta({ description: 'the key in base32, for apps that have it typed' }),
      qr: secret(z.string()).meta({ description: 'the URI as a picture (SVG)' }),
    }),
  }),
  activateTotp: changes({
    summary: 'Finish setting up an authenticator app, with a code it shows',
    errors: [factorNotAllowed, wrongCode, notBegun],
    input: z.strictObject({ code: secret(z.string().min(1).max(32)).meta({ description: 'the six digits that the app shows now' }) }),
    output: z.object({ activatedAt: z.date(), recoveryCodes, sessionsEnded }),
  }),
  disableTotp: changes({
    summary: 'Disable the authenticator app',
    errors: [noTotp, lastFactorRequired],
    input: z.strictObject({}),
    output: z.object({ sessionsEnded }),
  }),
  regenerateRecoveryCodes: changes({
    summary: 'Replace your recovery codes with new ones',
    errors: [noFactor],
    input: z.strictObject({}),
    output: z.object({ recoveryCodes }),
  }),
  reset: changes({
    summary: 'Reset the second factors of a user who is locked out; they must enrol again',
    grantedTo: ['admin'],
    errors: [noFactor],
    input: z.strictObject({ userId, reason: singleLine(500).optional() }),
    output: z.object({ totp: z.boolean(), passkeys: z.int(), recoveryCodes: z.int(), sessionsEnded: z.int() }),
  }),
})
