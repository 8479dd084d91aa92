import type { Grants } from '../kernel/context.ts'
import type { Id } from '../kernel/id.ts'
import type { Holding } from '../kernel/rule.ts'
import type { ActionKind } from '../kernel/signature.ts'

/** Every action's name and kind: what patterns in roles are read against. */
export type Catalogue = ReadonlyMap<string, ActionKind>

/** What patterns stand for, worked out once: most subjects hold the same few roles. */
const compiled = new WeakMap<Catalogue, { readonly names: Map<string, ReadonlySet<string>>; readonly grants: Map<string, Grants> }>()
const mostCompiled = 1000

/**
 * Compiles what a subject holds into sets of names, so that a decision is a look-up.
 * Patterns: a name, `users.*`, `*`, or `queries` (everything that only reads).
 * Equal sets are shared, and so is the whole of a subject that holds nothing in any organization.
 */
export function grantsOf(catalogue: Catalogue, holdings: readonly Holding[], limits: GrantLimits = noLimits): Grants {
  const { organizationId: only, patterns } = limits
  const scopes = new Map<Id<'org'> | null, string[]>()
  for (const { organizationId: held, permissions } of holdings) {
    if (only !== null && held !== null && held !== only) continue
    const organizationId = held ?? only
    scopes.set(organizationId, [...(scopes.get(organizationId) ?? []), ...permissions])
  }
  const everywhere = scopes.get(null) ?? []
  scopes.delete(null)
  const { grants } = memoryOf(catalogue)
  if (scopes.size > 0 || patterns !== null) return new CompiledGrants(catalogue, everywhere, scopes, patterns)
  return remembered(grants, keyOf(everywhere), () => new CompiledGrants(catalogue, everywhere, scopes, null))
}

/** What a credential is limited to, whatever its user may do. */
export interface GrantLimits {
  /** The one organization that it acts in; null: every one, and the whole system. */
  readonly organizationId: Id<'org'> | null
  /** Patterns of permissions; null: all of them. */
  readonly patterns: readonly string[] | null
}

const noLimits: GrantLimits = { organizationId: null, patterns: null }

class CompiledGrants implements Grants {
  readonly #catalogue: Catalogue
  readonly #everywhere: ReadonlySet<string>
  readonly #inOrganization: ReadonlyMap<Id<'org'>, ReadonlySet<string>>

  constructor(
    catalogue: Catalogue,
    everywhere: readonly string[],
    scopes: ReadonlyMap<Id<'org'> | null, readonly string[]>,
    limits: readonly string[] | null,
  ) {
    const within = limits === null ? null : namesOf(catalogue, limits)
    const names = (patterns: readonly string[]): ReadonlySet<string> =>
      within === null ? namesOf(catalogue, patterns) : new Set([...namesOf(catalogue, patterns)].filter((name) => within.has(name)))
    this.#catalogue = catalogue
    this.#everywhere = names(everywhere)
    this.#inOrganization = new Map(
      [...scopes].flatMap(([organizationId, patterns]) => (organizationId === null ? [] : ([[organizationId, names(patterns)]] as const))),
    )
  }

  allows(permission: string, organizationId: Id<'org'> | null): boolean {
    if (this.#everywhere.has(permission)) return true
    return organizationId !== null && (this.#inOrganization.get(organizationId)?.has(permission) ?? false)
  }

  allowsEverywhere(permission: string): boolean {
    return this.#everywhere.has(permission)
  }

  covers(pattern: string, organizationId: Id<'org'> | null): boolean {
    return [...namesOf(this.#catalogue, [pattern])].every((name) => this.allows(name, organizationId))
  }

  list(): readonly string[] {
    return [...this.#everywhere].sort()
  }
}

/** What is left of grants for a credential that reaches only some actions. */
export function grantsWithin(catalogue: Catalogue, grants: Grants, reach: ReadonlySet<string>): Grants {
  const allows: Grants['allows'] = (permission, organizationId) => reach.has(permission) && grants.allows(permission, organizationId)
  return {
    allows,
    allowsEverywhere: (permission) => reach.has(permission) && grants.allowsEverywhere(permission),
    covers: (pattern, organizationId) => [...namesOf(catalogue, [pattern])].every((name) => allows(name, organizationId)),
    list: () => grants.list().filter((name) => reach.has(name)),
  }
}

/** Every action that one of the patterns stands for. */
export function namesOf(catalogue: Catalogue, patterns: readonly string[]): ReadonlySet<string> {
  const { names } = memoryOf(catalogue)
  return remembered(names, keyOf(patterns), () => new Set(patterns.flatMap((pattern) => matching(catalogue, pattern))))
}

function keyOf(patterns: readonly string[]): string {
  return [...new Set(patterns)].sort().join(' ')
}

function memoryOf(catalogue: Catalogue) {
  const known = compiled.get(catalogue) ?? { names: new Map<string, ReadonlySet<string>>(), grants: new Map<string, Grants>() }
  compiled.set(catalogue, known)
  return known
}

function remembered<Value>(memory: Map<string, Value>, key: string, make: () => Value): Value {
  const found = memory.get(key) ?? make()
  if (memory.size >= mostCompiled) memory.clear()
  memory.set(key, found)
  return found
}

function matching(catalogue: Catalogue, pattern: string): readonly string[] {
  if (pattern === '*') return [...catalogue.keys()]
  if (pattern === 'queries') return [...catalogue].filter(([, kind]) => kind === 'query').map(([name]) => name)
  if (pattern.endsWith('.*')) return [...catalogue.keys()].filter((name) => name.startsWith(pattern.slice(0, -1)))
  return catalogue.has(pattern) ? [pattern] : []
}
