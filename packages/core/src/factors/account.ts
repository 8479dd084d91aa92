import type { CommandContext } from '../kernel/context.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { existingUser, type UserRow } from '../users/index.ts'

/** The caller's own account, whose row the pipeline has locked. The operator of the machine has none. */
export async function ownAccount({ em, actor }: Pick<CommandContext, 'em' | 'actor'>): Promise<UserRow> {
  if (actor.kind !== 'user') throw unauthenticated({})
  return existingUser(em, actor.principal.userId)
}
