import type { CommandContext } from '../../kernel/context.ts'
import { endSessions, type Ended } from '../../sessions/index.ts'
import type { UserRow } from '../../users/index.ts'
import { revokeVerifications } from '../../verifications/index.ts'
import { nameOf } from '../verify-password.ts'
import { forgetFailures, throttleKeys } from '../../throttling/index.ts'

/** The credentials that stay when a password changes. */
interface KeptCredentials {
  /** The session that changes it. */
  readonly session: Parameters<typeof endSessions>[1]['except']
  readonly apiTokens: boolean
}

/**
 * The consequences of every new password: sessions end, mailed links and sign-ins
 * that were begun with the old one are void. Wrong tries at the old one are forgotten
 * where the new one was chosen; those at a second factor are not.
 */
export async function afterPasswordChange(
  context: CommandContext,
  user: UserRow,
  how: 'changed' | 'reset' | 'setUp',
  { session, apiTokens }: KeptCredentials,
): Promise<Ended> {
  const { em, now, ports, origin } = context
  const which = { userId: user.id, except: session ?? null, ...(apiTokens && { keepApiTokens: true as const }) }
  const ended = await endSessions(em, which, 'credentialsChanged', now)
  await revokeVerifications(context, user.id)
  for (const name of [user.email, user.username])
    if (name !== null) await forgetFailures(context, await throttleKeys(ports, origin, nameOf(name), { userId: user.id }))
  context.invalidate(user.id, { when: 'now', ...ended })
  context.emit({ type: 'auth.passwordChanged', subject: user.id, organizationId: null, payload: { userId: user.id, how } })
  return ended
}
