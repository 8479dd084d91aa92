import type { CommandContext } from '../kernel/context.ts'
import { freshProofRequired, ownSessionRequired } from '../kernel/errors.ts'

/**
 * Throws unless the caller proved themselves of late, in their own session: for what an action changes only sometimes; all of it has
 * `requiresRecentAuth`. No API token and no impersonator does.
 */
export function requireRecentAuth({ actor, now }: Pick<CommandContext, 'actor' | 'now'>): void {
  if (actor.kind !== 'user') return
  const { recentAuthUntil } = actor.principal
  if (recentAuthUntil === null) throw ownSessionRequired({})
  if (recentAuthUntil.getTime() <= now.getTime()) throw freshProofRequired({})
}
