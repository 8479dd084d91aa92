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
  const { userId, username, status, email, displayName, organization, roles } = principal
  const token = tokenOf(principal)
  if (tellsOfUser(principal))
    return {
      user: { id: userId, username, email, displayName, status },
      session: ownSessionOf(principal),
      organization,
      roles: [...roles],
      token,
    }
  const user = { id: userId, username, email: null, displayName: null, status }
  // An API token's organization is its limit; an agent token's is where its user is at work.
  return { user, session: null, organization: principal.credential === 'api' ? organization : null, roles: [], token }
}

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
