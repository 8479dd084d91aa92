import { BoundedCache } from '../kernel/caches.ts'
import type { Grant, Grants } from '../kernel/grants.ts'
import type { Id } from '../kernel/id.ts'
import type { Catalogue } from '../kernel/signature.ts'
import { intersection, coveredBy, union, hasPermission, keyOf, listPermissions, permissionsOf, type PermissionSet } from './permissions.ts'

/** The limits of a credential, whatever its user may do. */
export interface GrantLimits {
  /** The only organization it can be used in; null: all of them, and everywhere. */
  readonly organizationId: Id<'org'> | null
  /** Patterns of permissions; null: all of them. */
  readonly patterns: readonly string[] | null
}

const unlimited: GrantLimits = { organizationId: null, patterns: null }

/** Compiled grants shared by subjects that have the same few roles everywhere, which nearly all do. */
export class SharedGrants extends BoundedCache<Grants> {
  constructor() {
    super('grants', 1000)
  }
}

/**
 * The decision engine. Compiles the grants of a subject into permission sets by scope, so that a decision is a few lookups. A grant
 * everywhere counts in every organization; one in an organization counts for its teams and resources; one on a team or resource
 * counts there and for everything inside. There are no negative grants. Equal sets are shared, and so are the compiled grants of subjects
 * with grants everywhere only.
 */
export function grantsOf(catalogue: Catalogue, grants: readonly Grant[], limits: GrantLimits = unlimited): Grants {
  const { organizationId: only, patterns } = limits
  const places = new Map<string | null, string[]>()
  for (const { organizationId: held, scopeId = null, permissions } of grants) {
    if (only !== null && held !== null && held !== only) continue
    // A token for one organization has its user's grants everywhere in that organization only, and none on resources outside of organizations.
    if (only !== null && held === null && scopeId !== null) continue
    const place = scopeId ?? held ?? only
    places.set(place, [...(places.get(place) ?? []), ...permissions])
  }
  const everywhere = places.get(null) ?? []
  places.delete(null)
  if (places.size > 0 || patterns !== null) return new CompiledGrants(catalogue, everywhere, places, limits)
  const create = () => new CompiledGrants(catalogue, everywhere, places, unlimited)
  return catalogue.caches.of(SharedGrants).getOrCreate(keyOf(everywhere), create)
}

class CompiledGrants implements Grants {
  readonly #catalogue: Catalogue
  readonly #limits: GrantLimits
  readonly #everywhere: PermissionSet
  /** By the id of the organization, team or resource. */
  readonly #places: ReadonlyMap<string, PermissionSet>

  constructor(
    catalogue: Catalogue,
    everywhere: readonly string[],
    places: ReadonlyMap<string | null, readonly string[]>,
    limits: GrantLimits,
  ) {
    const within = limits.patterns === null ? null : permissionsOf(catalogue, limits.patterns)
    const setOf = (patterns: readonly string[]): PermissionSet =>
      within === null ? permissionsOf(catalogue, patterns) : intersection(catalogue, permissionsOf(catalogue, patterns), within)
    this.#catalogue = catalogue
    this.#limits = limits
    this.#everywhere = setOf(everywhere)
    this.#places = new Map([...places].flatMap(([place, patterns]) => (place === null ? [] : ([[place, setOf(patterns)]] as const))))
  }

  get onlyIn(): Id<'org'> | null {
    return this.#limits.organizationId
  }

  allows(permission: string, organizationId: Id<'org'> | null, path: readonly string[] = nowhere): boolean {
    if (hasPermission(this.#everywhere, this.#catalogue, permission)) return true
    if (this.#places.size === 0) return false
    if (organizationId !== null && this.#hasAt(organizationId, permission)) return true
    return path.some((place) => this.#hasAt(place, permission))
  }

  allowsEverywhere(permission: string): boolean {
    return hasPermission(this.#everywhere, this.#catalogue, permission)
  }

  allowsSomewhere(permission: string): boolean {
    return this.allowsEverywhere(permission) || [...this.#places.keys()].some((place) => this.#hasAt(place, permission))
  }

  covers(pattern: string, organizationId: Id<'org'> | null, path: readonly string[] = nowhere): boolean {
    return coveredBy(this.#setsAt(organizationId, path), this.#catalogue, pattern)
  }

  list(organizationId: Id<'org'> | null = null, path: readonly string[] = nowhere): readonly string[] {
    return listPermissions(union(this.#setsAt(organizationId, path)))
  }

  withSameLimits(grants: readonly Grant[]): Grants {
    return grantsOf(this.#catalogue, grants, this.#limits)
  }

  #hasAt(place: string, permission: string): boolean {
    const held = this.#places.get(place)
    return held !== undefined && hasPermission(held, this.#catalogue, permission)
  }

  #setsAt(organizationId: Id<'org'> | null, path: readonly string[]): readonly PermissionSet[] {
    const places = organizationId === null ? path : [organizationId, ...path]
    return [this.#everywhere, ...places.flatMap((place) => this.#places.get(place) ?? [])]
  }
}

const nowhere: readonly string[] = []

/** Grants limited to some permission patterns, for a credential with scopes. */
export function grantsWithin(catalogue: Catalogue, grants: Grants, patterns: readonly string[]): Grants {
  const reach = permissionsOf(catalogue, patterns)
  const reaches = (permission: string) => hasPermission(reach, catalogue, permission)
  return {
    allows: (permission, organizationId, path) => reaches(permission) && grants.allows(permission, organizationId, path),
    allowsEverywhere: (permission) => reaches(permission) && grants.allowsEverywhere(permission),
    allowsSomewhere: (permission) => reaches(permission) && grants.allowsSomewhere(permission),
    covers: (pattern, organizationId, path) => coveredBy([reach], catalogue, pattern) && grants.covers(pattern, organizationId, path),
    list: (organizationId, path) => {
      const held = permissionsOf(catalogue, grants.list(organizationId, path))
      return listPermissions(intersection(catalogue, held, reach))
    },
    onlyIn: grants.onlyIn ?? null,
    withSameLimits: (others) => grantsWithin(catalogue, grants.withSameLimits(others), patterns),
  }
}
