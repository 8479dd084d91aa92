import type { SqlEntityManager } from '@mikro-orm/sql'
import { change } from '../../kernel/row.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { addressNotAllowed } from '../../kernel/errors.ts'
import { anyone } from '../../kernel/rule.ts'
import { accessLifetime, endSessions, slidExpiry } from '../../sessions/index.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { pendingStepsOf, validImpersonations, type ImpersonationValidity } from '../../principals/index.ts'
import { SessionRow } from '../../sessions/entity.ts'
import {
  equalInConstantTime,
  idInToken,
  issueTokens,
  newPairIds,
  pairText,
  partnerOf,
  TokenRow,
  type TokenPair,
} from '../../tokens/index.ts'
import { existingUser, isActing, UserRow } from '../../users/index.ts'
import { mayActFrom } from '../../kernel/network.ts'
import { recordLoginAttempt } from '../../login-history/index.ts'
import { recordRefusal } from '../../throttling/index.ts'
import type { SignedIn } from '../model.ts'
import { invalidRefreshToken } from './errors.ts'
import { judgeReuse, replaceSuccessor, rotateRefreshToken } from './rotation.ts'
import { refreshSignatures } from './signatures.ts'

/** A session whose refresh token was presented, and who it belongs to. */
interface RefreshableSession {
  readonly token: TokenRow
  readonly session: SessionRow
  readonly user: UserRow
  /** What it stands on, if it is an impersonation. */
  readonly standing: ImpersonationValidity | null
}

/**
 * The previous access token stays valid until it expires: calls that are
 * under way do not fail, and a refresh takes nothing away, so no other process has
 * to be woken for it. Whatever ends the session ends every token of it at once.
 */
export const refresh = defineCommand(refreshSignatures.refresh, {
  allow: anyone,
  handlesSecret: true,
  duringPendingStep: true,
  prepare: findToken,
  locks: (token) => (token === null ? [] : [token.userId]),
  async handle(context, _input, found) {
    const held = found === null ? null : await findSession(context, found.id)
    if (held === null) return context.refuse(invalidRefreshToken({}))
    const { session, user } = held
    context.note({ target: { type: 'session', id: session.id } })
    const acting = session.impersonatorId === null ? [user] : [user, await existingUser(context.em, session.impersonatorId)]
    const isThere = held.standing?.from?.(context.origin) ?? true
    if (!isThere || !acting.every(({ allowedIps }) => mayActFrom(allowedIps, context.origin))) return refuseAddress(context, held)
    const pair = (await rotate(context, held)) ?? (await repeatRotation(context, held))
    await context.em.flush()
    return answerOf(context, held, pair)
  },
})

/** The row of a refresh token, if its hash matches. */
async function findToken({ reader, ports }: PrepareContext, { refreshToken }: { refreshToken: string }): Promise<TokenRow | null> {
  const id = idInToken('refresh', refreshToken)
  const token = id === null ? null : await reader.findOne(TokenRow, { id, kind: 'refresh' })
  return token !== null && equalInConstantTime(token.hash, ports.digest.sha256(refreshToken)) ? token : null
}

/** The session, as long as it runs and whoever acts through it may. The user's row is locked. */
async function findSession({ em, now, catalogue }: CommandContext, id: TokenRow['id']): Promise<RefreshableSession | null> {
  const token = await em.findOne(TokenRow, { id })
  const session = token?.sessionId === null || token === null ? null : await em.findOne(SessionRow, { id: token.sessionId })
  if (token === null || session === null || session.endedAt !== null || session.expiresAt <= now) return null
  const user = await em.findOne(UserRow, { id: session.userId })
  if (user === null || !isActing(user.status)) return null
  if (session.impersonatorId === null) return { token, session, user, standing: null }
  const standing = await standingOf(em, catalogue, session, now)
  return standing === null ? null : { token, session, user, standing }
}

/** What an impersonation stands on, in the session that it was begun in; null: it may not go on. */
async function standingOf(
  em: SqlEntityManager,
  catalogue: Catalogue,
  session: SessionRow,
  now: Date,
): Promise<ImpersonationValidity | null> {
  const { id, impersonatorId, impersonatorSessionId } = session
  const impersonator = impersonatorId === null ? null : await em.findOne(UserRow, { id: impersonatorId })
  const from = impersonatorSessionId === null ? null : await em.findOne(SessionRow, { id: impersonatorSessionId })
  if (impersonator === null || !isActing(impersonator.status) || from === null || from.endedAt !== null || from.expiresAt <= now)
    return null
  return (await validImpersonations(em, catalogue, [id], now)).get(id) ?? null
}

/** The next pair; null: the token was exchanged before. */
async function rotate(context: CommandContext, held: RefreshableSession): Promise<TokenPair | null> {
  const ids = newPairIds(context.ports, context.now)
  return (await rotateRefreshToken(context, held.token.id, ids.refresh)) ? issueNext(context, held, ids) : null
}

async function issueNext(
  context: CommandContext,
  { session, user }: RefreshableSession,
  ids: ReturnType<typeof newPairIds>,
): Promise<TokenPair> {
  const { em, ports, now } = context
  const expiresAt = await nextExpiry(context, session)
  change(session, { expiresAt, lastSeenAt: now })
  return issueTokens(em, ports, { userId: user.id, sessionId: session.id, now, expiresAt, accessLifetime, ids })
}

/** The expiry after a refresh. An impersonation is never prolonged. */
async function nextExpiry(context: CommandContext, session: SessionRow): Promise<Date> {
  if (session.impersonatorId !== null) return session.expiresAt
  const { sessionLifetimeMinutes } = await context.limits.ofUser(session.userId)
  const next = slidExpiry(session.createdAt, context.now, sessionLifetimeMinutes)
  if (next > context.now) return next
  // A policy that was changed meanwhile says that it should have ended by now: then it has.
  session.expiresAt = next
  context.invalidate(session.id, { when: 'now', sessionsEnded: 1 })
  return context.refuse(invalidRefreshToken({}))
}

/** The pair that the token was exchanged for, made again, or another one in its place; or the end of the session. */
async function repeatRotation(context: CommandContext, held: RefreshableSession): Promise<TokenPair> {
  const { em, now, ports } = context
  // Read anew: whoever exchanged it may just have committed.
  const token = await em.findOneOrFail(TokenRow, { id: held.token.id }, { refresh: true })
  const verdict = await judgeReuse(em, now, token)
  if (verdict.kind === 'reused') return endReusedSession(context, held)
  if (verdict.kind === 'over') {
    context.note({ looked: true }) // it can be shown as often as one likes
    return context.refuse(invalidRefreshToken({}))
  }
  if (verdict.kind === 'lost') return replacePair(context, held, verdict.successor.id)
  const refreshId = verdict.successor.id
  const access = await em.findOneOrFail(TokenRow, { id: partnerOf(refreshId) })
  return {
    access: await pairText(ports, 'access', access.id),
    accessId: access.id,
    accessExpiresAt: access.expiresAt ?? now,
    refresh: await pairText(ports, 'refresh', refreshId),
    refreshId,
  }
}

/** Another pair in place of one whose answer was lost. */
async function replacePair(context: CommandContext, held: RefreshableSession, unused: TokenRow['id']): Promise<TokenPair> {
  const ids = newPairIds(context.ports, context.now)
  if (!(await replaceSuccessor(context, { token: held.token.id, unused, successor: ids.refresh }))) return endReusedSession(context, held)
  context.invalidate(held.session.id, { when: 'now', tokensEnded: 1 })
  return issueNext(context, held, ids)
}

/** Two parties have the same token; nobody can tell who stole it, so both are signed out. */
async function endReusedSession(context: CommandContext, { session, user }: RefreshableSession): Promise<never> {
  const { em, now } = context
  const ended = await endSessions(em, { userId: user.id, sessionId: session.id }, 'tokenReused', now)
  context.invalidate(session.id, { when: 'now', ...ended })
  recordLoginAttempt(context, { identifier: user.username, userId: user.id, method: 'none', outcome: 'revoked', sessionId: session.id })
  const payload = { userId: user.id, sessionId: session.id }
  context.emit({ type: 'auth.tokenReused', subject: user.id, organizationId: null, payload })
  return context.refuse(invalidRefreshToken({}))
}

async function refuseAddress(context: CommandContext, { session, user }: RefreshableSession): Promise<never> {
  await recordRefusal(context, {
    identifier: user.username,
    userId: user.id,
    method: 'none',
    outcome: 'addressNotAllowed',
    sessionId: session.id,
  })
  return context.refuse(addressNotAllowed({}))
}

async function answerOf(context: CommandContext, { session, user }: RefreshableSession, pair: TokenPair): Promise<SignedIn> {
  const { em, settings, now } = context
  return {
    status: 'signedIn',
    user: { id: user.id, username: user.username },
    session: { id: session.id, expiresAt: session.expiresAt },
    accessToken: pair.access,
    accessTokenExpiresAt: pair.accessExpiresAt,
    refreshToken: pair.refresh,
    pendingSteps: [...(await pendingStepsOf(em, settings, pair.accessId, now))],
  }
}
