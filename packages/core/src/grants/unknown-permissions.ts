import type { Catalogue } from '../kernel/signature.ts'
import { distance } from '../text/index.ts'
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
  return [...catalogue.keys()]
    .filter((name) => groupOf(name) === groupOf(pattern))
    .map((name) => ({ name, letters: distance(pattern.toLowerCase(), name.toLowerCase()) }))
    .toSorted((one, other) => one.letters - other.letters || (one.name < other.name ? -1 : 1))
    .slice(0, mostSuggestions)
    .map(({ name }) => name)
}
