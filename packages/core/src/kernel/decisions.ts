import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Origin } from './context.ts'
import type { Grants } from './grants.ts'
import type { Id } from './id.ts'

/** Where something is done: what counts there is held everywhere, in the organization, or on one of the things that it is within. */
export interface Scope {
  readonly kind: 'system' | 'organization' | 'team' | 'resource'
  /** null: it is in no organization. */
  readonly organizationId: Id<'org'> | null
  /** The team; or the resource, then all that it is in, up to the outermost. */
  readonly path: readonly string[]
  /** The users who own the resource, or one that it is in. */
  readonly owners: readonly Id<'usr'>[]
}

/** Everywhere, and nowhere in particular. */
export const systemScope: Scope = { kind: 'system', organizationId: null, path: [], owners: [] }

/** What a place is found by; the system is not looked for. */
export type ScopeId = Id<'org' | 'team' | 'res'>

/** Whom is asked about: a user, or a user in one session. */
export interface SubjectKey {
  readonly userId: Id<'usr'>
  /** null: without a session, so conditions on assurance are not met and nothing is chosen. */
  readonly sessionId: Id<'ses'> | null
}

/** Somebody as decisions are made about them. */
export interface Subject extends SubjectKey {
  /** Active or temporary, and their grants are not frozen: others may do nothing at all. */
  readonly isActive: boolean
  /** Of active organizations. */
  readonly memberships: readonly { readonly organizationId: Id<'org'> }[]
  /** Resources that they, or their teams, were given something on. */
  readonly resources: ReadonlySet<string>
  /** Whether it depends on the address what they may do. */
  readonly conditional: boolean
  /** What they may do from an address; null: from nowhere in particular, so conditions on networks are not met. */
  grantsFrom(from: Pick<Origin, 'ip' | 'remote'> | null): Grants
}

/** What a question is about. */
export interface DecisionRequest {
  readonly subjects: readonly SubjectKey[]
  readonly scopes: readonly ScopeId[]
}

/** The answer to it: of what is not there, null. */
export interface DecisionFacts {
  subject(key: SubjectKey): Subject | null
  scope(id: ScopeId): Scope | null
}

/** What a custom role is, with all that it includes; ids are UUIDs. */
export interface RoleDefinition {
  readonly id: string
  readonly name: string
  /** null: none. */
  readonly permissions: readonly string[] | null
  /** The roles that it includes, with the names of those that are built in. */
  readonly included: readonly { readonly id: string; readonly name: string | null }[] | null
  /** The sets of roles not to be used together that one of its roles is in. */
  readonly exclusions: readonly (Exclusion & { readonly organization: string | null })[] | null
}

export interface Exclusion {
  readonly id: string
  /** As many of the set together are too many. */
  readonly cardinality: number
  /** Which of the set the role brings. */
  readonly members: readonly string[]
}

/** Where the definitions of custom roles come from: of what is not there, there is none. */
export interface RoleDefinitions {
  of(em: SqlEntityManager, ids: readonly string[]): Promise<ReadonlyMap<string, RoleDefinition>>
}

/** What decisions are made from: out of memory while that is true, else out of the database, however much it is in three statements. */
export interface Decisions {
  load(wanted: DecisionRequest): Promise<DecisionFacts>
  readonly roles: RoleDefinitions
}
