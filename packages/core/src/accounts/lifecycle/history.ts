import { recordEndedState } from '../../history/index.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { uuidOf } from '../../kernel/id.ts'
import type { UserRow } from '../../users/index.ts'

/**
 * Remembers as what a user, whose row is locked, was there until now: `active`, or `active frozen` where the
 * grants were frozen. Call it before either changes; where one command changes both, the first call counts.
 */
export function rememberStatus({ em, now }: CommandContext, { id, status, grantsFrozenAt, createdAt }: UserRow): Promise<void> {
  const value = grantsFrozenAt === null ? status : `${status} frozen`
  return recordEndedState(em, { kind: 'userStatus', subjectId: uuidOf(id), objectId: null, value, since: createdAt }, now)
}
