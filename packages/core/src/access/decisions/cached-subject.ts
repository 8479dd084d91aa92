import type { Subject, SubjectKey } from '../../kernel/decisions.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { dependenciesOf } from '../../grants/index.ts'
import { resourcesOf, type SubjectFacts } from '../facts/subjects.ts'
import { grantsOfSubject } from '../subjects.ts'

/** A cached subject. */
export interface CachedSubject extends Subject {
  readonly validUntil: number
  /** The ids whose invalidation drops it. */
  readonly keys: readonly string[]
  /** How much room it takes: one for itself and one for each assignment. */
  readonly weight: number
}

/** Compiles the grants of a subject. The facts are kept only if a condition on networks needs them again. */
export function compileSubject(catalogue: Catalogue, facts: SubjectFacts, now: Date): CachedSubject {
  const { userId, sessionId, isActive, memberships, assignments, impersonator, validUntil } = facts
  const grants = grantsOfSubject(catalogue, facts, { now, from: null })
  const conditional = assignments.some(({ condition }) => condition?.networks !== undefined)
  const resources = resourcesOf(facts)
  return {
    userId,
    sessionId,
    isActive,
    memberships,
    resources,
    conditional,
    grantsFrom: conditional ? (from) => (from === null ? grants : grantsOfSubject(catalogue, facts, { now, from })) : () => grants,
    isValidFrom: (from) => impersonator?.mayActFrom?.(from) ?? true,
    validUntil: validUntil.getTime(),
    keys: [
      userId,
      ...(sessionId === null ? [] : [sessionId]),
      ...(impersonator === null ? [] : [impersonator.userId, impersonator.sessionId, ...impersonator.dependencies]),
      ...memberships.map(({ organizationId }) => organizationId),
      ...dependenciesOf(assignments),
      ...resources,
    ],
    weight: 1 + assignments.length,
  }
}

/** The cache key of a subject. */
export function cacheKeyOf({ userId, sessionId }: SubjectKey): string {
  return sessionId === null ? userId : `${userId} ${sessionId}`
}
