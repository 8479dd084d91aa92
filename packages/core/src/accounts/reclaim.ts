import type { Grant } from '../kernel/grants.ts'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { builtInRoles, loadGrants } from '../grants/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import { uuidOf } from '../kernel/id.ts'
import { PasswordRow } from '../passwords/index.ts'
import { endSessions } from '../sessions/index.ts'
import type { UserId, UserRow } from '../users/index.ts'
import { revokeVerifications } from '../verifications/index.ts'

/** Whatever lets somebody in, or waits to: whoever set it up while the address was unproved may have been anybody. */
const waysIn = ['former_passwords', 'identities', 'passkeys', 'totp_factors', 'recovery_codes', 'device_logins', 'challenges']

/**
 * Gives an account whose address nobody had proved to whoever proves it now. It may
 * have been made by a stranger who waits for its owner to come: the password, factors,
 * identities, links, tokens and sessions go. Its row must be locked.
 * @param passwordHash of the password that the owner chooses; null: they have none for now.
 */
export async function handOver(context: CommandContext, account: UserRow, passwordHash: string | null): Promise<void> {
  const { em, now } = context
  for (const table of waysIn) await em.execute(`delete from ${table} where user_id = ?`, [uuidOf(account.id)], 'run')
  await revokeVerifications(context, account.id)
  await em.nativeDelete(PasswordRow, { userId: account.id })
  account.passwordChangedAt = passwordHash === null ? null : now
  account.needPasswordChange = false
  if (passwordHash !== null) em.persist(em.create(PasswordRow, { userId: account.id, hash: passwordHash, changedAt: now }))
  const ended = await endSessions(em, { userId: account.id }, 'addressProved', now)
  context.invalidate(account.id, { when: 'now', ...ended })
  // Set by whoever had the account, they would keep its owner out.
  account.allowedIps = []
  account.emailVerified = true
  account.updatedAt = now
  await em.flush()
}

/** Whether an account may be handed over like that: not one that may do more than every account may, for its address may just be mistyped. */
export async function mayBeHandedOver(em: SqlEntityManager, userId: UserId): Promise<boolean> {
  return !isPrivileged(await loadGrants(em, userId, null), builtInRoles.user.permissions)
}

/** Whether an account may do more than every account may. */
export function isPrivileged(holdings: readonly Grant[], usual: readonly string[]): boolean {
  return holdings.some(({ permissions }) => permissions.some((permission) => !usual.includes(permission)))
}
