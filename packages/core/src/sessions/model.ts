import { z } from 'zod'
import { idSchema, type Id } from '../kernel/id.ts'
import { userId, userStatus } from '../users/model.ts'
import { organizationId } from '../organizations/model.ts'

export const sessionId = idSchema('ses')
export type SessionId = Id<'ses'>

export type EndReason = 'signedOut' | 'userStatus' | 'archived' | 'contained' | 'addressProved'

/** Milliseconds a session lasts when nothing ends it: 14 days. */
export const sessionLifetime = 14 * 24 * 60 * 60 * 1000

const assurance = z.enum(['aal1', 'aal2']).meta({ description: 'authenticator assurance level (NIST SP 800-63B-4)' })

/** Who the caller is: the answer of the hottest path, kept small. */
export const WhoAmI = z.object({
  user: z.object({
    id: userId,
    username: z.string(),
    email: z.string().nullable(),
    displayName: z.string().nullable(),
    status: userStatus,
  }),
  session: z.object({ id: sessionId, expiresAt: z.date(), assurance }),
  organization: z.object({ id: organizationId, slug: z.string() }).nullable(),
  roles: z.array(z.string()),
})
export type WhoAmI = z.infer<typeof WhoAmI>
