import { defineQuery } from '../kernel/action.ts'
import type { QueryContext } from '../kernel/context.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { signedIn } from '../kernel/rule.ts'
import { membershipsOf } from '../organizations/index.ts'
import { issueSigned } from '../tokens/index.ts'
import { ownSessionOf, rolesInForce } from '../sessions/index.ts'
import { existingUser } from '../users/index.ts'
import { accountsSignatures } from './signatures.ts'

export const currentUser = defineQuery(accountsSignatures.current, {
  allow: signedIn,
  aboutCredential: true,
  duringPendingStep: true,
  async handle(context, { include }) {
    const { actor, open } = context
    if (actor.kind !== 'user') throw unauthenticated({})
    const { userId, grants, organization, pendingSteps } = actor.principal
    const only = grants.onlyIn ?? null
    const tokens = await tokensFor(context, include)
    const em = await open()
    return {
      ...tokens,
      user: await existingUser(em, userId),
      roles: rolesInForce(actor.principal),
      permissions: [...grants.list()],
      organization,
      memberships: (await membershipsOf(em, userId)).filter(({ organization: { id } }) => only === null || id === only),
      session: ownSessionOf(actor.principal),
      pendingSteps: [...pendingSteps],
    }
  },
})

/** Issued before the transaction opens, and stored nowhere. */
async function tokensFor(context: QueryContext, include: readonly ('websocketToken' | 'agentToken')[]) {
  const issue = (kind: 'websocket' | 'agent') => issueSigned(context, { kind, audience: null, scopes: null })
  return {
    ...(include.includes('websocketToken') && { websocketToken: await issue('websocket') }),
    ...(include.includes('agentToken') && { agentToken: await issue('agent') }),
  }
}
