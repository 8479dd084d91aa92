import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Grants } from '../../kernel/grants.ts'
import { idOf, type Id } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { type ResolvedAssignment, grantsOf } from '../../grants/index.ts'
import { findResources, type Scope } from '../scopes.ts'
import { grantsOfSubject, loadSubjects, type SubjectFacts } from '../subjects.ts'
import { loadTeamGrants, type AffectedSubjects, type TeamGrant } from './affected.ts'

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
  const seen = new Map<Id<'usr'>, EffectivePermissions>()
  for (let start = 0; start < users.length; start += batchSize) {
    const keys = users.slice(start, start + batchSize).map((userId) => ({ userId, sessionId: null }))
    for (const facts of await loadSubjects(em, keys, now)) seen.set(facts.userId, permissionsOfUser(catalogue, facts, now))
  }
  const held = await loadTeamGrants(em, teams, now)
  return { users: seen, teams: new Map([...held].map(([id, holdings]) => [id, permissionsOfTeam(catalogue, holdings)])) }
}

function permissionsOfUser(catalogue: Catalogue, facts: SubjectFacts, now: Date): EffectivePermissions {
  const grants = grantsOfSubject(catalogue, facts, { now, from: null })
  const isConditional = facts.assignments.some(({ condition }) => condition !== null)
  const unconditional = isConditional ? grantsOfSubject(catalogue, withoutConditions(facts), { now, from: null }) : grants
  return { grants, unconditional, scopes: new Map(facts.assignments.map(scopeKeyOf).map((key) => [keyOf(key), key])) }
}

/** The same subject as if every condition were met. */
export function withoutConditions(facts: SubjectFacts): SubjectFacts {
  return { ...facts, assignments: facts.assignments.map((assignment) => ({ ...assignment, condition: null })) }
}

function scopeKeyOf({ organization, scope, object }: ResolvedAssignment): ScopeKey {
  return {
    organizationId: organization === null ? null : idOf('org', organization),
    object: object === null ? null : idOf(scope === 'team' ? 'team' : 'res', object),
  }
}

function permissionsOfTeam(catalogue: Catalogue, holdings: readonly TeamGrant[]): EffectivePermissions {
  const now = holdings.filter(({ condition }) => condition === null)
  const keys = holdings.map(({ organizationId, scopeId = null }) => ({ organizationId, object: scopeId }))
  return {
    grants: grantsOf(catalogue, now),
    unconditional: grantsOf(catalogue, holdings),
    scopes: new Map(keys.map((key) => [keyOf(key), key])),
  }
}

function keyOf({ organizationId, object }: ScopeKey): string {
  return object ?? organizationId ?? ''
}

/** The scopes with their paths, wider ones first. Deleted ones are left out. */
export async function loadScopes(em: SqlEntityManager, keys: Iterable<ScopeKey>): Promise<ReadonlyMap<string, Scope>> {
  const all = new Map([...keys].map((key) => [keyOf(key), key]))
  const ids = [...all.keys()].filter((key): key is Id<'res'> => key.startsWith('res_'))
  const resources = ids.length === 0 ? new Map<Id<'res'>, Scope>() : await findResources(em, ids)
  const scopes = [...all].flatMap(([key, { organizationId, object }]): (readonly [string, Scope])[] => {
    if (object === null) return [[key, { kind: organizationId === null ? 'system' : 'organization', organizationId, path: [], owners: [] }]]
    if (!object.startsWith('res_')) return [[key, { kind: 'team', organizationId, path: [object], owners: [] }]]
    const resource = resources.get(object as Id<'res'>)
    return resource === undefined ? [] : [[key, resource]]
  })
  const width = ({ kind, path }: Scope) => (kind === 'system' ? -2 : kind === 'organization' ? -1 : path.length)
  return new Map(scopes.sort(([one, first], [other, second]) => width(first) - width(second) || (one < other ? -1 : 1)))
}
