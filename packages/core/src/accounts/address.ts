import { callerId } from '../kernel/actor.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { DenizenError } from '../kernel/errors.ts'
import { change } from '../kernel/row.ts'
import { endSessions } from '../sessions/index.ts'
import { countInHour, secondsLeftOfHour } from '../throttling/index.ts'
import { keepsManagement, lockAddress, lockUserWith, managedAddress, UserRow } from '../users/index.ts'
import { issueVerification, revokeConfirmations, revokeVerifications } from '../verifications/index.ts'
import { queueAccountNotice } from './account-notice.ts'
import { requireRecentAuth } from './recent-auth.ts'
import { accountExists, reclaimRefused, tooManyAddresses } from './errors.ts'
import { mayBeReclaimed } from './reclaim.ts'

/** Milliseconds that the link works which confirms an address. */
const linkLifetime = 24 * 60 * 60 * 1000

/** New addresses that a user asks for within an hour of the clock. Each sends two mails. */
const mostAddresses = 5

export type AddressPatch = Partial<Pick<UserRow, 'email' | 'pendingEmail' | 'pendingEmailAt'>>

const nonePending = { pendingEmail: null, pendingEmailAt: null } as const

/**
 * What users say their address is. A new one is pending: it is mailed a link, and nothing else changes until
 * that is followed (OWASP, "Changing a User's Registered Email Address"); who has it already is not looked up here, so nobody
 * learns of it. The present one gives up what is pending; `null` removes the address.
 */
export async function requestAddress(context: CommandContext, user: UserRow, email: string | null): Promise<AddressPatch> {
  if (email === user.email) {
    if (user.pendingEmail === null) return {}
    await revokeConfirmations(context, user.id)
    return nonePending
  }
  // It can be used to sign in: a session left open must not be enough to take the account.
  requireRecentAuth(context)
  if (email === null) return { email }
  await countRequest(context, user)
  await refuseLeavingManagement(context, user, email)
  await revokeConfirmations(context, user.id)
  await issueVerification(context, { purpose: 'verifyEmail', email, userId: user.id, lifetime: linkLifetime, bound: false })
  queueAccountNotice(context, user, 'requested')
  return { pendingEmail: email, pendingEmailAt: context.now }
}

async function countRequest(context: CommandContext, { id }: UserRow): Promise<void> {
  const asked = await countInHour(context, 'addresses/user', [id])
  if (asked > mostAddresses) throw tooManyAddresses({ retryAfter: secondsLeftOfHour(context.now) })
}

/**
 * Records that a user (row locked) has proved an address: their present one, or one that was pending and takes its
 * place now. Throws if another account keeps it; an account that waits for the owner of the address gives it up.
 */
export async function proveAddress(context: CommandContext, user: UserRow, email: string): Promise<void> {
  if (email === user.email && user.emailVerified) return
  const { em, now } = context
  const fields = email === user.email ? ['emailVerified'] : ['email', 'emailVerified']
  if (email !== user.email) {
    await refuseLeavingManagement(context, user, email)
    await takeAddress(context, email, null)
    await leaveAddress(context, user)
    change(user, { email, ...nonePending })
  }
  change(user, { emailVerified: true, reclaimable: false, updatedAt: now })
  context.emit({ type: 'users.updated', subject: user.id, organizationId: null, payload: { userId: user.id, fields } })
  context.invalidate(user.id, { when: 'soon' })
  await em.flush()
}

/**
 * Makes an address free that was just proved, or throws: `kept`, or the error that says who has it.
 * Of many who prove the same one at once, the second sees the first.
 */
export async function takeAddress(context: CommandContext, email: string, kept: DenizenError | null): Promise<void> {
  const { em, now, settings } = context
  await lockAddress(em, email)
  const holderId = await lockUserWith(em, email)
  if (holderId === null) return
  const holder = await em.findOneOrFail(UserRow, { id: holderId }, { refresh: true })
  if (holder.emailVerified) throw kept ?? accountExists({ username: holder.username })
  if (!(await mayBeReclaimed(em, settings, holderId))) throw kept ?? reclaimRefused({})
  await revokeVerifications(context, holderId)
  change(holder, { email: null, reclaimable: false, updatedAt: now })
  context.emit({ type: 'users.updated', subject: holderId, organizationId: null, payload: { userId: holderId, fields: ['email'] } })
  context.invalidate(holderId, { when: 'soon' })
  await em.flush()
}

/**
 * The consequences of another address, whoever set it. Links and codes were mailed to the old one: they prove that one,
 * and it is not the user's any more. Somebody signed in elsewhere may be why it changes, so other sessions end; API tokens stay.
 */
export async function leaveAddress(context: CommandContext, user: UserRow): Promise<void> {
  const { em, actor, now } = context
  const { id: userId } = user
  queueAccountNotice(context, user, actor.kind === 'user' && actor.principal.userId !== userId ? 'changedByOperator' : 'changed')
  await revokeVerifications(context, userId)
  const except = actor.kind === 'user' && actor.principal.userId === userId ? actor.principal.sessionId : null
  const ended = await endSessions(em, { userId, except, by: callerId(actor), keepApiTokens: true }, 'credentialsChanged', now)
  if (ended.sessionsEnded + ended.tokensEnded > 0) context.invalidate(userId, { when: 'now', ...ended })
}

/**
 * The address decides whether an organization manages the account. Neither the
 * organization nor the person changes that: the one would get rid of an account
 * that others rely on, the other would walk away with what belongs to the organization.
 */
export async function refuseLeavingManagement({ em, actor }: CommandContext, user: UserRow, email: string | null): Promise<void> {
  if (email === null || actor.kind === 'system') return
  if (actor.kind === 'user' && actor.principal.grants.allowsEverywhere('users.update')) return
  if (!(await keepsManagement(em, user, email))) throw managedAddress({})
}
