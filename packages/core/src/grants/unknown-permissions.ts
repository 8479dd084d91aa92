import type { Catalogue } from '../kernel/signature.ts'
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
    .map((name) => ({ name, distance: distanceOf(pattern.toLowerCase(), name.toLowerCase()) }))
    .toSorted((one, other) => one.distance - other.distance || (one.name < other.name ? -1 : 1))
    .slice(0, mostSuggestions)
    .map(({ name }) => name)
}

/** The Levenshtein distance between two texts. */
function distanceOf(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [row, letter] of [...one].entries()) {
    const line = [row + 1]
    for (const [column, wanted] of [...other].entries()) {
      const replaced = (above[column] ?? 0) + (letter === wanted ? 0 : 1)
      line.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1))
    }
    above = line
  }
  return above.at(-1) ?? 0
}
