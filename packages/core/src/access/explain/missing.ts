import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidOf } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import type { MembershipRole, OrganizationStatus } from '../../organizations/model.ts'
import { organizationRoles, listPermissions, permissionsOf } from '../../grants/index.ts'
import type { Scope } from '../scopes.ts'
import type { SubjectFacts } from '../subjects.ts'
import type { Visibility } from './visibility.ts'
import { whoCanGrant } from './who-can-grant.ts'
import { loadRoleGraph, matchingPattern, patternsIn, type GraphRole } from '../roles/graph.ts'
import type { Missing } from './model.ts'
import { scopeInWords, shownScope } from './names.ts'
import type { ReasonAssignment, ExplainQuestion } from './reasons.ts'

const mostShown = 20

/** What would have to be given, before anybody who could give it is known. */
interface PossibleGrant extends Pick<Missing, 'membership' | 'grant' | 'ends'> {
  /** What the giver has to hold there. */
  readonly patterns: readonly string[]
  readonly brings: number
}

/** How somebody stands to the organization that a place is in. */
export interface OrganizationStanding {
  /** null: the place is in none. */
  readonly status: OrganizationStatus | null
  /** null: they are no member. */
  readonly role: MembershipRole | null
}

/** Whose access it is, who asks, and when. */
interface MissingInput {
  readonly facts: SubjectFacts
  readonly standing: OrganizationStanding
  /** What they have that was not revoked and is not over, whether it counts or not. */
  readonly given: readonly ReasonAssignment[]
  readonly eyes: Visibility
  readonly now: Date
}

/**
 * The smallest grants that would allow it, the smallest first: the first of them is enough. Nothing is given to
 * somebody who may not act at all, nor in an organization that is not active.
 */
export async function missingFor(
  em: SqlEntityManager,
  question: ExplainQuestion,
  { facts, standing, given, eyes, now }: MissingInput,
): Promise<{ readonly missing: Missing[]; readonly hiddenRoles: number }> {
  if (!facts.isActive || (standing.status !== null && standing.status !== 'active')) return { missing: [], hiddenRoles: 0 }
  const { catalogue, scope } = question
  const organization = scope.organizationId === null ? null : uuidOf(scope.organizationId)
  const graph = await loadRoleGraph(em, { home: organization }, now)
  const roles = [...graph.values()].filter(
    (role) => !role.builtIn && matchingPattern(catalogue, patternsIn(graph, role.id), question.permission),
  )
  const seen = roles.filter((role) => (role.organization === null ? eyes.installationRoles : eyes.roles))
  const grants = [
    singlePermission(question, standing),
    ...seen.map((role) => byRole(question, standing, role, patternsIn(graph, role.id))),
    ...builtInRolesFor(question, [...graph.values()], eyes),
  ].flatMap((one) => notYetGranted(one, given, scope, now))
  const wanted = [...memberships(question, standing), ...grants].toSorted((one, other) => one.brings - other.brings)
  const givers = await whoCanGrant(em, catalogue, { place: scope, now, eyes })
  const missing = wanted.slice(0, mostShown).map(({ patterns, ...one }) => {
    const able = { ...one, givers: givers.of(one, patterns) }
    return { ...able, text: inWords(question, able) }
  })
  return { missing, hiddenRoles: roles.length - seen.length }
}

/**
 * What may be given besides what they have: one thing is given once at a place, so the same on other terms has to be
 * ended first, and what they have there on no terms at all would do nothing once more.
 */
function notYetGranted(wanted: PossibleGrant, given: readonly ReasonAssignment[], place: Scope, now: Date): readonly PossibleGrant[] {
  const { role = null, permission = null } = wanted.grant ?? {}
  const there = given.find(
    (one) => isOn(one, place) && (role === null ? one.permission === permission : one.role !== null && role.id === idOf('rol', one.role)),
  )
  if (there === undefined) return [wanted]
  const counts = there.from <= now.getTime() && there.condition === null
  return counts ? [] : [{ ...wanted, ends: idOf('asg', there.id) }]
}

/** Whether it was given to the user, and on that very place. */
function isOn({ team, scope, organization, object }: ReasonAssignment, { kind, organizationId, path }: Scope): boolean {
  if (team !== null || scope !== kind) return false
  if (scope === 'system') return true
  if (scope === 'organization') return organization !== null && organizationId === idOf('org', organization)
  return object !== null && path[0] === idOf(scope === 'team' ? 'team' : 'res', object)
}

/** Roles of members that would do: from the one that they have on. */
function memberships(
  { catalogue, permission, scope: { organizationId } }: ExplainQuestion,
  { role: current }: OrganizationStanding,
): readonly PossibleGrant[] {
  if (organizationId === null) return []
  const higher = current === null ? ranks : ranks.slice(ranks.indexOf(current) + 1)
  return higher.flatMap((role) => {
    const { permissions } = organizationRoles[role]
    if (matchingPattern(catalogue, permissions, permission) === null) return []
    const brings = countOf(catalogue, permissions, permission)
    return [{ membership: { organizationId, role }, grant: null, ends: null, patterns: [], brings }]
  })
}

/** From the one that allows least. */
const ranks: readonly MembershipRole[] = ['member', 'admin', 'owner']

/** Whoever is no member has to become one first. */
function firstMember({ catalogue, permission, scope: { organizationId } }: ExplainQuestion, { role }: OrganizationStanding) {
  if (organizationId === null || role !== null) return { membership: null, extra: 0, more: [] as readonly string[] }
  const more = organizationRoles.member.permissions
  return { membership: { organizationId, role: 'member' as const }, extra: countOf(catalogue, more, permission), more }
}

/** The permission alone, on the place itself. */
function singlePermission(question: ExplainQuestion, standing: OrganizationStanding): PossibleGrant {
  const { membership, extra } = firstMember(question, standing)
  const grant = { role: null, permission: question.permission, on: shownScope(question.scope, question.names) }
  return { membership, grant, ends: null, patterns: [question.permission], brings: extra }
}

function byRole(question: ExplainQuestion, standing: OrganizationStanding, role: GraphRole, patterns: readonly string[]): PossibleGrant {
  const { membership, more } = firstMember(question, standing)
  const shown = { id: idOf('rol', role.id), name: role.name }
  const grant = { role: shown, permission: null, on: shownScope(question.scope, question.names) }
  const brings = countOf(question.catalogue, [...patterns, ...more], question.permission)
  return { membership, grant, ends: null, patterns, brings }
}

/** Built-in roles are given on the whole system only. */
function builtInRolesFor(
  question: ExplainQuestion,
  roles: readonly GraphRole[],
  { installationRoles }: Visibility,
): readonly PossibleGrant[] {
  if (question.scope.kind !== 'system' || !installationRoles) return []
  const able = roles.filter(({ builtIn: is, permissions }) => is && matchingPattern(question.catalogue, permissions, question.permission))
  return able.map((role) => byRole(question, { status: null, role: null }, role, role.permissions))
}

/** How many permissions besides the one that is asked about patterns stand for. */
function countOf(catalogue: Catalogue, patterns: readonly string[], permission: string): number {
  return listPermissions(permissionsOf(catalogue, patterns)).filter((name) => name !== permission).length
}

function inWords({ username, permission }: ExplainQuestion, { membership, grant, ends, brings, givers }: Omit<Missing, 'text'>): string {
  const steps = [
    ...(membership === null ? [] : [`make ${username} ${membership.role} of the organization`]),
    ...(ends === null ? [] : [`end what they have of it on other terms (${ends})`]),
    ...(grant === null ? [] : [`give ${username} ${grant.role?.name ?? permission} on ${scopeInWords(grant.on)}`]),
  ]
  const more = brings === 0 ? '' : ` (brings ${brings} other ${brings === 1 ? 'permission' : 'permissions'})`
  const names = givers.users.map((user) => user.username)
  const others = givers.count - names.length
  const able = [...names, ...(others === 0 ? [] : [`${others} ${names.length === 0 ? '' : 'more'}`.trim()])].join(', ')
  return `${steps.join(', then ')}${more}; ${givers.count === 0 ? 'nobody there could' : `could be done by ${able}`}`
}
