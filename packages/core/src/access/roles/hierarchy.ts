import type { RoleId } from '../model.ts'

/** Own permissions of a role. */
export const mostPermissions = 200
/** Directly included roles of a role. */
export const mostIncluded = 100
/** Roles that a role includes, directly or through others. All of them are loaded for everybody who has the role. */
export const mostInAll = 200
/** Levels of the hierarchy. */
export const mostLevels = 20

/** The directly included roles, by role. */
export type Inclusions = ReadonlyMap<RoleId, readonly RoleId[]>

/** The cycle that a role would be part of if it included these: from the role back to itself. null: there would be none. */
export function cycleOf(inclusions: Inclusions, role: RoleId, includes: readonly RoleId[]): readonly RoleId[] | null {
  const seen = new Set<RoleId>()
  const wayFrom = (id: RoleId): readonly RoleId[] | null => {
    if (id === role) return [id]
    if (seen.has(id)) return null
    seen.add(id)
    for (const next of inclusions.get(id) ?? []) {
      const rest = wayFrom(next)
      if (rest !== null) return [id, ...rest]
    }
    return null
  }
  for (const id of includes) {
    const way = wayFrom(id)
    if (way !== null) return [role, ...way]
  }
  return null
}

/** The length of the longest chain of inclusions through a role. There must be no cycle. */
export function levelsThrough(inclusions: Inclusions, role: RoleId): number {
  return longest(inclusions, role) + longest(inverted(inclusions), role) - 1
}

function longest(inclusions: Inclusions, role: RoleId): number {
  const known = new Map<RoleId, number>()
  const lengthOf = (id: RoleId): number => {
    const before = known.get(id)
    if (before !== undefined) return before
    const length = 1 + Math.max(0, ...(inclusions.get(id) ?? []).map(lengthOf))
    known.set(id, length)
    return length
  }
  return lengthOf(role)
}

function inverted(inclusions: Inclusions): Inclusions {
  const includedBy = new Map<RoleId, RoleId[]>()
  for (const [role, included] of inclusions) for (const id of included) includedBy.set(id, [...(includedBy.get(id) ?? []), role])
  return includedBy
}
