import { z } from 'zod'
import { secret } from '../../kernel/secret.ts'
import { changes, group } from '../../kernel/signature.ts'

/** Longer than any token of ours: what is longer opens nothing. */
const longestToken = 1024

/** The action of `auth` that revokes a token by its text (RFC 7009). */
export const revocationSignatures = group('auth', {
  revokeToken: changes({
    summary: 'Revoke a token by its text: its session ends, or the API token itself',
    input: z.strictObject({ token: secret(z.string().min(1).max(longestToken)) }),
    output: z.object({ sessionsEnded: z.int(), tokensEnded: z.int() }),
  }),
})
