import type { Catalogue } from '../../kernel/signature.ts'
import { idOf, type Id } from '../../kernel/id.ts'
import type { MembershipRole } from '../../organizations/model.ts'
import { organizationRoles, ownerPermissions, type ResolvedAssignment } from '../../grants/index.ts'
import type { Condition } from '../../grants/model.ts'
import type { Scope } from '../../kernel/decisions.ts'
import { matchingPattern, pathTo, type RoleGraph } from '../facts/roles.ts'
import type { Reason, RoleDescription } from './model.ts'
import type { Names } from '../facts/names.ts'
import { onScopeInWords, scopeInWords, describeScope, describeAssignmentScope } from './describe.ts'
import { patternInWords, timeInWords } from '../../text/index.ts'

/** The question, and the data to answer it with. */
export interface ExplainQuestion {
  readonly catalogue: Catalogue
  readonly userId: Id<'usr'>
  readonly username: string
  readonly permission: string
  readonly scope: Scope
  readonly graph: RoleGraph
  readonly names: Names
}

/** The fields of an assignment that a reason is made from. */
export type ReasonAssignment = Pick<
  ResolvedAssignment,
  'id' | 'role' | 'permission' | 'team' | 'scope' | 'organization' | 'object' | 'from' | 'until' | 'condition'
>

/** How an assignment gives the permission in the scope; null: it does not. */
export function reasonOf(question: ExplainQuestion, assignment: ReasonAssignment): Reason | null {
  const { catalogue, permission, graph, names, userId, username } = question
  if (!reaches(assignment, question.scope)) return null
  const path = rolePathOf(assignment, graph, catalogue, permission)
  if (path === null) return null
  const scope = describeAssignmentScope(assignment, names)
  const subject =
    assignment.team === null
      ? ({ kind: 'user', id: userId, name: username } as const)
      : ({ kind: 'team', id: idOf('team', assignment.team), name: names.get(assignment.team) ?? 'without a name' } as const)
  return {
    via: 'assignment',
    subject,
    ...path,
    scope,
    assignmentId: idOf('asg', assignment.id),
    validFrom: new Date(assignment.from),
    validUntil: assignment.until === null ? null : new Date(assignment.until),
    condition: assignment.condition,
    hidden: false,
    text: `${subjectInWords(username, subject)} ${roleInWords(path)} ${onScopeInWords(scope)}${rolePathInWords(path)}${termsInWords(assignment)}`,
  }
}

/** Whether an assignment's scope includes the target. */
export function reaches({ scope, organization, object }: ReasonAssignment, target: Scope): boolean {
  if (scope === 'system') return true
  if (scope === 'organization') return organization !== null && target.organizationId === idOf('org', organization)
  return object !== null && target.path.includes(idOf(scope === 'team' ? 'team' : 'res', object))
}

interface RolePath {
  readonly roles: RoleDescription[]
  readonly pattern: string
}

function rolePathOf(
  { role, permission: single }: ReasonAssignment,
  graph: RoleGraph,
  catalogue: Catalogue,
  permission: string,
): RolePath | null {
  if (role === null) {
    const pattern = matchingPattern(catalogue, single === null ? [] : [single], permission)
    return pattern === null ? null : { roles: [], pattern }
  }
  const path = pathTo(graph, role, catalogue, permission)
  return path === null ? null : { roles: path.roles.map(({ id, name }) => ({ id: idOf('rol', id), name })), pattern: path.pattern }
}

/** How a membership gives the permission in the scope; null: it does not. */
export function reasonOfMembership(question: ExplainQuestion, organizationId: Id<'org'>, role: MembershipRole): Reason | null {
  const { catalogue, permission, names, username } = question
  if (question.scope.organizationId !== organizationId) return null
  const pattern = matchingPattern(catalogue, organizationRoles[role].permissions, permission)
  if (pattern === null) return null
  const scope = describeScope({ kind: 'organization', organizationId, path: [], owners: [] }, names)
  const path = { roles: [{ id: null, name: role }], pattern }
  const text = `${username} ${roleInWords(path)} of ${scopeInWords(scope)}${rolePathInWords(path)}`
  return { ...bareReason(question), ...path, via: 'membership', scope, text }
}

/** How ownership gives the permission; null: owners do not have it. */
export function reasonOfOwnership(question: ExplainQuestion): Reason | null {
  const { catalogue, permission, names, username } = question
  const pattern = matchingPattern(catalogue, ownerPermissions, permission)
  if (pattern === null) return null
  const scope = describeScope(question.scope, names)
  const text = `${username} owns ${scopeInWords(scope)}, or something that it is in, and owners have ${patternInWords(pattern)}`
  return { ...bareReason(question), roles: [], pattern, via: 'ownership', scope, text }
}

/** A reason that no assignment is behind. */
function bareReason({ userId, username }: ExplainQuestion): Omit<Reason, 'via' | 'roles' | 'pattern' | 'scope' | 'text'> {
  const subject = { kind: 'user' as const, id: userId, name: username }
  return { subject, assignmentId: null, validFrom: null, validUntil: null, condition: null, hidden: false }
}

/** A reason whose details the caller may not see. */
export function hiddenReason(question: ExplainQuestion): Reason {
  const text = `${question.username} holds it everywhere, by what you may not look into`
  const scope = { kind: 'system' as const, id: null, name: 'everywhere' }
  return { ...bareReason(question), via: 'assignment', roles: [], pattern: null, scope, hidden: true, text }
}

function subjectInWords(username: string, { kind, name }: Reason['subject']): string {
  return kind === 'user' ? username : `${username} sits in the team ${name}, which`
}

function roleInWords({ roles, pattern }: RolePath): string {
  const [first] = roles
  return first === undefined ? `has ${patternInWords(pattern)}` : `is ${first.name}`
}

/** From the assigned role to the one that has the permission. */
function rolePathInWords({ roles, pattern }: RolePath): string {
  const [, ...included] = roles
  if (roles.length === 0) return ''
  return `${included.map(({ name }) => `, which includes ${name}`).join('')}, which has ${patternInWords(pattern)}`
}

function termsInWords({ until, condition }: ReasonAssignment): string {
  const end = until === null ? '' : `, until ${timeInWords(new Date(until))}`
  return condition === null ? end : `${end}, ${conditionInWords(condition)}`
}

function conditionInWords({ assurance, networks }: Condition): string {
  const parts = [
    ...(assurance === undefined ? [] : ['in a session with a second factor']),
    ...(networks === undefined ? [] : [`from ${networks.join(', ')}`]),
  ]
  return `only ${parts.join(' and ')}`
}
