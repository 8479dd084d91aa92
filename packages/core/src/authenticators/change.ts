import { isPrivileged } from '../grants/index.ts'
import { callerId } from '../kernel/actor.ts'
import type { CommandContext } from '../kernel/context.ts'
import { stepRequired } from '../kernel/errors.ts'
import type { UserLimits } from '../kernel/limits.ts'
import { factorNotAllowed } from '../policies/index.ts'
import { endSessions, type Ended } from '../sessions/index.ts'
import { asksForFactor } from '../principals/index.ts'
import type { UserRow } from '../users/index.ts'
import { revokeVerifications } from '../verifications/index.ts'
import { RecoveryCodeRow } from './entity.ts'
import { lastFactorRequired } from './errors.ts'
import { secondFactorsOf, hasFactor } from './repository.ts'

/**
 * The consequences of every change of factors: other sessions must sign in
 * again, and mailed secrets are void. The session that makes the change goes on,
 * and so do API tokens.
 */
export async function afterFactorChange(context: CommandContext, user: UserRow): Promise<Ended> {
  const { actor, em, now } = context
  const own = actor.kind === 'user' && actor.principal.userId === user.id
  const which = { userId: user.id, except: own ? actor.principal.sessionId : null, by: own ? null : callerId(actor) }
  const ended = await endSessions(em, { ...which, keepApiTokens: true }, 'credentialsChanged', now)
  await revokeVerifications(context, user.id)
  context.invalidate(user.id, { when: 'now', ...ended })
  return ended
}

/** As above, after a factor was added: the user has met the requirement to enrol one. */
export async function afterFactorAdded(context: CommandContext, user: UserRow): Promise<Ended> {
  user.needFactor = false
  await context.em.flush()
  return afterFactorChange(context, user)
}

/**
 * As above, after the caller removed a factor: refuses if it was the last
 * where one is required. Recovery codes are removed with the last factor.
 */
export async function afterFactorRemoved(context: CommandContext, user: UserRow): Promise<Ended> {
  const { em } = context
  await em.flush()
  if (!hasFactor(await secondFactorsOf(em, user.id))) {
    if (await isRequired(context, user)) throw lastFactorRequired({})
    await em.nativeDelete(RecoveryCodeRow, { userId: user.id })
  }
  return afterFactorChange(context, user)
}

/** Whether the installation requires a second factor from the user. */
async function isRequired({ em, settings }: CommandContext, { id }: UserRow): Promise<boolean> {
  return asksForFactor(settings, await isPrivileged(em, id))
}

/**
 * Enrolling is allowed to a session that owes it, but not to one that owes something
 * else only: what has not proved its address yet cannot settle in an account. And only
 * the kinds of factors are that the user's policy allows.
 */
export async function requireMayEnrol(context: CommandContext, factor: UserLimits['allowedFactors'][number]): Promise<void> {
  const { actor } = context
  if (actor.kind !== 'user') return
  const { pendingSteps, userId } = actor.principal
  if (pendingSteps.length > 0 && !pendingSteps.includes('enrolFactor')) throw stepRequired({ steps: pendingSteps })
  const { allowedFactors: allowed } = await context.limits.ofUser(userId)
  if (!allowed.includes(factor)) throw factorNotAllowed({ factor, allowed })
}
