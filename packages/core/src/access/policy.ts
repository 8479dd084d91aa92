import type { Grants } from '../kernel/context.ts'
import type { Id } from '../kernel/id.ts'
import type { ActionKind } from '../kernel/signature.ts'

/** Every action's name and kind: what patterns in roles are read against. */
export type Catalogue = ReadonlyMap<string, ActionKind>

/** What one assignment gives: permissions, everywhere (null) or in one organization. */
export interface Holding {
  readonly organizationId: Id<'org'> | null
  readonly permissions: readonly string[]
}

/** Most subjects hold the same few roles: what was compiled for one serves the others. */
const compiled = new WeakMap<Catalogue, Map<string, Grants>>()
const mostCompiled = 1000

/** Like `compileGrants`, but equal holdings give the same object. */
export function grantsOf(catalogue: Catalogue, holdings: readonly Holding[]): Grants {
  const known = compiled.get(catalogue) ?? new Map<string, Grants>()
  compiled.set(catalogue, known)
  const key = JSON.stringify(holdings)
  const grants = known.get(key) ?? compileGrants(catalogue, holdings)
  if (known.size >= mostCompiled) known.clear()
  known.set(key, grants)
  return grants
}

/**
 * Compiles what a subject holds into sets of names, so that a decision is a look-up.
 * Patterns: a name, `users.*`, `*`, or `queries` (everything that only reads).
 */
function compileGrants(catalogue: Catalogue, holdings: readonly Holding[]): Grants {
  const everywhere = new Set<string>()
  const inOrganization = new Map<Id<'org'>, Set<string>>()
  for (const { organizationId, permissions } of holdings) {
    const names = organizationId === null ? everywhere : setFor(inOrganization, organizationId)
    for (const pattern of permissions) for (const name of matching(catalogue, pattern)) names.add(name)
  }
  return {
    allows: (permission, organizationId) =>
      everywhere.has(permission) || (organizationId !== null && (inOrganization.get(organizationId)?.has(permission) ?? false)),
    allowsEverywhere: (permission) => everywhere.has(permission),
    list: () => [...everywhere].sort(),
  }
}

function matching(catalogue: Catalogue, pattern: string): readonly string[] {
  if (pattern === '*') return [...catalogue.keys()]
  if (pattern === 'queries') return [...catalogue].filter(([, kind]) => kind === 'query').map(([name]) => name)
  if (pattern.endsWith('.*')) return [...catalogue.keys()].filter((name) => name.startsWith(pattern.slice(0, -1)))
  return catalogue.has(pattern) ? [pattern] : []
}

function setFor<Key>(sets: Map<Key, Set<string>>, key: Key): Set<string> {
  const found = sets.get(key) ?? new Set<string>()
  sets.set(key, found)
  return found
}
