import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Scope } from '../../kernel/decisions.ts'
import type { Grants } from '../../kernel/grants.ts'
import { idOrNull, type Id } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { grantOf, grantsOf, type ResolvedAssignment } from '../../grants/index.ts'
import { FactsReader } from '../facts/reader.ts'
import { loadScopes } from '../facts/scopes.ts'
import { withoutConditions, type SubjectFacts } from '../facts/subjects.ts'
import { grantsOfSubject } from '../subjects.ts'
import type { AffectedSubjects } from './affected.ts'

/** The permissions of a subject, and the scopes where it has any. */
export interface EffectivePermissions {
  readonly grants: Grants
  /** As if all conditions were met; the same object if there are no conditions. */
  readonly unconditional: Grants
  readonly scopes: ReadonlyMap<string, ScopeKey>
}

/** The identity of a scope. */
interface ScopeKey {
  readonly organizationId: Id<'org'> | null
  readonly object: string | null
}

/** Effective permissions of users and teams at one moment. */
export interface PermissionsSnapshot {
  readonly users: ReadonlyMap<Id<'usr'>, EffectivePermissions>
  readonly teams: ReadonlyMap<Id<'team'>, EffectivePermissions>
}

/** Users are loaded in batches of this size. */
const batchSize = 2000

/** Loads the effective permissions of all subjects, without a session. */
export async function takeSnapshot(
  em: SqlEntityManager,
  catalogue: Catalogue,
  { users, teams }: AffectedSubjects,
  now: Date,
): Promise<PermissionsSnapshot> {
  const reader = new FactsReader(em, 'now', now)
  const seen = new Map<Id<'usr'>, EffectivePermissions>()
  for (let start = 0; start < users.length; start += batchSize)
    for (const facts of await reader.users(users.slice(start, start + batchSize)))
      seen.set(facts.userId, permissionsOfUser(catalogue, facts, now))
  const held = await reader.teams(teams)
  return { users: seen, teams: new Map([...held].map(([id, holdings]) => [id, permissionsOfTeam(catalogue, holdings)])) }
}

function permissionsOfUser(catalogue: Catalogue, facts: SubjectFacts, now: Date): EffectivePermissions {
  const grants = grantsOfSubject(catalogue, facts, { now, from: null })
  const isConditional = facts.assignments.some(({ condition }) => condition !== null)
  const unconditional = isConditional ? grantsOfSubject(catalogue, withoutConditions(facts), { now, from: null }) : grants
  return { grants, unconditional, scopes: scopesOf(facts.assignments) }
}

function scopeKeyOf({ organization, scope, object }: ResolvedAssignment): ScopeKey {
  return {
    organizationId: idOrNull('org', organization),
    object: idOrNull(scope === 'team' ? 'team' : 'res', object),
  }
}

function permissionsOfTeam(catalogue: Catalogue, assignments: readonly ResolvedAssignment[]): EffectivePermissions {
  const now = assignments.filter(({ condition }) => condition === null)
  return {
    grants: grantsOf(catalogue, now.map(grantOf)),
    unconditional: grantsOf(catalogue, assignments.map(grantOf)),
    scopes: scopesOf(assignments),
  }
}

function scopesOf(assignments: readonly ResolvedAssignment[]): EffectivePermissions['scopes'] {
  return new Map(assignments.map(scopeKeyOf).map((key) => [keyOf(key), key]))
}

function keyOf({ organizationId, object }: ScopeKey): string {
  return object ?? organizationId ?? ''
}

/** The scopes with their paths, wider ones first. Deleted ones are left out. */
export async function scopesByKey(em: SqlEntityManager, keys: Iterable<ScopeKey>): Promise<ReadonlyMap<string, Scope>> {
  const all = new Map([...keys].map((key) => [keyOf(key), key]))
  const ids = [...all.keys()].filter((key): key is Id<'res'> => key.startsWith('res_'))
  const resources = ids.length === 0 ? new Map<Id<'res'>, Scope>() : await loadScopes(em, ids)
  const scopes = [...all].flatMap(([key, { organizationId, object }]): (readonly [string, Scope])[] => {
    if (object === null) return [[key, { kind: organizationId === null ? 'system' : 'organization', organizationId, path: [], owners: [] }]]
    if (!object.startsWith('res_')) return [[key, { kind: 'team', organizationId, path: [object], owners: [] }]]
    const resource = resources.get(object as Id<'res'>)
    return resource === undefined ? [] : [[key, resource]]
  })
  const width = ({ kind, path }: Scope) => (kind === 'system' ? -2 : kind === 'organization' ? -1 : path.length)
  return new Map(scopes.sort(([one, first], [other, second]) => width(first) - width(second) || (one < other ? -1 : 1)))
}
