import { defineQuery } from '../kernel/action.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { signedIn } from '../kernel/rule.ts'
import type { Principal } from '../kernel/actor.ts'
import type { WhoAmI } from './model.ts'
import { sessionsSignatures } from './signatures.ts'

/** The hottest path: answered from the principal, without a database query. */
export const whoAmI = defineQuery(sessionsSignatures.whoami, {
  allow: signedIn,
  aboutCredential: true,
  perPrincipal: true,
  immediate: ({ actor }) => answerFor(actor.principal),
  async handle({ actor }) {
    if (actor.kind !== 'user') throw unauthenticated({})
    return answerFor(actor.principal)
  },
})

function answerFor(principal: Principal): WhoAmI {
  const { userId, username, email, displayName, status, organization, roles } = principal
  const user = { id: userId, username, email, displayName, status }
  return { user, session: ownSessionOf(principal), organization, roles: [...roles] }
}

/** The caller's session as shown to them; null: an API token has no session. */
export function ownSessionOf({ sessionId, sessionExpiresAt, assurance, impersonator }: Principal): WhoAmI['session'] {
  if (sessionId === null || sessionExpiresAt === null) return null
  const session = { id: sessionId, expiresAt: sessionExpiresAt, assurance }
  return impersonator === null ? session : { ...session, impersonator: { id: impersonator.userId, username: impersonator.username } }
}
