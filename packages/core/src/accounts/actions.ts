import { defineCommand, defineQuery } from '../kernel/action.ts'
import type { CommandContext, QueryContext } from '../kernel/context.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { allOf, granted, signedIn } from '../kernel/rule.ts'
import { membershipsOf, optionalOrganizationTarget } from '../organizations/index.ts'
import { checkNewPassword, hashPassword } from '../passwords/index.ts'
import { issueSigned } from '../tokens/index.ts'
import { ownSessionOf } from '../sessions/index.ts'
import { emailTaken, existingUser, usernameTaken } from '../users/index.ts'
import type { Account } from './account.ts'
import { asToldByOperators, createAccount } from './creation.ts'
import { accountsSignatures } from './signatures.ts'

export const createUser = defineCommand(accountsSignatures.create, {
  allow: allOf(granted, asToldByOperators),
  target: optionalOrganizationTarget,
  async prepare({ ports, settings }, { password, ...owner }) {
    if (password === undefined) return null
    await checkNewPassword(settings, password, owner)
    return hashPassword(ports.hasher, password)
  },
  async handle(context, { ifAbsent, organizationId = null, ...input }, passwordHash) {
    const create = () => createAccount(context, input, passwordHash, organizationId)
    if (!ifAbsent) return noted(context, await create())
    const result = await context.attempt(create)
    if (result.ok) return noted(context, result.value)
    if (result.error.code === emailTaken.code || result.error.code === usernameTaken.code) return null
    throw result.error
  },
})

function noted(context: CommandContext, user: Account): Account {
  context.note({ target: { type: 'user', id: user.id } })
  return user
}

export const currentUser = defineQuery(accountsSignatures.current, {
  allow: signedIn,
  duringPendingStep: true,
  async handle(context, { include }) {
    const { actor, open } = context
    if (actor.kind !== 'user') throw unauthenticated({})
    const { userId, roles, grants, organization, pendingSteps } = actor.principal
    const tokens = await tokensFor(context, include)
    const em = await open()
    return {
      ...tokens,
      user: await existingUser(em, userId),
      roles: [...roles],
      permissions: [...grants.list()],
      organization,
      memberships: await membershipsOf(em, userId),
      session: ownSessionOf(actor.principal),
      pendingSteps: [...pendingSteps],
    }
  },
})

/** Made before the transaction is open, and kept nowhere. */
async function tokensFor(context: QueryContext, include: readonly ('websocketToken' | 'agentToken')[]) {
  const issue = (kind: 'websocket' | 'agent') => issueSigned(context, { kind, audience: null, scopes: null })
  return {
    ...(include.includes('websocketToken') && { websocketToken: await issue('websocket') }),
    ...(include.includes('agentToken') && { agentToken: await issue('agent') }),
  }
}
