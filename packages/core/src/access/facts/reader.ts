import type { SqlEntityManager } from '@mikro-orm/sql'
import { storedDefinitions, type ResolvedAssignment, type Moment } from '../../grants/index.ts'
import type { RoleDefinitions, SubjectKey } from '../../kernel/decisions.ts'
import type { Id } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import type { ScopeInput } from '../model.ts'
import { selectCandidates, type CandidateQuery } from './candidates.ts'
import { definitionsAt, loadRoles, type RoleGraph, type RoleSelection } from './roles.ts'
import { findScopeAt, type ScopeAt } from './scopes.ts'
import { loadSubjects, withoutEndedImpersonations, type SubjectFacts } from './subjects.ts'
import { loadTeams } from './teams.ts'

/**
 * Reads the facts that decisions are made from, all as they are at one moment: now, from the rows, or at another time, from their history;
 * for a time in the future, what will be if nothing is changed. Built-in roles are code and sets of separation of duty keep no history, so
 * these are always those of today.
 */
export class FactsReader {
  readonly em: SqlEntityManager
  readonly at: Moment
  /** The time of the moment: what is over by then is left out. */
  readonly time: Date
  readonly definitions: RoleDefinitions

  /** @param definitions where to get the definitions of custom roles now */
  constructor(em: SqlEntityManager, at: Moment, now: Date, definitions: RoleDefinitions = storedDefinitions) {
    this.em = em
    this.at = at
    this.time = at === 'now' ? now : at
    this.definitions = at === 'now' ? definitions : definitionsAt(at)
  }

  /** The scope that an input names; null: it does not exist, or of the past: it has never existed. */
  scope(on: ScopeInput): Promise<ScopeAt | null> {
    return findScopeAt(this.em, on, this.at)
  }

  /** Roles with everything that they include. */
  roles(wanted: RoleSelection): Promise<RoleGraph> {
    return loadRoles(this.em, wanted, this.at)
  }

  /** Subjects in the given order. Missing users, and sessions that are not theirs or have ended, are left out. */
  subjects(keys: readonly SubjectKey[]): Promise<readonly SubjectFacts[]> {
    return loadSubjects(this, keys)
  }

  /** Subjects without sessions. */
  users(ids: readonly Id<'usr'>[]): Promise<readonly SubjectFacts[]> {
    return loadSubjects(
      this,
      ids.map((userId) => ({ userId, sessionId: null })),
    )
  }

  /** Subjects without the sessions of impersonations that may not go on. */
  async validSubjects(catalogue: Catalogue, keys: readonly SubjectKey[]): Promise<readonly SubjectFacts[]> {
    return withoutEndedImpersonations(this, catalogue, await loadSubjects(this, keys))
  }

  /** What teams have by themselves. */
  teams(ids: readonly Id<'team'>[]): Promise<ReadonlyMap<Id<'team'>, readonly ResolvedAssignment[]>> {
    return loadTeams(this, ids)
  }

  /** Users who may have something in a scope, in the order of their ids. */
  candidates(wanted: CandidateQuery): Promise<readonly Id<'usr'>[]> {
    return selectCandidates(this, wanted)
  }
}
