import type { Settings } from '../kernel/settings.ts'
import { idOf } from '../kernel/id.ts'
import { limitName, type EffectiveLimit, type LimitName, type Limits, type PolicyId } from './model.ts'
import { limitsFromSettings } from './settings.ts'

/** Why a policy applies, in the order of precedence. */
const sources = ['user', 'organization', 'default'] as const

/** A policy that applies, as the statements below select it. */
interface PolicyRecord {
  readonly id: string
  readonly name: string
  readonly rank: number
  readonly limits: Limits
}

/** A policy that applies, and why. */
export interface ApplicablePolicy {
  readonly id: PolicyId
  readonly name: string
  readonly from: (typeof sources)[number]
  readonly limits: Limits
}

/** Parses policies from the statements below, in the order of precedence. */
export function policiesIn(json: string | null): readonly ApplicablePolicy[] {
  if (json === null) return none
  return (JSON.parse(json) as PolicyRecord[]).map(({ id, name, rank, limits }) => ({
    id: idOf('pol', id),
    name,
    from: sources[rank] ?? 'default',
    limits,
  }))
}

const none: readonly ApplicablePolicy[] = []
const unlimited: Readonly<Limits> = {}

/** Combines policies: each limit comes from the first policy that sets it. */
export function combineLimits(policies: readonly ApplicablePolicy[]): Limits {
  if (policies.length === 0) return unlimited
  return policies.reduceRight<Limits>((combined, { limits }) => ({ ...combined, ...limits }), {})
}

/** The limits after a change; null: unchanged. */
export function changedLimits(before: Limits, patch: Limits, remove: readonly LimitName[]): Limits | null {
  const kept = Object.entries(before).filter(([name]) => !remove.some((removed) => removed === name))
  const given = Object.entries(patch).filter(([, value]) => value !== undefined)
  const after = Object.fromEntries([...kept, ...given]) as Limits
  const isSame = limitName.options.every((name) => JSON.stringify(before[name]) === JSON.stringify(after[name]))
  return isSame ? null : after
}

/** All effective limits, and the policy each comes from. */
export function effectiveLimits(policies: readonly ApplicablePolicy[], settings: Settings): readonly EffectiveLimit[] {
  const otherwise = limitsFromSettings(settings)
  return limitName.options.map((limit) => {
    const policy = policies.find(({ limits }) => limits[limit] !== undefined)
    const value = policy === undefined ? otherwise[limit] : policy.limits[limit]
    return { limit, value: value ?? null, source: policy?.from ?? 'settings', policy: policy?.name ?? null }
  })
}

/** Stands for the default policy, whichever it is: everybody's limits may come from it. */
export const anyDefaultPolicy: PolicyId = 'pol_00000000000000000000000000'

/** The invalidation keys of limits from these policies: each of them, and the default. */
export function dependenciesOn(policies: readonly ApplicablePolicy[]): readonly PolicyId[] {
  return policies.length === 0 ? onDefault : [...policies.map(({ id }) => id), anyDefaultPolicy]
}

const onDefault: readonly PolicyId[] = [anyDefaultPolicy]

const policyJson = `json_build_object('id', x.id, 'name', x.name, 'rank', x.rank, 'limits', x.limits)`
const defaults = `select 2 as rank, p.id, p.name, p.limits from resource_policies p where p.is_default`

/**
 * SQL for the policies that apply to a user `u`, as a JSON array: the user's own, the home organization's, the default. An index serves
 * each.
 */
export const policiesOfUser = `(select json_agg(${policyJson} order by x.rank) from (
  select 0 as rank, p.id, p.name, p.limits from resource_policies p where p.name = u.resource_policy
  union all select 1, p.id, p.name, p.limits from organizations h join resource_policies p on p.name = h.resource_policy
    where h.id = u.home_organization_id
  union all ${defaults}) x)`

/** SQL for the policies that apply to an organization `o`. */
export const policiesOfOrganization = `(select json_agg(${policyJson} order by x.rank) from (
  select 1 as rank, p.id, p.name, p.limits from resource_policies p where p.name = o.resource_policy
  union all ${defaults}) x)`
