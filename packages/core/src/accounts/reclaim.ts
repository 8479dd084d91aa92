import type { Grant } from '../kernel/grants.ts'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { builtInRoles, loadGrants } from '../grants/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import { uuidOf } from '../kernel/id.ts'
import { PasswordRow } from '../passwords/index.ts'
import { endSessions } from '../sessions/index.ts'
import type { UserId, UserRow } from '../users/index.ts'
import { revokeVerifications } from '../verifications/index.ts'

/** Everything that lets somebody sign in, or soon will: before the address was verified, anybody may have set it up. */
const tablesOfCredentials = ['former_passwords', 'identities', 'passkeys', 'totp_factors', 'recovery_codes', 'device_logins', 'challenges']

/**
 * Gives an account with an unverified address to the person who has just proved the address. It may
 * have been created by a stranger who waits for its owner: passwords, authenticators,
 * identities, links, tokens and sessions are removed. Its row must be locked.
 * @param passwordHash of the password that the owner chooses; null: no password for now.
 */
export async function reclaimAccount(context: CommandContext, account: UserRow, passwordHash: string | null): Promise<void> {
  const { em, now } = context
  for (const table of tablesOfCredentials) await em.execute(`delete from ${table} where user_id = ?`, [uuidOf(account.id)], 'run')
  await revokeVerifications(context, account.id)
  await em.nativeDelete(PasswordRow, { userId: account.id })
  account.passwordChangedAt = passwordHash === null ? null : now
  account.needPasswordChange = false
  if (passwordHash !== null) em.persist(em.create(PasswordRow, { userId: account.id, hash: passwordHash, changedAt: now }))
  const ended = await endSessions(em, { userId: account.id }, 'addressProved', now)
  context.invalidate(account.id, { when: 'now', ...ended })
  // Set by the previous holder, they would lock the owner out.
  account.allowedIps = []
  account.emailVerified = true
  account.updatedAt = now
  await em.flush()
}

/** Whether an account may be reclaimed: not one with more than the usual permissions, for its address may just be mistyped. */
export async function mayBeReclaimed(em: SqlEntityManager, userId: UserId): Promise<boolean> {
  return !isPrivileged(await loadGrants(em, userId, null), builtInRoles.user.permissions)
}

/** Whether an account has more than the usual permissions. */
export function isPrivileged(holdings: readonly Grant[], usual: readonly string[]): boolean {
  return holdings.some(({ permissions }) => permissions.some((permission) => !usual.includes(permission)))
}
