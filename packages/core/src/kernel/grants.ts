import type { Id } from './id.ts'
import type { Origin } from './origin.ts'

/** Permission patterns granted everywhere (null), in an organization, or on one team or resource. */
export interface Grant {
  readonly organizationId: Id<'org'> | null
  /** The one team or resource, with everything inside it. */
  readonly scopeId?: string
  readonly permissions: readonly string[]
}

/** The compiled grants of a subject. */
export interface Grants {
  /**
   * Whether a permission is granted in the organization, everywhere, or on one of the teams and resources in the path (TypeIDs).
   */
  allows(permission: string, organizationId: Id<'org'> | null, path?: readonly string[]): boolean
  /** Whether a permission is granted everywhere. */
  allowsEverywhere(permission: string): boolean
  /** Whether a permission is granted anywhere at all: everywhere, in an organization, on a team or a resource. */
  allowsSomewhere(permission: string): boolean
  /** Whether everything that a pattern includes is granted there. */
  covers(pattern: string, organizationId: Id<'org'> | null, path?: readonly string[]): boolean
  /**
   * The permissions granted there (default: everywhere), sorted: names of actions; for permissions of applications names, groups
   * (`document.*`), or `application` for all.
   */
  list(organizationId?: Id<'org'> | null, path?: readonly string[]): readonly string[]
  /** The one organization that the credential is limited to. */
  readonly onlyIn?: Id<'org'> | null
  /** Compiles other grants with the limits of the same credential. */
  withSameLimits(grants: readonly Grant[]): Grants
}

/** Grants that depend on the address of the call. */
export interface ConditionalGrants {
  /** The grants of a call from an address; null: none is known. */
  from(origin: Pick<Origin, 'ip' | 'remote'> | null): Grants
}

/** The grants of somebody who has none. */
export const noGrants: Grants = {
  allows: () => false,
  allowsEverywhere: () => false,
  allowsSomewhere: () => false,
  covers: () => false,
  list: () => [],
  withSameLimits: () => noGrants,
}
