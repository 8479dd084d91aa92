import type { Limits } from '../policies/index.ts'

/** How many resources of a type an owner may have; null: unlimited. */
export function mostOfType({ maxResourcesPerType: most = null }: Limits, type: string): number | null {
  if (most === null || typeof most === 'number') return most
  return Object.hasOwn(most, type) ? (most[type] ?? null) : null
}

/** Counts by type. */
export function countByType(resources: readonly { readonly type: string }[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { type } of resources) counts.set(type, (counts.get(type) ?? 0) + 1)
  return counts
}
