import { defineCommand } from '../kernel/action.ts'
import { ownSessionRequired, unauthenticated } from '../kernel/errors.ts'
import { signedIn } from '../kernel/rule.ts'
import { endSessions } from '../sessions/index.ts'
import { callerLocked } from '../users/index.ts'
import { signInSignatures } from './signatures.ts'

export const signOut = defineCommand(signInSignatures.signOut, {
  allow: signedIn,
  takesPrecedence: 'everywhere',
  aboutCredential: true,
  target: callerLocked,
  duringPendingStep: true,
  async handle(context) {
    const { actor, em, now } = context
    if (actor.kind !== 'user') throw unauthenticated({})
    const { userId, sessionId } = actor.principal
    if (sessionId === null) throw ownSessionRequired({})
    const ended = await endSessions(em, { userId, sessionId }, 'signedOut', now)
    context.invalidate(sessionId, { when: 'now', ...ended })
    context.emit({ type: 'auth.signedOut', subject: userId, organizationId: null, payload: { userId, sessionId } })
    return ended
  },
})
