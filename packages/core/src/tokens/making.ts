import { changedMeantAccountTarget } from '../accounts/index.ts'
import { defineCommand } from '../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../kernel/context.ts'
import { callerId } from '../kernel/context.ts'
import { notFound } from '../kernel/errors.ts'
import { managingOrganization, OrganizationRow, type OrganizationId } from '../organizations/index.ts'
import { limitsFor } from '../policies/index.ts'
import { existingUser, type UserId, type UserRow } from '../users/index.ts'
import { TokenRow } from './entity.ts'
import { notServiceUser, scopeTooWide, tokenOver, tooManyTokens } from './errors.ts'
import type { TokenId } from './model.ts'
import { mintToken } from './opaque.ts'
import { countActive, existingToken, findToken, replaceToken, shownToken } from './repository.ts'
import { tokensSignatures } from './signatures.ts'
import { changedTokenTarget, overChanges, ownerMeant } from './target.ts'

const day = 24 * 60 * 60 * 1000

export const createToken = defineCommand(tokensSignatures.create, {
  allow: overChanges,
  target: changedMeantAccountTarget,
  requiresRecentAuth: true,
  handlesSecret: true,
  async handle(context, { userId: named, name, lifetimeDays, allowedIps, ...asked }) {
    const { em, now, actor, credentials } = context
    const userId = ownerMeant(actor, { userId: named })
    const user = await existingUser(em, userId)
    refuseUnlessTheirs(context, user)
    const organizationId = await organizationFor(context, user, asked.organizationId)
    const principal = actor.kind === 'user' ? actor.principal : null
    const beyond = asked.scopes === undefined ? [] : credentials.exceeding(principal, asked.scopes, organizationId)
    if (beyond.length > 0) throw scopeTooWide({ scopes: beyond })
    await takeRoom(context, userId)
    const expiresAt = lifetimeDays === undefined ? null : new Date(now.getTime() + lifetimeDays * day)
    const made = persistToken(context, { userId, name, scopes: asked.scopes ?? null, organizationId, allowedIps, expiresAt })
    await em.flush()
    return told(context, 'tokens.created', made)
  },
})

/** Whose token is replaced, so that its row is locked first: the old one counts as long as it works. */
async function ownerOf({ reader }: PrepareContext, { tokenId }: { tokenId: TokenId }): Promise<UserId | null> {
  return (await findToken(reader, tokenId))?.userId ?? null
}

export const rotateToken = defineCommand(tokensSignatures.rotate, {
  allow: overChanges,
  target: changedTokenTarget,
  requiresRecentAuth: true,
  handlesSecret: true,
  prepare: ownerOf,
  locks: (userId) => (userId === null ? [] : [userId]),
  async handle(context, { tokenId, overlapSeconds }) {
    const { em, now } = context
    const old = await existingToken(em, tokenId)
    const user = await existingUser(em, old.userId)
    refuseUnlessTheirs(context, user)
    const limit = await organizationFor(context, user, old.organizationId ?? undefined)
    // What an organization's administrator may not make, they may not get by replacing it either.
    if (limit !== old.organizationId) throw notFound({ type: changedTokenTarget.type })
    const { userId, scopes, organizationId, allowedIps } = old
    const lasts = old.expiresAt === null ? null : old.expiresAt.getTime() - old.createdAt.getTime()
    const expiresAt = lasts === null ? null : new Date(now.getTime() + lasts)
    const made = persistToken(context, { userId, name: old.name ?? '', scopes, organizationId, allowedIps, expiresAt })
    const until = new Date(now.getTime() + overlapSeconds * 1000)
    if (!(await replaceToken(em, { id: tokenId, by: made.row.id, now, until }))) throw tokenOver({})
    await takeRoom(context, userId)
    await em.flush()
    context.revoke({ userId, tokenId, ...(overlapSeconds === 0 && { tokensEnded: 1 }) })
    return told(context, 'tokens.rotated', made, { replaced: tokenId, overlapSeconds })
  },
})

/** Whoever signs in makes their own tokens; only a service user, who cannot, gets them from somebody else. */
function refuseUnlessTheirs({ actor }: CommandContext, { id, kind }: Pick<UserRow, 'id' | 'kind'>): void {
  if (callerId(actor) !== id && kind !== 'service') throw notServiceUser({})
}

/**
 * The organization that a token acts in. Whoever makes it for an account that their
 * organization manages makes it for that organization: they may do nothing elsewhere,
 * and the account perhaps may.
 */
async function organizationFor(
  { em, actor }: CommandContext,
  user: UserRow,
  asked: OrganizationId | undefined,
): Promise<OrganizationId | null> {
  const principal = actor.kind === 'user' ? actor.principal : null
  if (principal !== null && principal.userId !== user.id && !principal.grants.allowsEverywhere(tokensSignatures.create.name)) {
    const managing = await managingOrganization(em, user)
    if (managing === null || (asked !== undefined && asked !== managing)) throw notFound({ type: 'organization' })
    return managing
  }
  if (asked === undefined) return null
  const isKnown =
    principal === null ||
    principal.memberships.some(({ organizationId }) => organizationId === asked) ||
    principal.grants.allowsEverywhere('organizations.get')
  if (!isKnown || (await em.findOne(OrganizationRow, { id: asked })) === null) throw notFound({ type: 'organization' })
  return asked
}

/** There is room for one more; the user's row is locked, so nobody else counts at the same time. */
async function takeRoom(context: CommandContext, userId: UserId): Promise<void> {
  const { maxApiTokens: limit } = await limitsFor(context, userId)
  if (limit !== null && (await countActive(context.em, userId, context.now)) >= limit) throw tooManyTokens({ limit })
}

type NewToken = Pick<TokenRow, 'userId' | 'name' | 'scopes' | 'organizationId' | 'allowedIps' | 'expiresAt'>

interface Made {
  readonly row: TokenRow
  readonly text: string
}

function persistToken({ em, now, newId, ports, actor }: CommandContext, token: NewToken): Made {
  const id = newId('tok')
  const { text, hash } = mintToken('api', id, ports)
  const past = { lastUsedAt: null, rotatedAt: null, replacedBy: null, revokedAt: null }
  const row = em.create(TokenRow, { id, kind: 'api', sessionId: null, hash, ...token, createdBy: callerId(actor), createdAt: now, ...past })
  em.persist(row)
  return { row, text }
}

/** Notes what was made, and answers with it: the only time that its text is told. */
function told({ now, note, emit }: CommandContext, type: string, { row, text }: Made, more: Readonly<Record<string, unknown>> = {}) {
  const { id, userId, scopes, organizationId, name } = row
  note({ target: { type: 'token', id }, changes: { name, scopes, organizationId, ...more } })
  emit({ type, subject: userId, organizationId, payload: { tokenId: id, userId, ...more } })
  return { token: shownToken(row, now), secret: text }
}
