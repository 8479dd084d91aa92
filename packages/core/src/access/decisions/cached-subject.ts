import type { Subject, SubjectKey } from '../../kernel/decisions.ts'
import { idOf } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { dependenciesOf } from '../../grants/index.ts'
import { grantsOfSubject, type SubjectFacts } from '../subjects.ts'

/** Somebody as they are kept in memory. */
export interface CachedSubject extends Subject {
  readonly validUntil: number
  /** What, if it changes, changes this. */
  readonly keys: readonly string[]
  /** How many assignments it was made from, and itself. */
  readonly weight: number
}

/** Compiles facts, so that a decision is a few look-ups; they themselves are kept only where they are needed again. */
export function compileSubject(catalogue: Catalogue, facts: SubjectFacts, now: Date): CachedSubject {
  const { userId, sessionId, isActive, memberships, assignments, validUntil } = facts
  const grants = grantsOfSubject(catalogue, facts, { now, from: null })
  const conditional = assignments.some(({ condition }) => condition?.networks !== undefined)
  const resources = new Set(
    assignments.flatMap(({ scope, object }) => (scope === 'resource' && object !== null ? [idOf('res', object)] : [])),
  )
  return {
    userId,
    sessionId,
    isActive,
    memberships,
    resources,
    conditional,
    grantsFrom: conditional ? (from) => (from === null ? grants : grantsOfSubject(catalogue, facts, { now, from })) : () => grants,
    validUntil: validUntil.getTime(),
    keys: [
      userId,
      ...(sessionId === null ? [] : [sessionId]),
      ...memberships.map(({ organizationId }) => organizationId),
      ...dependenciesOf(assignments),
      ...resources,
    ],
    weight: 1 + assignments.length,
  }
}

/** One text for whom is asked about. */
export function cacheKeyOf({ userId, sessionId }: SubjectKey): string {
  return sessionId === null ? userId : `${userId} ${sessionId}`
}
