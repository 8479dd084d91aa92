import { z } from 'zod'
import { secret } from '../../kernel/secret.ts'
import { changes, group } from '../../kernel/signature.ts'
import { SignedIn } from '../model.ts'
import { invalidRefreshToken } from './errors.ts'

/** The actions of `auth` for keeping a session alive. */
export const refreshSignatures = group('auth', {
  refresh: changes({
    summary: 'Exchange a refresh token for new tokens',
    session: 'renews',
    withoutCommand: '`denizen` refreshes its own session',
    errors: [invalidRefreshToken],
    input: z.strictObject({ refreshToken: secret(z.string().min(1).max(1024)) }),
    output: SignedIn,
  }),
})
