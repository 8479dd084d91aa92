import { defineCommand } from '../../kernel/action.ts'
import { unauthenticated } from '../../kernel/errors.ts'
import { signedIn } from '../../kernel/rule.ts'
import { recordLoginAttempt } from '../../login-history/index.ts'
import { endSessions } from '../../sessions/index.ts'
import { callerLocked } from '../../users/index.ts'
import { notImpersonating } from './errors.ts'
import { impersonationSignatures } from './signatures.ts'

export const stopImpersonating = defineCommand(impersonationSignatures.stopImpersonating, {
  allow: signedIn,
  takesPrecedence: 'everywhere',
  aboutCredential: true,
  target: callerLocked,
  duringPendingStep: true,
  async handle(context) {
    const { actor, em, now } = context
    if (actor.kind !== 'user') throw unauthenticated({})
    const { userId, username, sessionId, impersonator } = actor.principal
    if (sessionId === null || impersonator === null) throw notImpersonating({})
    const by = impersonator.userId
    const ended = await endSessions(em, { userId, sessionId, by }, 'impersonationOver', now)
    context.invalidate(sessionId, { when: 'now', ...ended })
    recordLoginAttempt(context, { identifier: username, userId, method: 'impersonation', outcome: 'revoked', sessionId, actorId: by })
    const payload = { userId, impersonatorId: by, sessionId }
    context.emit({ type: 'auth.impersonationStopped', subject: userId, organizationId: null, payload })
    return ended
  },
})
