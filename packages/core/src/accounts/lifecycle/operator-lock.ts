import type { Actor } from '../../kernel/actor.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { change } from '../../kernel/row.ts'
import { isActing, lockedByOperator, type UserRow } from '../../users/index.ts'

type Locker = Pick<CommandContext, 'actor'>

/** Refuses to give back what an administrator of the installation took away, except to another one. Call it before the change. */
export function requireNoLock({ actor }: Locker, { lockedByOperator: isLocked }: UserRow, permission: string): void {
  if (isLocked && !actsAsOperator(actor, permission)) throw lockedByOperator({})
}

/** Records that an administrator of the installation locked the account, as long as something is taken away. Call it after the change. */
export function rememberLock({ actor }: Locker, user: UserRow, permission: string): void {
  if (actsAsOperator(actor, permission)) change(user, { lockedByOperator: !isActing(user.status) || user.grantsFrozenAt !== null })
}

/** Whether the actor does this for the installation; otherwise they do it for the organization that manages the account. */
export function actsAsOperator(actor: Actor, permission: string): boolean {
  return actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.allowsEverywhere(permission))
}
