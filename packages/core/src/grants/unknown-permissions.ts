import type { Catalogue } from '../kernel/signature.ts'
import { bySimilarity } from '../text/index.ts'
import { unknownPermission } from './errors.ts'
import { groupOf, matchesNoAction } from './permissions.ts'

/**
 * Throws `access.unknownPermission` for a pattern in a group of Denizen's own actions that matches none: a typo that would silently grant
 * nothing.
 */
export function requireKnownPermissions(catalogue: Catalogue, patterns: readonly string[]): void {
  const unknown = patterns.find((pattern) => matchesNoAction(catalogue, pattern))
  if (unknown !== undefined) throw unknownPermission({ permission: unknown, suggestions: similarActions(catalogue, unknown) })
}

/** Suggestions in an error. */
const mostSuggestions = 3

/** The most similar actions of the same group. */
export function similarActions(catalogue: Catalogue, pattern: string): readonly string[] {
  const ofGroup = [...catalogue.keys()].filter((name) => groupOf(name) === groupOf(pattern)).toSorted()
  return bySimilarity(pattern, ofGroup)
    .slice(0, mostSuggestions)
    .map(({ candidate }) => candidate)
}
