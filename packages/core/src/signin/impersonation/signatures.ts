import { z } from 'zod'
import { changes, group } from '../../kernel/signature.ts'
import { singleLine } from '../../text/index.ts'
import { userId } from '../../kernel/ids.ts'
import { tooManySessions } from '../errors.ts'
import { SignedIn } from '../model.ts'
import { cannotImpersonate, notImpersonating, tooManyImpersonations } from './errors.ts'

/** Minutes. */
const longestImpersonation = 60

/** The actions of `auth` for impersonation. */
export const impersonationSignatures = group('auth', {
  impersonate: changes({
    summary: 'Act as another user for a limited time; both names are recorded',
    session: 'opensAnother',
    errors: [tooManySessions, cannotImpersonate, tooManyImpersonations],
    input: z.strictObject({
      userId,
      reason: singleLine(500).pipe(z.string().min(1, 'a reason is needed')),
      minutes: z.int().min(1).max(longestImpersonation).default(longestImpersonation),
    }),
    output: SignedIn,
  }),
  stopImpersonating: changes({
    summary: 'Stop acting as another user: this session ends, your own goes on',
    session: 'ends',
    errors: [notImpersonating],
    input: z.strictObject({}),
    output: z.object({ sessionsEnded: z.int(), tokensEnded: z.int() }),
  }),
})
