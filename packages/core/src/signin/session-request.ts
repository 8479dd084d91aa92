import type { LoginMethod } from '../login-history/model.ts'
import type { OrganizationId } from '../organizations/index.ts'
import type { SessionId } from '../sessions/model.ts'
import type { UserRow } from '../users/index.ts'

/** How somebody came to be signed in. */
export interface SessionRequest {
  /** The last thing that was proved. */
  readonly method: LoginMethod
  /** All that was proved, as in RFC 8176: `pwd`, `otp`, `hwk`, `mfa` … */
  readonly authMethods: readonly string[]
  readonly assurance: 'aal1' | 'aal2'
  /** What was typed, for the login history. */
  readonly identifier: string
  readonly impersonation?: {
    readonly by: UserRow['id']
    readonly from: SessionId
    /** The organization that it is limited to; null: no limit. */
    readonly onlyIn: OrganizationId | null
    readonly reason: string
    readonly expiresAt: Date
  }
}
