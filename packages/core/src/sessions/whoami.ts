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
  const { userId, username, status, email, displayName, organization } = principal
  const token = tokenOf(principal)
  if (tellsOfUser(principal))
    return {
      user: { id: userId, username, email, displayName, status },
      session: ownSessionOf(principal),
      organization,
      roles: rolesInForce(principal),
      token,
    }
  const user = { id: userId, username, email: null, displayName: null, status }
  // An API token's organization is its limit; an agent token's is where its user is at work.
  // Who acts as the user is no secret of theirs: whoever is shown such a token has to see that it is not them.
  const session = principal.impersonator === null ? null : ownSessionOf(principal)
  return { user, session, organization: principal.credential === 'api' ? organization : null, roles: [], token }
}

/** A token with other scopes tells whose it is and what limits it, and nothing else about its user: whoever finds it learns no more. */
function tellsOfUser({ allowedActions }: Principal): boolean {
  return allowedActions === null || allowedActions.has(sessionsSignatures.whoami.name)
}

/**
 * The roles everywhere that the credential gives in full. One with scopes, or for one organization, gives less than their names say: an
 * application that goes by the name of a role would let it do what is not granted.
 */
export function rolesInForce({ roles, scopes, grants }: Principal): string[] {
  return scopes === null && (grants.onlyIn ?? null) === null ? [...roles] : []
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
