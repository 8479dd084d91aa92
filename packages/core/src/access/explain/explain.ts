import { defineQuery } from '../../kernel/action.ts'
import type { Actor } from '../../kernel/actor.ts'
import type { QueryContext } from '../../kernel/context.ts'
import type { Scope, SubjectKey } from '../../kernel/decisions.ts'
import { notFound } from '../../kernel/errors.ts'
import { idOf, uuidOf, uuidOrNull, uuidsOf, type Id } from '../../kernel/id.ts'
import { anyOf, granted, owner } from '../../kernel/rule.ts'
import type { OrganizationStatus } from '../../organizations/model.ts'
import { isActing } from '../../users/index.ts'
import type { ScopeInput } from '../model.ts'
import { matchesNoAction, similarActions } from '../../grants/index.ts'
import { isAboutCaller } from '../decisions/decide.ts'
import { FactsReader } from '../facts/reader.ts'
import { findScope } from '../facts/scopes.ts'
import { belongedTo, type SubjectFacts } from '../facts/subjects.ts'
import { isAllowedAt, grantsOfSubject, unknownOrigin, withinLimits, owns, type DecisionContext } from '../subjects.ts'
import { askedTarget, askedType, visibilityFor, type Visibility } from './visibility.ts'
import { missingFor, type OrganizationStanding } from './missing.ts'
import type { Explanation, Reason, Unmet } from './model.ts'
import { loadNames } from '../facts/names.ts'
import { describeScope, uuidsIn } from './describe.ts'
import {
  hiddenReason,
  reaches,
  reasonOf,
  reasonOfMembership,
  reasonOfOwnership,
  type ReasonAssignment,
  type ExplainQuestion,
} from './reasons.ts'
import { explainSignatures } from './signatures.ts'
import { obstaclesOf } from './obstacles.ts'
import { summaryOf, unmetInWords } from './summary.ts'

interface Input {
  readonly userId?: Id<'usr'> | undefined
  readonly sessionId?: Id<'ses'> | undefined
  readonly permission: string
  readonly on?: ScopeInput | undefined
}

const { name: action } = explainSignatures.explain

export const explain = defineQuery(explainSignatures.explain, {
  oneSnapshot: true,
  allow: anyOf(granted, owner),
  target: {
    type: askedType,
    async find(em, { userId, on = {} }, actor) {
      const asked = userId ?? (actor.kind === 'user' ? actor.principal.userId : null)
      return asked === null ? null : askedTarget(em, await findScope(em, on), actor, { action, userId: asked })
    },
  },
  async handle(context, input) {
    const { open, now, catalogue, actor } = context
    const reader = new FactsReader(await open(), 'now', now)
    const scope = await reader.scope(input.on ?? {})
    const key = subjectKey(actor, input)
    const [loaded] = key === null ? [] : await reader.validSubjects(catalogue, [key])
    if (scope === null || loaded === undefined) throw notFound({ type: askedType })
    const caller = isAboutCaller(actor, input) && actor.kind === 'user' ? actor : null
    if (caller === null && loaded.impersonator?.mayActFrom?.(null) === false) throw notFound({ type: askedType })
    const visibility = visibilityFor(actor, scope, { action, userId: loaded.userId })
    const { facts, held } = knownFacts(visibility, scope, { facts: loaded, held: await assignmentsIn(reader, loaded, scope) })
    // Asked about themselves, callers get the answer for this credential and this address.
    const situation = { now, from: caller === null ? null : (caller.from ?? unknownOrigin) }
    const grants = grantsOfSubject(catalogue, facts, situation)
    const limited = caller === null ? [grants] : [grants, caller.principal.grants]
    const isLimited = !limited.every((limits) => withinLimits(limits, input.permission, scope))
    const question = await questionOf(reader, { catalogue, facts, permission: input.permission, scope, held })
    const because = reasonsFor(question, facts, situation, held).map((reason) => visibleReason(visibility, question, reason))
    const allowed = !isLimited && isAllowedAt(grants, facts, input.permission, scope)
    const common = {
      user: { userId: facts.userId, username: facts.username },
      permission: input.permission,
      on: describeScope(scope, question.names),
    }
    if (allowed) return { ...common, ...nothingMissing, allowed, because, summary: summaryOf(question, because, null) }
    return {
      ...common,
      ...(await denial(reader, context, { question, facts, situation, held, visibility, limited: isLimited ? because : [] })),
    }
  },
})

const nothingMissing = { unmet: [], missing: [], hiddenRoles: 0, nearest: [] }

/** The subject: the named user, or the caller in the current session. */
function subjectKey(actor: Actor, { userId, sessionId: session }: Input): SubjectKey | null {
  const sessionId = session ?? null
  if (actor.kind !== 'user') return userId === undefined ? null : { userId, sessionId }
  const { principal } = actor
  if (userId !== undefined && userId !== principal.userId) return { userId, sessionId }
  return { userId: principal.userId, sessionId: sessionId ?? principal.sessionId }
}

/** The past and present assignments of a user whose scope includes the one in question. */
interface UserAssignments {
  readonly standing: OrganizationStanding
  readonly assignments: readonly (ReasonAssignment & { readonly revoked: number | null })[]
}

interface FactsOfUser {
  readonly facts: SubjectFacts
  readonly held: UserAssignments
}

/** What the caller may know: of somebody who does not belong to the scope now neither the status, nor what they have elsewhere. */
function knownFacts({ everywhere }: Visibility, scope: Scope, known: FactsOfUser): FactsOfUser {
  const { facts, held } = known
  if (everywhere || belongedTo(facts, scope)) return known
  return {
    facts: { ...facts, status: 'active', isActive: true, memberships: [], assignments: [] },
    held: { ...held, assignments: held.assignments.filter(({ scope: kind }) => kind !== 'system') },
  }
}

/** Only the most recent ended assignments are loaded. */
const mostPast = 50

/** SQL that selects ended assignments of a subject whose scope includes the one in question. */
const endedOf = (
  subject: string,
) => `select a.* from role_assignments a, k where ${subject} and (a.revoked_at is not null or a.valid_until <= k.at)
  and (a.scope_kind = 'system' or a.scope_kind = 'organization' and a.organization_id = k.organization
    or a.scope_team_id = any(k.things) or a.resource_id = any(k.things))`

async function assignmentsIn({ em, time }: FactsReader, { userId, unfiltered }: SubjectFacts, scope: Scope): Promise<UserAssignments> {
  const organization = uuidOrNull(scope.organizationId)
  const [row] = await em.execute<{ status: OrganizationStatus | null; ended: string | null }[]>(
    `with k as (select ?::uuid as user_id, ?::uuid as organization, ?::uuid[] as things, ?::timestamptz as at),
      ended as (select a.* from (${endedOf('a.user_id = k.user_id')}
          union all ${endedOf('a.team_id in (select s.team_id from team_members s where s.user_id = k.user_id)')}) a
        order by coalesce(a.revoked_at, a.valid_until) desc, a.id desc limit ${mostPast})
    select (select o.status from organizations o where o.id = k.organization) as status,
      (select json_agg(json_build_object('id', a.id, 'role', a.role_id, 'permission', a.permission, 'team', a.team_id, 'scope', a.scope_kind,
          'organization', a.organization_id, 'object', coalesce(a.scope_team_id, a.resource_id), 'condition', a.condition,
          'from', (extract(epoch from a.valid_from) * 1000)::float8, 'until', (extract(epoch from a.valid_until) * 1000)::float8,
          'revoked', (extract(epoch from a.revoked_at) * 1000)::float8)) from ended a)::text as ended from k`,
    [uuidOf(userId), organization, uuidsOf(scope.path), time],
  )
  const ended = JSON.parse(row?.ended ?? '[]') as UserAssignments['assignments']
  const current = unfiltered.assignments.filter((assignment) => reaches(assignment, scope)).map((one) => ({ ...one, revoked: null }))
  const role = unfiltered.memberships.find(({ id }) => id === organization)?.role ?? null
  return {
    standing: { status: row?.status ?? null, role },
    assignments: [...current, ...ended].toSorted((one, other) => (one.id < other.id ? -1 : 1)),
  }
}

async function questionOf(
  reader: FactsReader,
  asked: FactsOfUser & Pick<ExplainQuestion, 'catalogue' | 'permission' | 'scope'>,
): Promise<ExplainQuestion> {
  const { held, facts, catalogue, permission, scope } = asked
  const graph = await reader.roles({ ids: held.assignments.flatMap(({ role }) => role ?? []) })
  const named = held.assignments.flatMap(({ team, organization, object }) => [team, organization, object].flatMap((id) => id ?? []))
  const names = await loadNames(reader.em, [...named, ...uuidsIn(scope)])
  return { catalogue, permission, scope, graph, names, userId: facts.userId, username: facts.username }
}

/** All ways in which the subject has the permission now: by ownership, membership and assignments. */
function reasonsFor(question: ExplainQuestion, facts: SubjectFacts, situation: DecisionContext, held: UserAssignments): readonly Reason[] {
  const { scope } = question
  const live = new Set(facts.assignments.map(({ id }) => id))
  const unready = obstaclesOf(facts, situation)
  const given = held.assignments
    .filter(({ id }) => live.has(id) && !unready.has(id))
    .flatMap((assignment) => reasonOf(question, assignment) ?? [])
  const members = facts.memberships.flatMap(({ organizationId, role }) => reasonOfMembership(question, organizationId, role) ?? [])
  const owned = owns(facts, scope) ? [reasonOfOwnership(question)].filter((reason) => reason !== null) : []
  return [...owned, ...members, ...given]
}

interface DenialInput {
  readonly question: ExplainQuestion
  readonly facts: SubjectFacts
  readonly situation: DecisionContext
  readonly held: UserAssignments
  readonly visibility: Visibility
  /** The ways that would allow it, but for the scopes of the credential. */
  readonly limited: readonly Reason[]
}

async function denial(reader: FactsReader, { now, catalogue }: QueryContext, denied: DenialInput) {
  const { question, facts, held, visibility } = denied
  const unmet = unmetFor(denied)
  const actions = matchesNoAction(catalogue, question.permission) ? [...similarActions(catalogue, question.permission)] : null
  const { missing, hiddenRoles, similar } =
    // The credential is the obstacle: no further assignment would help.
    actions === null && denied.limited.length === 0
      ? await missingFor(reader, question, { facts, standing: held.standing, given: unexpired(held, now), visibility })
      : { missing: [], hiddenRoles: 0, similar: null }
  const summary = summaryOf(question, [], { unmet, missing, actions, similar })
  const nearest = actions ?? (similar === null ? [] : [similar])
  return { allowed: false, because: [], summary, unmet, missing, hiddenRoles, nearest } satisfies Partial<Explanation>
}

/** Assignments that are neither revoked nor expired. */
function unexpired({ assignments }: UserAssignments, now: Date): readonly ReasonAssignment[] {
  return assignments.filter(({ revoked, until }) => revoked === null && (until === null || until > now.getTime()))
}

/** Why each of the ways that would allow it does not; without those that the caller may not see. */
function unmetFor({ question, facts, situation, held, visibility, limited }: DenialInput): Unmet[] {
  const byCredential = limited.map((reason): Unmet => ({ code: 'credential', reason, at: null, text: '' }))
  const unready = obstaclesOf(facts, situation)
  const given = held.assignments.flatMap((assignment): Unmet[] => {
    if (assignment.scope === 'system' && !visibility.everywhere) return []
    const reason = reasonOf(question, assignment)
    const code = codeOf(assignment, facts, held, { situation, unready })
    return reason === null || code === null ? [] : [{ code, reason, at: timeOf(code, assignment), text: '' }]
  })
  const general = generalObstacle(facts, held)
  const byMembership = general === null ? [] : [{ code: general, reason: membershipReason(question, held), at: null, text: '' }]
  const context = { status: facts.status, standing: held.standing }
  return [...byCredential, ...byMembership, ...given].map((unmet) => ({ ...unmet, text: unmetInWords(question, unmet, context) }))
}

/** The reason that the membership would be, if it counted. */
function membershipReason(question: ExplainQuestion, { standing: { role } }: UserAssignments): Reason | null {
  const { organizationId } = question.scope
  return organizationId === null || role === null ? null : reasonOfMembership(question, organizationId, role)
}

/** An obstacle to everything in this organization, whatever the assignments. */
function generalObstacle({ isActive, status }: SubjectFacts, { standing }: UserAssignments): Unmet['code'] | null {
  if (!isActive) return status !== null && isActing(status) ? 'frozen' : 'userStatus'
  if (standing.status === null) return null
  if (standing.status !== 'active') return 'organizationStatus'
  return standing.role === null ? 'notMember' : null
}

function codeOf(
  { id, revoked, until, organization }: UserAssignments['assignments'][number],
  facts: SubjectFacts,
  held: UserAssignments,
  { situation: { now }, unready }: { readonly situation: DecisionContext; readonly unready: ReadonlyMap<string, Unmet['code']> },
): Unmet['code'] | null {
  if (revoked !== null) return 'revoked'
  if (until !== null && until <= now.getTime()) return 'expired'
  const general = generalObstacle(facts, held)
  const isHere = organization === null || facts.memberships.some(({ organizationId }) => organizationId === idOf('org', organization))
  if (general !== null && (!facts.isActive || !isHere)) return general
  return unready.get(id) ?? null
}

function timeOf(code: Unmet['code'], { from, until, revoked }: UserAssignments['assignments'][number]): Date | null {
  const at = code === 'begins' ? from : code === 'expired' ? until : code === 'revoked' ? revoked : null
  return at === null ? null : new Date(at)
}

/** The reason, without details the caller may not see. */
function visibleReason(visibility: Visibility, question: ExplainQuestion, reason: Reason): Reason {
  return reason.via === 'assignment' && reason.scope.kind === 'system' && !visibility.everywhere ? hiddenReason(question) : reason
}
