import { activeSuperadmins, lockSuperadmins } from '../access/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import { lastSuperadmin, type UserId } from '../users/index.ts'

/** Refuses to remove the last active superadmin. Takes the lock, so that concurrent calls see each other. */
export async function ensureAnotherSuperadmin({ em, now }: CommandContext, userId: UserId): Promise<void> {
  await lockSuperadmins(em)
  const remaining = await activeSuperadmins(em, now)
  if (remaining.length === 1 && remaining[0] === userId) throw lastSuperadmin({})
}
