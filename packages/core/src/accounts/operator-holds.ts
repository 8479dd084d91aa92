import type { Actor } from '../kernel/actor.ts'
import type { CommandContext } from '../kernel/context.ts'
import { change } from '../kernel/row.ts'
import { lockedByOperator, withHold, type OperatorHold, type UserRow } from '../users/index.ts'

type Holder = Pick<CommandContext, 'actor'>

/** Refuses to give back what an operator took away, except for operators. Call it before the change. */
export function requireNoHold({ actor }: Holder, { operatorHolds }: UserRow, hold: OperatorHold, permission: string): void {
  if (operatorHolds.includes(hold) && !actsAsOperator(actor, permission)) throw lockedByOperator({})
}

/** Records whether an operator holds this now. What an organization's administrators do as well leaves it as it was. */
export function rememberHold({ actor }: Holder, user: UserRow, { hold, isHeld, permission }: HoldChange): void {
  if (actsAsOperator(actor, permission)) change(user, { operatorHolds: withHold(user.operatorHolds, hold, isHeld) })
}

interface HoldChange {
  readonly hold: OperatorHold
  readonly isHeld: boolean
  /** The permission that lets the actor do it. */
  readonly permission: string
}

/** Whether the actor does this for the installation; otherwise they do it for the organization that manages the account. */
export function actsAsOperator(actor: Actor, permission: string): boolean {
  return actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.allowsEverywhere(permission))
}
