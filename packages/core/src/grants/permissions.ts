import { BoundedCache } from '../kernel/caches.ts'
import type { Catalogue } from '../kernel/signature.ts'

/**
 * A compiled set of permission patterns. Patterns for Denizen's own actions are expanded to names, so that a decision is a lookup.
 * Permissions of applications (`document.read`) are an open set, so their patterns are kept as they are.
 */
export interface PermissionSet {
  /** Actions, and single permissions of applications. */
  readonly names: ReadonlySet<string>
  /** Groups of applications' permissions: `document` for `document.*`. */
  readonly groups: ReadonlySet<string>
  /** Whether all permissions of applications are in the set. */
  readonly application: boolean
}

/** Whether a permission is in the set. */
export function hasPermission({ names, groups, application }: PermissionSet, catalogue: Catalogue, permission: string): boolean {
  if (names.has(permission)) return true
  if (!application && groups.size === 0) return false
  const group = groupOf(permission)
  return !groupsOf(catalogue).has(group) && (application || groups.has(group))
}

/** Compiled sets by their patterns: most subjects have the same few roles. */
export class PermissionSets extends BoundedCache<PermissionSet> {
  constructor() {
    super('permissionSets', 1000)
  }
}

/**
 * Compiles patterns: a name, `users.*`, `*`, `queries` (every action that only reads), or `application` (every permission that is not an
 * action of Denizen).
 */
export function permissionsOf(catalogue: Catalogue, patterns: readonly string[]): PermissionSet {
  return catalogue.caches.of(PermissionSets).getOrCreate(keyOf(patterns), () => compile(catalogue, patterns))
}

function compile(catalogue: Catalogue, patterns: readonly string[]): PermissionSet {
  const ownGroups = groupsOf(catalogue)
  const others = patterns.filter((pattern) => pattern.includes('.') && !ownGroups.has(groupOf(pattern)))
  const [groups, single] = [others.filter((pattern) => pattern.endsWith('.*')), others.filter((pattern) => !pattern.endsWith('.*'))]
  return {
    names: new Set([...patterns.flatMap((pattern) => matching(catalogue, pattern)), ...single]),
    groups: new Set(groups.map(groupOf)),
    application: patterns.includes('*') || patterns.includes('application'),
  }
}

/** The actions that match one of the patterns. */
export function namesOf(catalogue: Catalogue, patterns: readonly string[]): ReadonlySet<string> {
  return permissionsOf(catalogue, patterns).names
}

/** Whether a pattern belongs to a group of Denizen's own actions but matches none: a typo, or an action that no longer exists. */
export function matchesNoAction(catalogue: Catalogue, pattern: string): boolean {
  if (!pattern.includes('.') || !groupsOf(catalogue).has(groupOf(pattern))) return false
  return matching(catalogue, pattern).length === 0
}

/** Whether everything that a pattern stands for is in the sets together. True for a pattern that matches nothing. */
export function coveredBy(sets: readonly PermissionSet[], catalogue: Catalogue, pattern: string): boolean {
  const { names, groups, application } = permissionsOf(catalogue, [pattern])
  const all = (name: string) => sets.some((set) => hasPermission(set, catalogue, name))
  if (application && !sets.some((set) => set.application)) return false
  return [...names].every(all) && [...groups].every((group) => sets.some((set) => set.application || set.groups.has(group)))
}

/** The permissions that are in both sets. */
export function intersection(catalogue: Catalogue, one: PermissionSet, other: PermissionSet): PermissionSet {
  const names = [...one.names].filter((name) => hasPermission(other, catalogue, name))
  const more = [...other.names].filter((name) => !one.names.has(name) && hasPermission(one, catalogue, name))
  const inBoth = (group: string) => [one, other].every(({ groups, application }) => application || groups.has(group))
  return {
    names: new Set([...names, ...more]),
    groups: new Set([...one.groups, ...other.groups].filter(inBoth)),
    application: one.application && other.application,
  }
}

/** The permissions that are in at least one of the sets. */
export function union(sets: readonly PermissionSet[]): PermissionSet {
  const [first, ...rest] = sets
  if (first !== undefined && rest.length === 0) return first
  return {
    names: new Set(sets.flatMap(({ names }) => [...names])),
    groups: new Set(sets.flatMap(({ groups }) => [...groups])),
    application: sets.some(({ application }) => application),
  }
}

/** A set as a sorted list: names, groups as `document.*`, and `application` for all permissions of applications. */
export function listPermissions({ names, groups, application }: PermissionSet): readonly string[] {
  return [...names, ...[...groups].map((group) => `${group}.*`), ...(application ? ['application'] : [])].sort()
}

/** The part before the dot. */
export function groupOf(permission: string): string {
  return permission.slice(0, Math.max(permission.indexOf('.'), 0))
}

/** Bounded by the catalogues: one for each assembly. */
const groupsByCatalogue = new WeakMap<Catalogue, ReadonlySet<string>>()

/** The groups of Denizen's own actions. Permissions of applications must not begin with one of these. */
export function groupsOf(catalogue: Catalogue): ReadonlySet<string> {
  const known = groupsByCatalogue.get(catalogue) ?? new Set([...catalogue.keys()].map(groupOf))
  groupsByCatalogue.set(catalogue, known)
  return known
}

export function keyOf(patterns: readonly string[]): string {
  return [...new Set(patterns)].sort().join(' ')
}

function matching(catalogue: Catalogue, pattern: string): readonly string[] {
  if (pattern === '*') return [...catalogue.keys()]
  if (pattern === 'queries') return [...catalogue].filter(([, kind]) => kind === 'query').map(([name]) => name)
  if (pattern.endsWith('.*')) return [...catalogue.keys()].filter((name) => name.startsWith(pattern.slice(0, -1)))
  return catalogue.has(pattern) ? [pattern] : []
}
