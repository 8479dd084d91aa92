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
  withAnyScope: true,
  perPrincipal: true,
  immediate: ({ actor }) => answerFor(actor.principal),
  async handle({ actor }) {
    if (actor.kind !== 'user') throw unauthenticated({})
    return answerFor(actor.principal)
  },
})

function answerFor(principal: Principal): WhoAmI {
  const { userId, username, status, organization } = principal
  const { email, displayName, roles } = tellsOfUser(principal) ? principal : untold
  const user = { id: userId, username, email, displayName, status }
  return { user, session: ownSessionOf(principal), organization, roles: [...roles], token: tokenOf(principal) }
}

const untold = { email: null, displayName: null, roles: [] }

/** A token with other scopes tells whose it is and what limits it, and nothing else about its user: whoever finds it learns no more. */
function tellsOfUser({ allowedActions }: Principal): boolean {
  return allowedActions === null || allowedActions.has(sessionsSignatures.whoami.name)
}

/** null: the call is made with a session. */
function tokenOf({ credential, scopes, expiresAt }: Principal): WhoAmI['token'] {
  return credential === 'access' ? null : { scopes: scopes === null ? null : [...scopes], expiresAt }
}

/** The caller's session as shown to them; null: an API token has no session. */
export function ownSessionOf({ sessionId, sessionExpiresAt, assurance, impersonator }: Principal): WhoAmI['session'] {
  if (sessionId === null || sessionExpiresAt === null) return null
  const session = { id: sessionId, expiresAt: sessionExpiresAt, assurance }
  return impersonator === null ? session : { ...session, impersonator: { id: impersonator.userId, username: impersonator.username } }
}
