import { LockMode } from '@mikro-orm/core'
import { writeLastSeen } from '../accounts/index.ts'
import { defineCommand } from '../kernel/action.ts'
import type { CommandContext, Origin, PrepareContext } from '../kernel/context.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { anyone, signedIn } from '../kernel/rule.ts'
import { printable } from '../kernel/text.ts'
import { firstMembership } from '../organizations/index.ts'
import { decoyHash, hashPassword, isOutdated, PasswordRow, verifyPassword } from '../passwords/index.ts'
import { beginSession, endSessions } from '../sessions/index.ts'
import { mintToken, TokenRow } from '../tokens/index.ts'
import { findByIdentifier, isActing, mayActFrom, UserRow, type UserId } from '../users/index.ts'
import { LoginAttemptRow } from './entity.ts'
import { invalidCredentials } from './errors.ts'
import type { LoginOutcome } from './model.ts'
import { longestIdentifier, signInSignature, signOutSignature } from './signatures.ts'

/** What was found before the transaction: all of it is looked at again inside. */
interface Checked {
  readonly userId: UserId | null
  /** When the password was chosen. Its hash alone may be another by now: whoever signs in at the same moment upgrades it. */
  readonly changedAt: Date | null
  readonly matches: boolean
  /** The password hashed anew, when the stored hash is weaker than today's. */
  readonly upgrade: string | null
}

export const signIn = defineCommand(signInSignature, {
  allow: anyone,
  secretive: true,
  prepare: checkPassword,
  async handle(context, { identifier }, checked) {
    const { em } = context
    const user = checked.userId === null ? null : await em.findOne(UserRow, { id: checked.userId }, { lockMode: LockMode.PESSIMISTIC_READ })
    const password = user === null ? null : await em.findOne(PasswordRow, { userId: user.id })
    const matches = checked.matches && password?.changedAt.getTime() === checked.changedAt?.getTime()
    const outcome = user === null ? 'unknownUser' : !matches ? 'wrongPassword' : outcomeFor(user, context.origin)
    noteAttempt(context, identifier, user?.id ?? null, outcome)
    if (user !== null) context.note({ target: { type: 'user', id: user.id } })
    if (outcome !== 'succeeded' || user === null || password === null) return context.refuse(invalidCredentials({}))
    if (checked.upgrade !== null) password.hash = checked.upgrade
    return openSession(context, user)
  },
})

/** How it ends for whoever knows the password. */
function outcomeFor(user: UserRow, origin: Origin): LoginOutcome {
  if (!isActing(user.status)) return 'notActive'
  return mayActFrom(user.allowedIps, origin) ? 'succeeded' : 'addressNotAllowed'
}

/** Takes as long for a user that does not exist as for one that does. */
async function checkPassword({ reader, ports }: PrepareContext, input: { identifier: string; password: string }): Promise<Checked> {
  const user = await findByIdentifier(reader, input.identifier)
  const stored = user === null ? null : await reader.findOne(PasswordRow, { userId: user.id })
  const hash = stored?.hash ?? null
  const matches = (await verifyPassword(ports.hasher, hash ?? (await decoyHash(ports.hasher)), input.password)) && hash !== null
  const upgrade = matches && isOutdated(ports.hasher, hash) ? await hashPassword(ports.hasher, input.password) : null
  return { userId: user?.id ?? null, changedAt: stored?.changedAt ?? null, matches, upgrade }
}

function noteAttempt({ em, newId, now, origin }: CommandContext, identifier: string, userId: UserId | null, outcome: LoginOutcome): void {
  const { ip, userAgent } = origin
  em.persist(
    em.create(LoginAttemptRow, {
      id: newId('lat'),
      at: now,
      identifier: printable(identifier, longestIdentifier),
      userId,
      outcome,
      method: 'password',
      ip,
      userAgent,
    }),
  )
}

async function openSession(context: CommandContext, user: UserRow) {
  const { em, now, newId, origin, ports } = context
  const organizationId = await firstMembership(em, user.id)
  await writeLastSeen(em, [[user.id, now]])
  const { ip, userAgent } = origin
  const session = beginSession(em, { id: newId('ses'), userId: user.id, organizationId, authMethods: ['pwd'], ip, userAgent, now })
  const id = newId('tok')
  const { text, hash } = mintToken('access', id, ports)
  const { expiresAt } = session
  em.persist(
    em.create(TokenRow, { id, kind: 'access', userId: user.id, sessionId: session.id, hash, createdAt: now, expiresAt, revokedAt: null }),
  )
  context.emit({
    type: 'auth.signedIn',
    subject: user.id,
    organizationId,
    payload: { userId: user.id, sessionId: session.id, method: 'password' },
  })
  return {
    user: { id: user.id, username: user.username },
    session: { id: session.id, expiresAt },
    accessToken: text,
    pendingSteps: user.needPasswordChange ? (['changePassword'] as const).slice() : [],
  }
}

export const signOut = defineCommand(signOutSignature, {
  allow: signedIn,
  duringPendingStep: true,
  async handle(context) {
    const { actor, em, now } = context
    if (actor.kind !== 'user') throw unauthenticated({})
    const { userId, sessionId } = actor.principal
    const ended = await endSessions(em, { userId, sessionId }, 'signedOut', now)
    context.revoke({ userId, sessionId, ...ended })
    context.emit({ type: 'auth.signedOut', subject: userId, organizationId: null, payload: { userId, sessionId } })
    return ended
  },
})
