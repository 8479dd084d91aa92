import { writeLastSeen } from '../accounts/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import { firstMembership, type OrganizationId } from '../organizations/index.ts'
import type { UserLimits } from '../kernel/limits.ts'
import { accessLifetime, insertSession, slidExpiry } from '../sessions/index.ts'
import { pendingStepsOf } from '../principals/index.ts'
import { issueTokens } from '../tokens/index.ts'
import type { UserRow } from '../users/index.ts'
import { recordLoginAttempt } from '../login-history/index.ts'
import { enforceSessionLimit } from './concurrency.ts'
import type { SessionRequest } from './session-request.ts'
import type { SignedIn } from './model.ts'

/**
 * Opens a session for a user who has proved all that is asked for. The only place
 * that does: whatever holds for every sign-in (how many sessions there may be, the
 * login history, the event) is here. The user's row must be locked.
 */
export async function createSession(context: CommandContext, user: UserRow, opening: SessionRequest): Promise<SignedIn> {
  const { em, now, ports, settings } = context
  const { method, impersonation } = opening
  const limits = await context.limits.ofUser(user.id)
  if (impersonation === undefined) await enforceSessionLimit(context, user, opening, limits)
  const organizationId = await firstMembership(em, user.id, impersonation?.onlyIn ?? null)
  if (impersonation === undefined) await writeLastSeen(em, [[user.id, now]])
  const session = startSession(context, user, { opening, organizationId, limits })
  const { id: sessionId, expiresAt } = session
  const pair = await issueTokens(em, ports, { userId: user.id, sessionId, now, expiresAt, accessLifetime })
  const by = impersonation === undefined ? {} : { actorId: impersonation.by }
  recordLoginAttempt(context, { ...opening, ...by, userId: user.id, outcome: 'succeeded', sessionId })
  context.emit({ type: 'auth.signedIn', subject: user.id, organizationId, payload: { userId: user.id, sessionId, method } })
  await em.flush()
  return {
    status: 'signedIn',
    user: { id: user.id, username: user.username },
    session: { id: sessionId, expiresAt },
    accessToken: pair.access,
    accessTokenExpiresAt: pair.accessExpiresAt,
    refreshToken: pair.refresh,
    pendingSteps: [...(await pendingStepsOf(em, settings, pair.accessId, now))],
  }
}

function startSession(
  { em, now, newId, origin }: CommandContext,
  { id: userId }: UserRow,
  { opening, organizationId, limits }: { opening: SessionRequest; organizationId: OrganizationId | null; limits: UserLimits },
) {
  const { authMethods, assurance, impersonation } = opening
  return insertSession(em, {
    id: newId('ses'),
    userId,
    organizationId,
    authMethods: [...authMethods],
    assurance,
    ip: origin.ip,
    userAgent: origin.userAgent,
    expiresAt: impersonation?.expiresAt ?? slidExpiry(now, now, limits.sessionLifetimeMinutes),
    now,
    impersonation: impersonation ?? null,
  })
}
