import { recordEndedState } from '../../history/index.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { uuidOf } from '../../kernel/id.ts'
import type { UserRow } from '../../users/index.ts'

/**
 * Records the status that a user (row locked) had until now: `active`, or `active frozen` where the
 * grants were frozen. Call it before either changes; if one command changes both, the first call counts.
 */
export function rememberStatus({ em, now }: CommandContext, { id, status, grantsFrozenAt, createdAt }: UserRow): Promise<void> {
  const value = grantsFrozenAt === null ? status : `${status} frozen`
  return recordEndedState(em, { kind: 'userStatus', subjectId: uuidOf(id), objectId: null, value, since: createdAt }, now)
}
