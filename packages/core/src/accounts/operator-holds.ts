import { isGrantedEverywhere } from '../kernel/actor.ts'
import type { CommandContext } from '../kernel/context.ts'
import { change } from '../kernel/row.ts'
import { lockedByOperator, withHold, type OperatorHold, type UserRow } from '../users/index.ts'

type Holder = Pick<CommandContext, 'actor'>

/** Refuses to give back what an operator took away, except for operators. Call it before the change. */
export function requireNoHold({ actor }: Holder, { operatorHolds }: UserRow, hold: OperatorHold, permission: string): void {
  if (operatorHolds.includes(hold) && !isGrantedEverywhere(actor, permission)) throw lockedByOperator({})
}

/** Records whether an operator holds this now. What an organization's administrators do as well leaves it as it was. */
export function rememberHold({ actor }: Holder, user: UserRow, { hold, isHeld, permission }: HoldChange): void {
  if (isGrantedEverywhere(actor, permission)) change(user, { operatorHolds: withHold(user.operatorHolds, hold, isHeld) })
}

interface HoldChange {
  readonly hold: OperatorHold
  readonly isHeld: boolean
  /** The permission that lets the actor do it. */
  readonly permission: string
}
