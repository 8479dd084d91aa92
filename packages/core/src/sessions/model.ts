import { z } from 'zod'
import { idSchema, type Id } from '../kernel/id.ts'
import { userId, userStatus } from '../users/model.ts'
import { organizationId } from '../organizations/model.ts'

export const sessionId = idSchema('ses')
export type SessionId = Id<'ses'>

/** Why a session is over. */
export const endReason = z.enum([
  'signedOut',
  'ended',
  'userStatus',
  'archived',
  'contained',
  'addressProved',
  'credentialsChanged',
  'evicted',
  'tokenReused',
  'impersonationOver',
  'merged',
])
export type EndReason = z.infer<typeof endReason>

/** Milliseconds a session lasts when nothing ends it: 14 days. */
export const sessionLifetime = 14 * 24 * 60 * 60 * 1000

/** Milliseconds that an access token opens anything; the refresh token brings the next. */
export const accessLifetime = 60 * 60 * 1000

/** Milliseconds that a proof of who this is counts as fresh, and the same for users who may keep it for a working session. */
export const proofLifetime = 5 * 60 * 1000
export const sudoLifetime = 8 * 60 * 60 * 1000

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
  session: z
    .object({ id: sessionId, expiresAt: z.date(), assurance })
    .nullable()
    .meta({ description: 'null: an API token stands for itself' }),
  organization: z.object({ id: organizationId, slug: z.string() }).nullable(),
  roles: z.array(z.string()),
})
export type WhoAmI = z.infer<typeof WhoAmI>
