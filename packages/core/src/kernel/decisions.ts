import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Actor } from './actor.ts'
import type { Origin } from './origin.ts'
import type { Grants } from './grants.ts'
import type { Id } from './id.ts'
import type { Catalogue } from './signature.ts'

/** Where a permission can count: everywhere, in an organization, on a team, or on a resource with everything inside it. */
export interface Scope {
  readonly kind: 'system' | 'organization' | 'team' | 'resource'
  /** null: outside of organizations. */
  readonly organizationId: Id<'org'> | null
  /** The team; or the resource followed by its ancestors, up to the outermost. */
  readonly path: readonly string[]
  /** The users who own the resource or one of its ancestors. */
  readonly owners: readonly Id<'usr'>[]
}

/** The scope of what counts everywhere. */
export const everywhereScope: Scope = { kind: 'system', organizationId: null, path: [], owners: [] }

/** The id of a scope; everywhere has none. */
export type ScopeId = Id<'org' | 'team' | 'res'>

/** A user, or a user in one session. */
export interface SubjectKey {
  readonly userId: Id<'usr'>
  /** null: without a session, so conditions on assurance are not met and no role is activated. */
  readonly sessionId: Id<'ses'> | null
}

/** The facts about a subject for decisions. */
export interface Subject extends SubjectKey {
  /** The account is active or temporary, and its grants are not frozen. Otherwise it has no permissions. */
  readonly isActive: boolean
  /** In active organizations. */
  readonly memberships: readonly { readonly organizationId: Id<'org'> }[]
  /** Resources that the user or a team of the user has an assignment on. */
  readonly resources: ReadonlySet<string>
  /** Whether the grants depend on the address. */
  readonly conditional: boolean
  /** The grants for a call from an address; null: no address, so conditions on networks are not met. */
  grantsFrom(from: Pick<Origin, 'ip' | 'remote'> | null): Grants
  /** Whether its session goes on at an address: one of an impersonation may only where the impersonator holds what it stands on. */
  isValidFrom(from: Pick<Origin, 'ip' | 'remote'> | null): boolean
}

/** The subjects and scopes that a decision needs. */
export interface DecisionRequest {
  readonly subjects: readonly SubjectKey[]
  readonly scopes: readonly ScopeId[]
}

/** The loaded facts; null for subjects and scopes that do not exist. */
export interface DecisionFacts {
  subject(key: SubjectKey): Subject | null
  scope(id: ScopeId): Scope | null
}

/** Who asks, and the facts for the answer. */
export interface DecisionView {
  readonly catalogue: Catalogue
  readonly actor: Actor
  readonly facts: DecisionFacts
}

/** A custom role with everything that it includes; ids are UUIDs. */
export interface RoleDefinition {
  readonly id: string
  readonly name: string
  /** null: none. */
  readonly permissions: readonly string[] | null
  /** The included roles; only built-in ones have a name here. */
  readonly included: readonly { readonly id: string; readonly name: string | null }[] | null
  /** The dynamic sets of separation of duty that one of its roles is in. */
  readonly exclusions: readonly (Exclusion & { readonly organization: string | null })[] | null
}

export interface Exclusion {
  readonly id: string
  /** So many roles of the set are too many. */
  readonly cardinality: number
  /** The roles of the set that this role brings. */
  readonly members: readonly string[]
}

/** A source of role definitions; missing roles are left out. */
export interface RoleDefinitions {
  of(em: SqlEntityManager, ids: readonly string[]): Promise<ReadonlyMap<string, RoleDefinition>>
}

/** Loads the facts for decisions: from the cache, else from the database, in at most three statements for any number. */
export interface Decisions {
  load(wanted: DecisionRequest): Promise<DecisionFacts>
  readonly roles: RoleDefinitions
}
