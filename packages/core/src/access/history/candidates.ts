import { uuidOrNull, type Id } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { organizationRoles } from '../../grants/index.ts'
import type { MembershipRole } from '../../organizations/model.ts'
import type { Visibility } from '../explain/visibility.ts'
import type { FactsReader } from '../facts/reader.ts'
import { matchingPattern, patternsIn } from '../facts/roles.ts'
import type { ScopeAt } from '../facts/scopes.ts'
import { belongedTo, type SubjectFacts } from '../facts/subjects.ts'

/** A scope, and the facts at a time. */
export interface PointInTime {
  readonly catalogue: Catalogue
  readonly facts: FactsReader
  readonly scope: ScopeAt
}

/**
 * Users who may have had a permission in a scope at a time, in the order of their ids: owners, members, and users with an assignment of a
 * role or pattern that includes it. Without a permission: all users with any assignment there.
 */
export async function candidatesAt(
  { catalogue, facts, scope }: PointInTime,
  permission: string | undefined,
  page: { readonly after: string | null; readonly limit: number },
): Promise<readonly Id<'usr'>[]> {
  const all = Object.keys(organizationRoles) as MembershipRole[]
  if (permission === undefined) return facts.candidates({ scope, members: all, roles: null, everywhereExcept: null, ...page })
  const graph = await facts.roles({ home: uuidOrNull(scope.organizationId) })
  const has = (patterns: readonly string[]) => matchingPattern(catalogue, patterns, permission) !== null
  return facts.candidates({
    scope,
    members: all.filter((name) => has(organizationRoles[name].permissions)),
    roles: [...graph.keys()].filter((role) => has(patternsIn(graph, role))),
    everywhereExcept: [],
    ...page,
  })
}

/** A user as the caller may know them: of somebody who did not belong to the scope then, nothing but the name. */
export function knownSubject({ everywhere }: Visibility, subject: SubjectFacts, scope: ScopeAt): SubjectFacts {
  if (everywhere || belongedTo(subject, scope)) return subject
  const unfiltered = { memberships: [], assignments: [], seats: [] }
  return { ...subject, status: null, frozen: false, isActive: false, memberships: [], assignments: [], unfiltered }
}
