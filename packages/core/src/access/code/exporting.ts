import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Id } from '../../kernel/id.ts'
import type { AccessDocument, DocumentAssignment } from './document.ts'
import { existingHome } from './reading.ts'
import {
  commonRoles,
  standingAssignments,
  standingExclusions,
  standingRoles,
  type Home,
  type StandingAssignment,
  type StandingRole,
} from './standing.ts'

/** What stands, as a document that changes nothing when it is applied. */
export async function exported(em: SqlEntityManager, organizationId: Id<'org'> | undefined, now: Date): Promise<AccessDocument> {
  const home = await existingHome(em, organizationId)
  const roles = await standingRoles(em, home)
  const called = namesFor(roles, await commonRoles(em, home))
  const exclusions = await standingExclusions(em, home)
  const assignments = await standingAssignments(em, home, null, now)
  return {
    version: 1,
    ...(home.slug !== null && { organization: home.slug }),
    manage: [],
    roles: Object.fromEntries(roles.map((role) => [role.name, roleOf(role, called)])),
    exclusions: Object.fromEntries(
      exclusions.map(({ name, kind, cardinality, roles: members }) => [name, { kind, cardinality, roles: members.map(called).sort() }]),
    ),
    assignments: inOrder(
      assignments.filter(({ provided }) => !provided).map((assignment) => assignmentOf(assignment, { home, called, now })),
    ),
    tests: [],
  }
}

/** What roles are called in the document; one of the installation by its id where the organization has another of its name. */
function namesFor(
  roles: readonly StandingRole[],
  common: readonly { readonly id: string; readonly name: string }[],
): (id: string) => string {
  const own = new Set(roles.map(({ name }) => name))
  const names = new Map<string, string>(common.map(({ id, name }) => [id, own.has(name) ? id : name]))
  for (const { id, name } of roles) names.set(id, name)
  return (id) => names.get(id) ?? id
}

function roleOf({ description, permissions, includes }: StandingRole, called: (id: string) => string): AccessDocument['roles'][string] {
  return { description, permissions: [...permissions], includes: includes.map(called).sort() }
}

function assignmentOf(
  { subject, role, permission, on, resource, from, until, when }: StandingAssignment,
  { home, called, now }: { readonly home: Home; readonly called: (id: string) => string; readonly now: Date },
): DocumentAssignment {
  return {
    ...(subject.kind === 'user' ? { user: subject.name } : { team: subject.name }),
    ...(role === null ? { permission: permission ?? '' } : { role: called(role.id) }),
    ...placeOf(on, resource, home),
    ...(from > now.getTime() && { from: new Date(from).toISOString() }),
    ...(until !== null && { until: new Date(until).toISOString() }),
    ...(when !== null && { when }),
  }
}

/** By what they say: the ids behind them would order them otherwise after they were ended and given again. */
function inOrder(assignments: readonly DocumentAssignment[]): DocumentAssignment[] {
  const keyed = assignments.map((assignment) => ({ assignment, key: JSON.stringify(assignment) }))
  return keyed.sort((one, other) => (one.key < other.key ? -1 : 1)).map(({ assignment }) => assignment)
}

function placeOf(
  { kind, resourceId, name }: StandingAssignment['on'],
  resource: StandingAssignment['resource'],
  { organizationId }: Home,
): Pick<DocumentAssignment, 'on'> {
  if (organizationId === null || kind === 'organization') return {}
  return kind === 'team' ? { on: { team: name ?? '' } } : { on: { resource: resource ?? resourceId ?? '' } }
}
