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

/** Milliseconds that a session lasts without refresh: 14 days. */
const sessionLifetime = 14 * day

/** Milliseconds after which a session ends however often it was refreshed: the user must sign in again. */
export const longestSession = 90 * day

/** The expiry of a session that is created or refreshed now. `mostMinutes` is the lifetime that the user's policy allows. */
export function slidExpiry(createdAt: Date, now: Date, mostMinutes: number | null): Date {
  const longest = mostMinutes === null ? longestSession : mostMinutes * 60_000
  return new Date(Math.min(now.getTime() + sessionLifetime, createdAt.getTime() + longest))
}

/**
 * Milliseconds after a rotation within which the old refresh token still returns the pair that replaced it:
 * a response may be lost, and several windows of a browser may refresh at once.
 */
export const refreshGrace = 30_000

/** Milliseconds that an access token is valid. */
export const accessLifetime = 60 * 60 * 1000

/** Milliseconds that an authentication counts as recent, and the longer time for users with sudo sessions. */
export const proofLifetime = 5 * 60 * 1000
export const sudoLifetime = 8 * 60 * 60 * 1000

const assurance = z.enum(['aal1', 'aal2']).meta({ description: 'authenticator assurance level (NIST SP 800-63B-4)' })

/** A session as shown to those who may see it. */
export const Session = z.object({
  id: sessionId,
  userId,
  organizationId: organizationId.nullable().meta({ description: 'the current organization; null: none, or one that you may not see' }),
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
  authMethods: z.array(z.string()).meta({ description: 'authentication methods (RFC 8176): pwd, otp, hwk …' }),
  assurance,
  impersonator: z.object({ userId, username: z.string() }).nullable().meta({ description: 'the impersonator, if any' }),
  current: z.boolean().meta({ description: 'whether this call uses the session' }),
})
export type Session = z.infer<typeof Session>

/** Who the caller is. The answer of the hottest path, kept small. */
export const WhoAmI = z.object({
  user: z.object({
    id: userId,
    username: z.string(),
    email: z.string().nullable().meta({ description: 'null: none, or left out by the scopes of the token' }),
    displayName: z.string().nullable().meta({ description: 'null: none, or left out by the scopes of the token' }),
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
        .meta({ description: 'the impersonator; left out if there is none' }),
    })
    .nullable()
    .meta({
      description:
        'null: an API token has no session, and a token whose scopes leave this action out tells it only of who acts as another user',
    }),
  organization: z.object({ id: organizationId, slug: z.string() }).nullable(),
  roles: z.array(z.string()).meta({ description: 'none for a token with scopes, or for one organization' }),
  token: z
    .object({
      scopes: z.array(z.string()).nullable().meta({ description: 'null: all that its user may do' }),
      expiresAt: z.date().nullable().meta({ description: 'null: when it is revoked' }),
    })
    .nullable()
    .meta({ description: 'what limits the token that the call is made with; null: it is made with a session' }),
})
export type WhoAmI = z.infer<typeof WhoAmI>
