import type { CommandContext } from '../kernel/context.ts'
import { callerId } from '../kernel/actor.ts'
import { notFound } from '../kernel/errors.ts'
import { OrganizationRow, type OrganizationId } from '../organizations/index.ts'
import { managingOrganization, type UserId, type UserRow } from '../users/index.ts'
import { TokenRow } from './entity.ts'
import { notServiceUser, tooManyTokens } from './errors.ts'
import { mintToken } from './opaque.ts'
import { countActive, shownToken } from './repository.ts'
import { tokensSignatures } from './signatures.ts'

/** Whoever signs in makes their own tokens; only a service user, who cannot, gets them from somebody else. */
export function requireTokenOwner({ actor }: CommandContext, { id, kind }: Pick<UserRow, 'id' | 'kind'>): void {
  if (callerId(actor) !== id && kind !== 'service') throw notServiceUser({})
}

/**
 * The organization that a token acts in. Whoever makes it for an account that their
 * organization manages makes it for that organization: they may do nothing elsewhere,
 * and the account perhaps may.
 */
export async function organizationFor(
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
export async function requireRoomForToken(context: CommandContext, userId: UserId): Promise<void> {
  const { maxApiTokens: limit } = await context.limits.ofUser(userId)
  if (limit !== null && (await countActive(context.em, userId, context.now)) >= limit) throw tooManyTokens({ limit })
}

type NewToken = Pick<TokenRow, 'userId' | 'name' | 'scopes' | 'organizationId' | 'allowedIps' | 'expiresAt'>

interface NewTokenText {
  readonly row: TokenRow
  readonly text: string
}

export function persistToken({ em, now, newId, ports, actor }: CommandContext, token: NewToken): NewTokenText {
  const id = newId('tok')
  const { text, hash } = mintToken('api', id, ports)
  const past = { lastUsedAt: null, rotatedAt: null, replacedBy: null, revokedAt: null }
  const row = em.create(TokenRow, { id, kind: 'api', sessionId: null, hash, ...token, createdBy: callerId(actor), createdAt: now, ...past })
  em.persist(row)
  return { row, text }
}

/** Notes what was made, and answers with it: the only time that its text is told. */
export function recordNewToken(
  { now, note, emit }: CommandContext,
  type: string,
  { row, text }: NewTokenText,
  more: Readonly<Record<string, unknown>> = {},
) {
  const { id, userId, scopes, organizationId, name } = row
  note({ target: { type: 'token', id }, changes: { name, scopes, organizationId, ...more } })
  emit({ type, subject: userId, organizationId, payload: { tokenId: id, userId, ...more } })
  return { token: shownToken(row, now), secret: text }
}
