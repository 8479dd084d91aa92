import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Grants } from '../../kernel/grants.ts'
import { idOf, type Id } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { type ResolvedAssignment, grantsOf } from '../../grants/index.ts'
import { findResources, type Scope } from '../places.ts'
import { grantsOfSubject, loadSubjects, type SubjectFacts } from '../subjects.ts'
import { teamHoldings, type Holders, type TeamHolding } from './holders.ts'

/** What somebody may do at some time, and where that is more than nothing. */
export interface View {
  readonly grants: Grants
  /** Where all conditions of assignments are met; the same where there are none. */
  readonly atMost: Grants
  readonly places: ReadonlyMap<string, Spot>
}

/** A place by what makes it one; a resource is looked up when it is needed. */
interface Spot {
  readonly organizationId: Id<'org'> | null
  readonly object: string | null
}

/** What users and teams may do now. */
export interface Views {
  readonly users: ReadonlyMap<Id<'usr'>, View>
  readonly teams: ReadonlyMap<Id<'team'>, View>
}

/** As many are read at once. */
const atOnce = 2000

/** Looks at what everybody may do now, in a session that chose nothing. */
export async function viewsOf(em: SqlEntityManager, catalogue: Catalogue, { users, teams }: Holders, now: Date): Promise<Views> {
  const seen = new Map<Id<'usr'>, View>()
  for (let start = 0; start < users.length; start += atOnce) {
    const keys = users.slice(start, start + atOnce).map((userId) => ({ userId, sessionId: null }))
    for (const facts of await loadSubjects(em, keys, now)) seen.set(facts.userId, viewOf(catalogue, facts, now))
  }
  const held = await teamHoldings(em, teams, now)
  return { users: seen, teams: new Map([...held].map(([id, holdings]) => [id, viewOfTeam(catalogue, holdings)])) }
}

function viewOf(catalogue: Catalogue, facts: SubjectFacts, now: Date): View {
  const grants = grantsOfSubject(catalogue, facts, { now, from: null })
  const isConditional = facts.assignments.some(({ condition }) => condition !== null)
  const atMost = isConditional ? grantsOfSubject(catalogue, unconditional(facts), { now, from: null }) : grants
  return { grants, atMost, places: new Map(facts.assignments.map(spotOf).map((spot) => [keyOf(spot), spot])) }
}

/** As if every condition were met. */
export function unconditional(facts: SubjectFacts): SubjectFacts {
  return { ...facts, assignments: facts.assignments.map((assignment) => ({ ...assignment, condition: null })) }
}

function spotOf({ organization, scope, object }: ResolvedAssignment): Spot {
  return {
    organizationId: organization === null ? null : idOf('org', organization),
    object: object === null ? null : idOf(scope === 'team' ? 'team' : 'res', object),
  }
}

function viewOfTeam(catalogue: Catalogue, holdings: readonly TeamHolding[]): View {
  const now = holdings.filter(({ condition }) => condition === null)
  const spots = holdings.map(({ organizationId, scopeId = null }) => ({ organizationId, object: scopeId }))
  return {
    grants: grantsOf(catalogue, now),
    atMost: grantsOf(catalogue, holdings),
    places: new Map(spots.map((spot) => [keyOf(spot), spot])),
  }
}

function keyOf({ organizationId, object }: Spot): string {
  return object ?? organizationId ?? ''
}

/** The places, each with all that it is in, the wider ones first. What was deleted is no place any more. */
export async function placesOf(em: SqlEntityManager, spots: Iterable<Spot>): Promise<ReadonlyMap<string, Scope>> {
  const all = new Map([...spots].map((spot) => [keyOf(spot), spot]))
  const ids = [...all.keys()].filter((key): key is Id<'res'> => key.startsWith('res_'))
  const resources = ids.length === 0 ? new Map<Id<'res'>, Scope>() : await findResources(em, ids)
  const places = [...all].flatMap(([key, { organizationId, object }]): (readonly [string, Scope])[] => {
    if (object === null) return [[key, { kind: organizationId === null ? 'system' : 'organization', organizationId, path: [], owners: [] }]]
    if (!object.startsWith('res_')) return [[key, { kind: 'team', organizationId, path: [object], owners: [] }]]
    const resource = resources.get(object as Id<'res'>)
    return resource === undefined ? [] : [[key, resource]]
  })
  const width = ({ kind, path }: Scope) => (kind === 'system' ? -2 : kind === 'organization' ? -1 : path.length)
  return new Map(places.sort(([one, first], [other, second]) => width(first) - width(second) || (one < other ? -1 : 1)))
}
