import type { Catalogue } from '../../kernel/signature.ts'
import { idOf, type Id } from '../../kernel/id.ts'
import type { MembershipRole } from '../../organizations/model.ts'
import { organizationRoles, ownerPermissions, type ResolvedAssignment } from '../../grants/index.ts'
import type { Condition } from '../../grants/model.ts'
import type { Scope } from '../places.ts'
import { matchingPattern, pathTo, type RoleGraph } from './graph.ts'
import type { Reason, RoleShown } from './model.ts'
import { placeInWords, shownPlace, shownScope, timeInWords, type Names } from './names.ts'

/** What is asked, and what there is to answer it by. */
export interface Question {
  readonly catalogue: Catalogue
  readonly userId: Id<'usr'>
  readonly username: string
  readonly permission: string
  readonly place: Scope
  readonly graph: RoleGraph
  readonly names: Names
}

/** What of an assignment a reason is made of. */
export type Given = Pick<
  ResolvedAssignment,
  'id' | 'role' | 'permission' | 'team' | 'scope' | 'organization' | 'object' | 'from' | 'until' | 'condition'
>

/** How an assignment comes to the permission there; null: it does not stand for it, or is somewhere else. */
export function reasonOf(question: Question, given: Given): Reason | null {
  const { catalogue, permission, graph, names, userId, username } = question
  if (!reaches(given, question.place)) return null
  const path = wayOf(given, graph, catalogue, permission)
  if (path === null) return null
  const scope = shownScope(given, names)
  const subject =
    given.team === null
      ? ({ kind: 'user', id: userId, name: username } as const)
      : ({ kind: 'team', id: idOf('team', given.team), name: names.get(given.team) ?? 'without a name' } as const)
  return {
    via: 'assignment',
    subject,
    ...path,
    scope,
    assignmentId: idOf('asg', given.id),
    validFrom: new Date(given.from),
    validUntil: given.until === null ? null : new Date(given.until),
    condition: given.condition,
    hidden: false,
    text: `${subjectInWords(username, subject)} ${heldInWords(path)} on ${placeInWords(scope)}${wayInWords(path)}${termsInWords(given)}`,
  }
}

/** What an assignment is on counts there, and for all that is inside. */
export function reaches({ scope, organization, object }: Given, place: Scope): boolean {
  if (scope === 'system') return true
  if (scope === 'organization') return organization !== null && place.organizationId === idOf('org', organization)
  return object !== null && place.path.includes(idOf(scope === 'team' ? 'team' : 'res', object))
}

interface Way {
  readonly roles: RoleShown[]
  readonly pattern: string
}

function wayOf({ role, permission: single }: Given, graph: RoleGraph, catalogue: Catalogue, permission: string): Way | null {
  if (role === null) {
    const pattern = matchingPattern(catalogue, single === null ? [] : [single], permission)
    return pattern === null ? null : { roles: [], pattern }
  }
  const path = pathTo(graph, role, catalogue, permission)
  return path === null ? null : { roles: path.roles.map(({ id, name }) => ({ id: idOf('rol', id), name })), pattern: path.pattern }
}

/** How a membership comes to the permission there; null: it does not. */
export function reasonOfMembership(question: Question, organizationId: Id<'org'>, role: MembershipRole): Reason | null {
  const { catalogue, permission, names, username, place } = question
  if (place.organizationId !== organizationId) return null
  const pattern = matchingPattern(catalogue, organizationRoles[role].permissions, permission)
  if (pattern === null) return null
  const scope = shownPlace({ kind: 'organization', organizationId, path: [], owners: [] }, names)
  const way = { roles: [{ id: null, name: role }], pattern }
  const text = `${username} ${heldInWords(way)} of ${placeInWords(scope)}${wayInWords(way)}`
  return { ...plain(question), ...way, via: 'membership', scope, text }
}

/** How owning the thing, or what it is in, comes to the permission; null: owners may not do it. */
export function reasonOfOwnership(question: Question): Reason | null {
  const { catalogue, permission, names, username, place } = question
  const pattern = matchingPattern(catalogue, ownerPermissions, permission)
  if (pattern === null) return null
  const scope = shownPlace(place, names)
  const text = `${username} owns ${placeInWords(scope)}, or something that it is in, and owners have ${pattern}`
  return { ...plain(question), roles: [], pattern, via: 'ownership', scope, text }
}

/** A reason that was not given by anybody. */
function plain({ userId, username }: Question): Omit<Reason, 'via' | 'roles' | 'pattern' | 'scope' | 'text'> {
  const subject = { kind: 'user' as const, id: userId, name: username }
  return { subject, assignmentId: null, validFrom: null, validUntil: null, condition: null, hidden: false }
}

/** What the asker may not look into: that there is something, and no more. */
export function hiddenReason(question: Question): Reason {
  const text = `${question.username} holds it on the whole system, by what you may not look into`
  const scope = { kind: 'system' as const, id: null, name: 'the whole system' }
  return { ...plain(question), via: 'assignment', roles: [], pattern: null, scope, hidden: true, text }
}

function subjectInWords(username: string, { kind, name }: Reason['subject']): string {
  return kind === 'user' ? username : `${username} sits in the team ${name}, which`
}

function heldInWords({ roles, pattern }: Way): string {
  const [first] = roles
  return first === undefined ? `has ${pattern}` : `is ${first.name}`
}

/** From the role that was given to the one that has the permission. */
function wayInWords({ roles, pattern }: Way): string {
  const [, ...included] = roles
  if (roles.length === 0) return ''
  return `${included.map(({ name }) => `, which includes ${name}`).join('')}, which has ${pattern}`
}

function termsInWords({ until, condition }: Given): string {
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
