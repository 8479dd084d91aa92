import { defineQuery } from '../../kernel/action.ts'
import type { Actor } from '../../kernel/actor.ts'
import type { Scope } from '../../kernel/decisions.ts'
import { notFound } from '../../kernel/errors.ts'
import { idOf, uuidOf, uuidOrNull, type Id } from '../../kernel/id.ts'
import { nextCursorOf, openCursor } from '../../kernel/page.ts'
import { anyOf, granted, owner } from '../../kernel/rule.ts'
import { isAllowedAt, grantsOfSubject, permissionsAt } from '../subjects.ts'
import { askedTarget, askedType, visibilityFor, type Visibility } from '../explain/visibility.ts'
import { FactsReader } from '../facts/reader.ts'
import { findScopeAt } from '../facts/scopes.ts'
import { belongedTo, type SubjectFacts } from '../facts/subjects.ts'
import { candidatesAt, knownSubject, type PointInTime } from './candidates.ts'
import type { UserAt } from '../explain/model.ts'
import { loadNames, type Names } from '../facts/names.ts'
import { onScopeInWords, describeScope, describeAssignmentScope, uuidsIn } from '../explain/describe.ts'
import { reaches } from '../explain/reasons.ts'
import { explainSignatures } from '../explain/signatures.ts'
import { obstaclesOf } from '../explain/obstacles.ts'

const { name: action } = explainSignatures.at

export const at = defineQuery(explainSignatures.at, {
  oneSnapshot: true,
  allow: anyOf(granted, owner),
  target: {
    type: askedType,
    async find(em, { userId, permission, time, on = {} }, actor) {
      return askedTarget(em, await findScopeAt(em, on, time), actor, { action, userId: subjectOf(actor, { userId, permission }) })
    },
  },
  async handle({ open, ports, catalogue, actor, now }, { time, userId, permission, on = {}, limit, cursor }) {
    const em = await open()
    const facts = new FactsReader(em, time, now)
    const scope = await facts.scope(on)
    if (scope === null) throw notFound({ type: askedType })
    const subject = subjectOf(actor, { userId, permission })
    const visibility = visibilityFor(actor, scope, { action, userId: subject })
    const names = await loadNames(em, uuidsIn(scope))
    const then = { catalogue, facts, scope }
    const common = { time, on: describeScope(scope, names), there: scope.existed }
    if (subject === null) {
      if (permission === undefined) throw notFound({ type: askedType })
      const cursorScope = { action, filters: { time, permission, on }, viewer: viewerOf(actor) }
      const position = await openCursor(ports.cipher, cursorScope, cursor)
      const after = position === null ? null : String(position[0])
      const { users, next } = await whoCould({ ...then, permission, visibility }, { after, limit })
      return {
        ...common,
        allowed: null,
        user: null,
        items: users,
        nextCursor: await nextCursorOf(ports.cipher, cursorScope, next === null ? null : [next]),
      }
    }
    const [loaded] = await facts.users([subject])
    if (loaded === undefined) throw notFound({ type: askedType })
    const found = knownSubject(visibility, loaded, scope)
    const allowed = permission === undefined ? null : could(then, permission, found)
    return { ...common, allowed, user: await describeUser(then, found, visibility), items: [], nextCursor: null }
  },
})

/** The subject; null: not about one user. */
function subjectOf(
  actor: Actor,
  { userId, permission }: { userId?: Id<'usr'> | undefined; permission?: string | undefined },
): Id<'usr'> | null {
  if (userId !== undefined) return userId
  return permission === undefined && actor.kind === 'user' ? actor.principal.userId : null
}

function viewerOf(actor: Actor): string {
  return actor.kind === 'user' ? actor.principal.userId : actor.kind
}

/** Whether a user had a permission, without a session or address. Decided by the same engine as now. */
export function could({ catalogue, facts, scope }: PointInTime, permission: string, subject: SubjectFacts): boolean {
  return scope.existed && isAllowedAt(grantsOfSubject(catalogue, subject, { now: facts.time, from: null }), subject, permission, scope)
}

/** All permissions of a user in the scope. */
export function permissionsAtTime({ catalogue, facts, scope }: PointInTime, subject: SubjectFacts): readonly string[] {
  return scope.existed ? permissionsAt(catalogue, grantsOfSubject(catalogue, subject, { now: facts.time, from: null }), subject, scope) : []
}

/** Candidates are loaded in chunks, and only so many in one call: a page may be short without being the last. */
const chunk = 200
const mostRounds = 10

interface WhoCouldQuestion extends PointInTime {
  readonly permission: string
  readonly visibility: Visibility
}

async function whoCould(asked: WhoCouldQuestion, { after, limit }: { readonly after: string | null; readonly limit: number }) {
  const found: { userId: Id<'usr'>; username: string }[] = []
  let last = after
  for (let round = 0; round < mostRounds; round++) {
    const candidates = await candidatesAt(asked, asked.permission, { after: last, limit: chunk })
    const subjects = await asked.facts.users(candidates)
    for (const subject of subjects) {
      if (!isVisible(asked.visibility, subject, asked.scope) || !could(asked, asked.permission, subject)) continue
      // One more than the limit: there is another page.
      if (found.length === limit) return { users: found, next: uuidOf(found.at(-1)?.userId ?? '') }
      found.push({ userId: subject.userId, username: subject.username })
    }
    const end = candidates.at(-1)
    if (end === undefined || candidates.length < chunk) return { users: found, next: null }
    last = uuidOf(end)
  }
  return { users: found, next: last }
}

/** An organization is not told who runs the installation. */
function isVisible({ people }: Visibility, subject: SubjectFacts, scope: Scope): boolean {
  return people === 'all' || belongedTo(subject, scope)
}

/** A user at that time, as far as the caller may see. */
async function describeUser(then: PointInTime, subject: SubjectFacts, visibility: Visibility): Promise<UserAt> {
  const { scope, facts } = then
  const { userId, username, status, frozen } = subject
  const assignments = subject.assignments
    .filter((assignment) => visibility.everywhere || isWithin(assignment, scope))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
  const here = uuidOrNull(scope.organizationId)
  const seats = subject.unfiltered.seats.flatMap(({ team, organization }) => (visibility.everywhere || organization === here ? [team] : []))
  const memberships = subject.memberships.filter(({ organizationId }) => visibility.everywhere || organizationId === scope.organizationId)
  const uuids = assignments.flatMap(({ team, organization, object }) => [team, organization, object].flatMap((id) => id ?? []))
  const names = await loadNames(facts.em, [...uuids, ...seats, ...memberships.map(({ organizationId }) => uuidOf(organizationId))])
  const unready = obstaclesOf(subject, { now: facts.time, from: null })
  return {
    userId,
    username,
    status,
    frozen,
    memberships: memberships.map(({ organizationId, role }) => ({
      organization: describeScope({ kind: 'organization', organizationId, path: [], owners: [] }, names),
      role,
    })),
    teams: seats.map((team) => ({ teamId: idOf('team', team), name: names.get(team) ?? team })),
    assignments: assignments.map((assignment) => shownAssignment(assignment, subject, { names, counted: !unready.has(assignment.id) })),
    permissions: [...permissionsAtTime(then, subject)],
  }
}

type AssignmentAtTime = SubjectFacts['assignments'][number]

/** Whether an assignment is in the scope's organization or, outside of organizations, whether its scope includes this one. */
function isWithin(assignment: AssignmentAtTime, scope: Scope): boolean {
  if (scope.organizationId !== null)
    return assignment.organization !== null && idOf('org', assignment.organization) === scope.organizationId
  return assignment.scope !== 'system' && reaches(assignment, scope)
}

function shownAssignment(
  assignment: AssignmentAtTime,
  { userId, username }: SubjectFacts,
  { names, counted }: { readonly names: Names; readonly counted: boolean },
): UserAt['assignments'][number] {
  const { id, role, name, permission, team, from, until, condition } = assignment
  const scope = describeAssignmentScope(assignment, names)
  const subject =
    team === null
      ? ({ kind: 'user', id: userId, name: username } as const)
      : ({ kind: 'team', id: idOf('team', team), name: names.get(team) ?? team } as const)
  return {
    assignmentId: idOf('asg', id),
    subject,
    role: role === null ? null : { id: idOf('rol', role), name: name ?? role },
    permission,
    scope,
    validFrom: new Date(from),
    validUntil: until === null ? null : new Date(until),
    condition,
    counted,
    text: `${role === null ? `has ${permission}` : `is ${name}`} ${onScopeInWords(scope)}${team === null ? '' : `, through the team ${subject.name}`}`,
  }
}
