/**
 * What an operator took from an account, each by itself, or asks of its user: no organization's administrator gives it back. `status`: to
 * act at all; `archive`: archived; `grants`: frozen; `passwordChange`: a new password.
 */
export type OperatorHold = 'status' | 'archive' | 'grants' | 'passwordChange'

/** The holds with or without one. */
export function withHold(holds: readonly OperatorHold[], hold: OperatorHold, isHeld: boolean): OperatorHold[] {
  const others = holds.filter((other) => other !== hold)
  return isHeld ? [...others, hold].toSorted() : others
}
