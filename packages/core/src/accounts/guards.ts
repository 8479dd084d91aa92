import { activeSuperadmins, lockSuperadmins } from '../access/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import { lastSuperadmin, type UserId } from '../users/index.ts'

/** Whoever takes a superadmin out of action waits for the guard, then must leave another one. */
export async function ensureAnotherSuperadmin({ em, now }: CommandContext, userId: UserId): Promise<void> {
  await lockSuperadmins(em)
  const remaining = await activeSuperadmins(em, now)
  if (remaining.length === 1 && remaining[0] === userId) throw lastSuperadmin({})
}
