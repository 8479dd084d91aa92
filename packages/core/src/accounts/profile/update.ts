import { equals } from '@mikro-orm/core'
import type { z } from 'zod'
import { callerId } from '../../kernel/actor.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { endSessions } from '../../sessions/index.ts'
import { managedAddress, wouldLockOut, type UserRow, managingOrganization, ownsDomainOf } from '../../users/index.ts'
import { mayActFrom } from '../../kernel/network.ts'
import { revokeVerifications } from '../../verifications/index.ts'
import type { userPatch } from './signatures.ts'

/** An absent field stays, `null` clears, a value sets. */
export type AccountPatch = Omit<z.output<z.ZodObject<typeof userPatch>>, 'version'>

/** Fields that restrict the user: every process is told at once. */
const restricting: ReadonlySet<string> = new Set(['allowedIps', 'needPasswordChange', 'resourcePolicy'])

/** Fields that `sessions.whoami` shows. */
const shown: ReadonlySet<string> = new Set(['username', 'email', 'displayName'])

/**
 * Applies a patch to an account, and returns the fields that
 * changed. If none did, nothing is written and the version stays. A new
 * address is not verified, unless the patch says so.
 */
export async function updateAccount(
  context: CommandContext,
  user: UserRow,
  patch: AccountPatch,
  { force = false }: { force?: boolean } = {},
): Promise<readonly string[]> {
  const movesAway = patch.email !== undefined && patch.email !== user.email
  const wanted = { ...(movesAway && { emailVerified: false }), ...withoutAbsent(patch) }
  const changed = Object.entries(wanted).filter(([field, value]) => !equals(value, user[field as keyof UserRow]))
  const fields = changed.map(([field]) => field)
  if (fields.length === 0) return fields
  if (movesAway) await refuseLeavingManagement(context, user, patch.email ?? null)
  if (!force) refuseLockingOneselfOut(context, user, patch)
  if (movesAway) await invalidateOldAddress(context, user)
  Object.assign(user, Object.fromEntries(changed), { updatedAt: context.now })
  context.emit({ type: 'users.updated', subject: user.id, organizationId: null, payload: { userId: user.id, fields } })
  if (fields.some((field) => restricting.has(field))) context.invalidate(user.id, { when: 'now' })
  else if (fields.some((field) => shown.has(field))) context.invalidate(user.id, { when: 'soon' })
  await context.em.flush()
  return fields
}

/**
 * Links and codes were mailed to the old address: they prove that one, and it is not
 * the user's any more. Somebody signed in elsewhere may be why the address changes, so
 * other sessions end; API tokens stay.
 */
async function invalidateOldAddress(context: CommandContext, { id: userId }: UserRow): Promise<void> {
  const { em, actor, now } = context
  await revokeVerifications(context, userId)
  const except = actor.kind === 'user' && actor.principal.userId === userId ? actor.principal.sessionId : null
  const ended = await endSessions(em, { userId, except, by: callerId(actor), keepApiTokens: true }, 'credentialsChanged', now)
  if (ended.sessionsEnded + ended.tokensEnded > 0) context.invalidate(userId, { when: 'now', ...ended })
}

function withoutAbsent(patch: AccountPatch): object {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined))
}

/**
 * The address decides whether an organization manages the account. Neither the
 * organization nor the person changes that: the one would get rid of an account
 * that others rely on, the other would walk away with what belongs to the organization.
 */
async function refuseLeavingManagement({ em, actor }: CommandContext, user: UserRow, email: string | null): Promise<void> {
  if (email === null || actor.kind === 'system') return
  if (actor.kind === 'user' && actor.principal.grants.allowsEverywhere('users.update')) return
  const organizationId = await managingOrganization(em, user)
  if (organizationId !== null && !(await ownsDomainOf(em, organizationId, email))) throw managedAddress({})
}

/** Keeps users from locking themselves out by mistake. */
function refuseLockingOneselfOut({ actor, origin }: CommandContext, user: UserRow, { allowedIps }: AccountPatch): void {
  if (allowedIps === undefined || actor.kind !== 'user' || actor.principal.userId !== user.id) return
  if (!mayActFrom(allowedIps, origin)) throw wouldLockOut({ address: origin.ip })
}
