import { z } from 'zod'
import type { Id } from '../kernel/id.ts'
import { userStatus } from '../users/model.ts'
import { organizationId, sessionId, userId } from '../kernel/ids.ts'

export type SessionId = Id<'ses'>

/** Why a session is over. */
const endReason = z.enum([
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

const day = 24 * 60 * 60 * 1000

/** Milliseconds a session lasts when nothing ends it and nobody refreshes it: 14 days. */
const sessionLifetime = 14 * day

/** Milliseconds after which it is over however often it was refreshed: whoever holds it has to prove once more who they are. */
export const longestSession = 90 * day

/** When a session ends that begins or is kept alive now. `mostMinutes` is what its user's policy says of how long it may be. */
export function slidExpiry(createdAt: Date, now: Date, mostMinutes: number | null): Date {
  const longest = mostMinutes === null ? longestSession : mostMinutes * 60_000
  return new Date(Math.min(now.getTime() + sessionLifetime, createdAt.getTime() + longest))
}

/**
 * Milliseconds after a rotation within which the old refresh token still gives the pair that it was exchanged for:
 * an answer may be lost on the way, and many windows of a browser wake up at once.
 */
export const refreshGrace = 30_000

/** Milliseconds that an access token opens anything; the refresh token brings the next. */
export const accessLifetime = 60 * 60 * 1000

/** Milliseconds that a proof of who this is counts as fresh, and the same for users who may keep it for a working session. */
export const proofLifetime = 5 * 60 * 1000
export const sudoLifetime = 8 * 60 * 60 * 1000

const assurance = z.enum(['aal1', 'aal2']).meta({ description: 'authenticator assurance level (NIST SP 800-63B-4)' })

/** A sign-in as whoever may see it sees it. */
export const Session = z.object({
  id: sessionId,
  userId,
  organizationId: organizationId.nullable().meta({ description: 'that it is in now; null: in none, or in one that is not yours to know' }),
  createdAt: z.date(),
  lastSeenAt: z.date().meta({ description: 'exact to about a minute' }),
  expiresAt: z.date(),
  endedAt: z.date().nullable(),
  endReason: endReason.nullable(),
  endedBy: userId.nullable().meta({ description: 'null: its user, or Denizen itself' }),
  ip: z.string().nullable().meta({ description: 'where it was begun from' }),
  userAgent: z.string().nullable(),
  device: z.string().nullable(),
  os: z.string().nullable(),
  browser: z.string().nullable(),
  authMethods: z.array(z.string()).meta({ description: 'what was proved, as in RFC 8176: pwd, otp, hwk …' }),
  assurance,
  impersonator: z
    .object({ userId, username: z.string() })
    .nullable()
    .meta({ description: 'who acts through it, when that is not its user' }),
  current: z.boolean().meta({ description: 'the session of this very call' }),
})
export type Session = z.infer<typeof Session>

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
    .object({
      id: sessionId,
      expiresAt: z.date(),
      assurance,
      impersonator: z
        .object({ id: userId, username: z.string() })
        .optional()
        .meta({ description: 'who really acts; left out where that is the user' }),
    })
    .nullable()
    .meta({ description: 'null: an API token stands for itself' }),
  organization: z.object({ id: organizationId, slug: z.string() }).nullable(),
  roles: z.array(z.string()),
})
export type WhoAmI = z.infer<typeof WhoAmI>
