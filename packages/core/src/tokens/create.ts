import { defineCommand } from '../kernel/action.ts'
import { requireKnownPermissions } from '../grants/index.ts'
import { changedNamedOrOwnAccountTarget, existingUser, namedUserOrCaller } from '../users/index.ts'
import { scopeTooWide } from './errors.ts'
import { organizationFor, persistToken, requireTokenOwner, requireRoomForToken, recordNewToken } from './new-token.ts'
import { tokensSignatures } from './signatures.ts'
import { mayChangeTokens } from './target.ts'

const day = 24 * 60 * 60 * 1000

export const createToken = defineCommand(tokensSignatures.create, {
  allow: mayChangeTokens,
  target: changedNamedOrOwnAccountTarget,
  requiresRecentAuth: true,
  handlesSecret: true,
  async handle(context, { userId: named, name, lifetimeDays, allowedIps, ...asked }) {
    const { em, now, actor, credentials, catalogue } = context
    const userId = namedUserOrCaller(actor, { userId: named })
    const user = await existingUser(em, userId)
    requireTokenOwner(context, user)
    const organizationId = await organizationFor(context, user, asked.organizationId)
    const principal = actor.kind === 'user' ? actor.principal : null
    requireKnownPermissions(catalogue, asked.scopes ?? [])
    const beyond = asked.scopes === undefined ? [] : credentials.exceeding(principal, asked.scopes, organizationId)
    if (beyond.length > 0) throw scopeTooWide({ scopes: beyond })
    await requireRoomForToken(context, userId)
    const expiresAt = lifetimeDays === undefined ? null : new Date(now.getTime() + lifetimeDays * day)
    const made = persistToken(context, { userId, name, scopes: asked.scopes ?? null, organizationId, allowedIps, expiresAt })
    await em.flush()
    return recordNewToken(context, 'tokens.created', made)
  },
})
