import type { Calls, Principal, User } from '@denizen/core'

/** A user who has signed in. */
export interface SignedInUser {
  readonly user: User
  readonly token: string
  readonly principal: Principal
  /** Every action, as this user. */
  readonly as: Calls
}
