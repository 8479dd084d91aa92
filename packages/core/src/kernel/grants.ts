import type { Origin } from './context.ts'
import type { Id } from './id.ts'
import type { Grant } from './rule.ts'

/** What a subject may do, compiled once from its role assignments. */
export interface Grants {
  /**
   * Whether the permission is held in the organization, everywhere, or on one of the
   * teams and resources that what it is about is, or is in (TypeIDs).
   */
  allows(permission: string, organizationId: Id<'org'> | null, path?: readonly string[]): boolean
  /** Whether the permission is held everywhere. */
  allowsEverywhere(permission: string): boolean
  /** Whether all that a pattern of a role stands for is held there. */
  covers(pattern: string, organizationId: Id<'org'> | null, path?: readonly string[]): boolean
  /**
   * The permissions held there (without an argument: everywhere), sorted: names of actions, and of applications'
   * permissions names, groups (`document.*`) or `application` for all of them.
   */
  list(organizationId?: Id<'org'> | null, path?: readonly string[]): readonly string[]
  /** The one organization that the credential is limited to. */
  readonly onlyIn?: Id<'org'> | null
  /** Grants of other holdings alone, with the limits that these have: of the same credential. */
  withSameLimits(grants: readonly Grant[]): Grants
}

/** Grants that depend on the address that a call comes from. */
export interface ConditionalGrants {
  /** The grants of a call from an address. */
  from(origin: Origin): Grants
}
