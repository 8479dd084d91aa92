import { builtInRoles, holdingsOf } from '../access/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import { endSessions } from '../sessions/index.ts'
import type { UserRow } from '../users/index.ts'
import { revokeVerifications } from '../verifications/index.ts'
import { signInToLink } from './errors.ts'
import { isPrivileged } from './policy.ts'
import { deleteCredentials } from './repository.ts'

/**
 * Hands an account over to whoever a provider says has its address. If nobody had
 * proved the address, the account may have been made by a stranger who waits for its
 * owner to come: everything goes that the stranger could come back with. An account
 * with roles of its own is not handed over like this: its address may just be mistyped.
 */
export async function handOver(context: CommandContext, user: UserRow): Promise<void> {
  const { em, now } = context
  if (user.emailVerified) return
  if (isPrivileged(await holdingsOf(em, user.id, null), builtInRoles.user.permissions)) throw signInToLink({})
  await deleteCredentials(em, user.id)
  await revokeVerifications(context, user.id)
  const ended = await endSessions(em, { userId: user.id }, 'addressProved', now)
  context.revoke({ userId: user.id, ...ended })
  context.note({ changes: { addressProved: true, ...ended } })
  Object.assign(user, { emailVerified: true, passwordChangedAt: null, needPasswordChange: false, allowedIps: [], updatedAt: now })
  await em.flush()
}
