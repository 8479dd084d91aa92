import { idOf, uuidOrNull } from '../../kernel/id.ts'
import type { Scope } from '../../kernel/decisions.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import type { MembershipRole, OrganizationStatus } from '../../organizations/model.ts'
import { groupOf, organizationRoles, listPermissions, permissionsOf } from '../../grants/index.ts'
import { counted, mostSimilar } from '../../text/index.ts'
import type { FactsReader } from '../facts/reader.ts'
import { matchingPattern, patternsIn, type GraphRole } from '../facts/roles.ts'
import type { SubjectFacts } from '../facts/subjects.ts'
import type { Visibility } from './visibility.ts'
import { whoCanGrant } from './who-can-grant.ts'
import type { Missing } from './model.ts'
import { describeScope, onScopeInWords } from './describe.ts'
import type { ReasonAssignment, ExplainQuestion } from './reasons.ts'

const mostShown = 20

/** A grant that would allow it, before it is known who could make it. */
interface PossibleGrant extends Pick<Missing, 'membership' | 'grant' | 'ends'> {
  /** The permissions that the granting user must hold there. */
  readonly patterns: readonly string[]
  readonly brings: number
}

/** The subject's relation to the organization of the scope. */
export interface OrganizationStanding {
  /** null: outside of organizations. */
  readonly status: OrganizationStatus | null
  /** null: not a member. */
  readonly role: MembershipRole | null
}

/** The subject, and the caller's visibility. */
interface MissingInput {
  readonly facts: SubjectFacts
  readonly standing: OrganizationStanding
  /** The subject's assignments that are neither revoked nor expired, effective or not. */
  readonly given: readonly ReasonAssignment[]
  readonly visibility: Visibility
}

/** The grants that would allow it, smallest first; one of them is enough. None for an inactive account or in an inactive organization. */
export async function missingFor(
  reader: FactsReader,
  question: ExplainQuestion,
  { facts, standing, given, visibility }: MissingInput,
): Promise<{ readonly missing: Missing[]; readonly hiddenRoles: number; readonly similar: string | null }> {
  if (!facts.isActive || (standing.status !== null && standing.status !== 'active')) return { missing: [], hiddenRoles: 0, similar: null }
  const { catalogue, scope } = question
  const organization = uuidOrNull(scope.organizationId)
  const graph = await reader.roles({ home: organization })
  const custom = [...graph.values()].filter((role) => !role.builtIn)
  const isSeen = (role: GraphRole) => (role.organization === null ? visibility.installationRoles : visibility.roles)
  const roles = custom.filter((role) => matchingPattern(catalogue, patternsIn(graph, role.id), question.permission))
  const seen = roles.filter(isSeen)
  const grants = [
    singlePermission(question, standing),
    ...seen.map((role) => byRole(question, standing, role, patternsIn(graph, role.id))),
    ...builtInRolesFor(question, [...graph.values()], visibility),
  ].flatMap((one) => notYetGranted(one, given, scope, reader.time))
  const wanted = [...memberships(question, standing), ...grants].toSorted((one, other) => one.brings - other.brings)
  const givers = await whoCanGrant(reader, catalogue, { scope, visibility })
  const missing = wanted.slice(0, mostShown).map(({ patterns, ...one }) => {
    const able = { ...one, givers: givers.of(one, patterns) }
    return { ...able, text: inWords(question, able) }
  })
  const similar = roles.length > 0 ? null : similarPermission(question.permission, custom.filter(isSeen))
  return { missing, hiddenRoles: roles.length - seen.length, similar }
}

/** The permission of a role that was probably meant by one that no role has: a slip in its group, or in the rest. */
function similarPermission(permission: string, roles: readonly GraphRole[]): string | null {
  const group = groupOf(permission)
  const [known, rest] = [roles.flatMap(({ permissions }) => permissions), permission.slice(group.length)]
  const meant = mostSimilar(
    rest,
    known.filter((name) => groupOf(name) === group).map((name) => name.slice(group.length)),
  )
  if (meant !== null) return `${group}${meant}`
  const groups = known.map(groupOf).filter((name) => known.includes(`${name}${rest}`))
  const other = mostSimilar(group, groups)
  return other === null ? null : `${other}${rest}`
}

/**
 * Skips what the subject already has there unconditionally. Since a role can be assigned only once in a scope, an assignment on other
 * terms has to be ended first.
 */
function notYetGranted(wanted: PossibleGrant, given: readonly ReasonAssignment[], scope: Scope, now: Date): readonly PossibleGrant[] {
  const { role = null, permission = null } = wanted.grant ?? {}
  const there = given.find(
    (one) => isOn(one, scope) && (role === null ? one.permission === permission : one.role !== null && role.id === idOf('rol', one.role)),
  )
  if (there === undefined) return [wanted]
  const counts = there.from <= now.getTime() && there.condition === null
  return counts ? [] : [{ ...wanted, ends: idOf('asg', there.id) }]
}

/** Whether it was assigned to the user directly, with exactly this scope. */
function isOn({ team, scope, organization, object }: ReasonAssignment, { kind, organizationId, path }: Scope): boolean {
  if (team !== null || scope !== kind) return false
  if (scope === 'system') return true
  if (scope === 'organization') return organization !== null && organizationId === idOf('org', organization)
  return object !== null && path[0] === idOf(scope === 'team' ? 'team' : 'res', object)
}

/** Membership roles above the current one that would be enough. */
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

/** From the weakest to the strongest. */
const ranks: readonly MembershipRole[] = ['member', 'admin', 'owner']

/** Users who are not a member have to become one first. */
function firstMember({ catalogue, permission, scope: { organizationId } }: ExplainQuestion, { role }: OrganizationStanding) {
  if (organizationId === null || role !== null) return { membership: null, extra: 0, more: [] as readonly string[] }
  const more = organizationRoles.member.permissions
  return { membership: { organizationId, role: 'member' as const }, extra: countOf(catalogue, more, permission), more }
}

/** The single permission, in the scope itself. */
function singlePermission(question: ExplainQuestion, standing: OrganizationStanding): PossibleGrant {
  const { membership, extra } = firstMember(question, standing)
  const grant = { role: null, permission: question.permission, on: describeScope(question.scope, question.names) }
  return { membership, grant, ends: null, patterns: [question.permission], brings: extra }
}

function byRole(question: ExplainQuestion, standing: OrganizationStanding, role: GraphRole, patterns: readonly string[]): PossibleGrant {
  const { membership, more } = firstMember(question, standing)
  const shown = { id: idOf('rol', role.id), name: role.name }
  const grant = { role: shown, permission: null, on: describeScope(question.scope, question.names) }
  const brings = countOf(question.catalogue, [...patterns, ...more], question.permission)
  return { membership, grant, ends: null, patterns, brings }
}

/** Built-in roles are only ever assigned everywhere. */
function builtInRolesFor(
  question: ExplainQuestion,
  roles: readonly GraphRole[],
  { installationRoles }: Visibility,
): readonly PossibleGrant[] {
  if (question.scope.kind !== 'system' || !installationRoles) return []
  const able = roles.filter(({ builtIn: is, permissions }) => is && matchingPattern(question.catalogue, permissions, question.permission))
  return able.map((role) => byRole(question, { status: null, role: null }, role, role.permissions))
}

/** How many other permissions the patterns include. */
function countOf(catalogue: Catalogue, patterns: readonly string[], permission: string): number {
  return listPermissions(permissionsOf(catalogue, patterns)).filter((name) => name !== permission).length
}

function inWords({ username, permission }: ExplainQuestion, { membership, grant, ends, brings, givers }: Omit<Missing, 'text'>): string {
  const steps = [
    ...(membership === null ? [] : [`make ${username} ${membership.role} of the organization`]),
    ...(ends === null ? [] : [`revoke what they have of it for another time (${ends})`]),
    ...(grant === null ? [] : [`give ${username} ${grant.role?.name ?? permission} ${onScopeInWords(grant.on)}`]),
  ]
  const more = brings === 0 ? '' : ` (grants ${counted(brings, 'other permission')})`
  const names = givers.users.map((user) => user.username)
  const others = givers.count - names.length
  const able = [...names, ...(others === 0 ? [] : [`${others} ${names.length > 0 ? 'more' : others === 1 ? 'user' : 'users'}`])].join(', ')
  return `${steps.join(', then ')}${more}; ${givers.count === 0 ? 'nobody there could' : `could be done by ${able}`}`
}
