import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineQuery } from '../../kernel/action.ts'
import type { Actor } from '../../kernel/actor.ts'
import type { QueryContext } from '../../kernel/context.ts'
import type { SubjectKey } from '../../kernel/decisions.ts'
import { notFound } from '../../kernel/errors.ts'
import { idOf, uuidOf, type Id } from '../../kernel/id.ts'
import { anyOf, granted, owner } from '../../kernel/rule.ts'
import type { MembershipRole, OrganizationStatus } from '../../organizations/model.ts'
import { isActing, type UserStatus } from '../../users/index.ts'
import type { ScopeInput } from '../model.ts'
import { matchesNoAction, similarActions } from '../../grants/index.ts'
import { findScope, type Scope } from '../scopes.ts'
import { isAboutCaller } from '../decisions/decide.ts'
import {
  isAllowedAt,
  grantsOfSubject,
  withinLimits,
  loadStandingSubjects,
  owns,
  type DecisionContext,
  type SubjectFacts,
} from '../subjects.ts'
import { askedTarget, askedType, visibilityFor, type Visibility } from './visibility.ts'
import { loadRoleGraph } from '../roles/graph.ts'
import { missingFor, type OrganizationStanding } from './missing.ts'
import type { Explanation, Reason, Unmet } from './model.ts'
import { loadNames, describeScope, uuidsIn } from './names.ts'
import { hiddenReason, reasonOf, reasonOfMembership, reasonOfOwnership, type ReasonAssignment, type ExplainQuestion } from './reasons.ts'
import { explainSignatures } from './signatures.ts'
import { obstaclesOf } from './obstacles.ts'
import { parsed } from '../history/state.ts'
import { summaryOf, unmetInWords } from './wording.ts'

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
    const em = await open()
    const scope = await findScope(em, input.on ?? {})
    const key = subjectKey(actor, input)
    const [loaded] = key === null ? [] : await loadStandingSubjects(em, catalogue, [key], now)
    if (scope === null || loaded === undefined) throw notFound({ type: askedType })
    const caller = isAboutCaller(actor, input) && actor.kind === 'user' ? actor : null
    if (caller === null && loaded.impersonator?.standsAt?.(null) === false) throw notFound({ type: askedType })
    const visibility = visibilityFor(actor, scope, { action, userId: loaded.userId })
    const { facts, held } = knownFacts(visibility, scope, now, {
      facts: loaded,
      held: await loadUserAssignments(em, loaded.userId, scope, now),
    })
    // Asked about themselves, callers get the answer for this credential and this address.
    const situation = { now, from: caller === null ? null : (caller.from ?? unknownOrigin) }
    const grants = grantsOfSubject(catalogue, facts, situation)
    const limited = caller === null ? [grants] : [grants, caller.principal.grants]
    const isLimited = !limited.every((limits) => withinLimits(limits, input.permission, scope))
    const question = await questionOf(em, { catalogue, facts, permission: input.permission, scope, held, now })
    const because = reasonsFor(question, facts, situation, held).map((reason) => visibleReason(visibility, question, reason))
    const allowed = !isLimited && isAllowedAt(grants, facts, input.permission, scope)
    const common = {
      user: { userId: facts.userId, username: held.username },
      permission: input.permission,
      on: describeScope(scope, question.names),
    }
    if (allowed) return { ...common, ...nothingMissing, allowed, because, summary: summaryOf(question, because, null) }
    return {
      ...common,
      ...(await denial(em, context, { question, facts, situation, held, visibility, limited: isLimited ? because : [] })),
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

/** A call in this process that did not go through the pipeline. */
const unknownOrigin = { ip: null }

/** The past and present assignments of a user whose scope includes the one in question. */
interface UserAssignments {
  readonly username: string
  readonly status: UserStatus
  readonly standing: OrganizationStanding
  readonly assignments: readonly (ReasonAssignment & { readonly revoked: number | null })[]
}

interface UserAssignmentsRecord {
  readonly username: string
  readonly status: UserStatus
  readonly organization_status: OrganizationStatus | null
  readonly role: MembershipRole | null
  readonly assignments: string | null
}

interface FactsOfUser {
  readonly facts: SubjectFacts
  readonly held: UserAssignments
}

/** What the caller may know: of somebody who does not belong to the scope now neither the status, nor what they have elsewhere. */
function knownFacts({ everywhere }: Visibility, { organizationId, owners }: Scope, now: Date, known: FactsOfUser): FactsOfUser {
  const { facts, held } = known
  const { assignments, standing } = held
  const isOwn = owners.includes(facts.userId) || unexpired(held, now).some(({ scope }) => scope === 'resource')
  const isThere = organizationId === null ? isOwn : standing.role !== null
  if (everywhere || isThere) return known
  return {
    facts: { ...facts, isActive: true, memberships: [], assignments: [] },
    held: { ...held, status: 'active', assignments: assignments.filter(({ scope }) => scope !== 'system') },
  }
}

/** Only the most recent ended assignments are loaded. */
const mostPast = 50

async function loadUserAssignments(
  em: SqlEntityManager,
  userId: Id<'usr'>,
  { organizationId, path }: Scope,
  now: Date,
): Promise<UserAssignments> {
  const organization = organizationId === null ? null : uuidOf(organizationId)
  const things = `{${path.map(uuidOf).join(',')}}`
  const [row] = await em.execute<UserAssignmentsRecord[]>(
    `with k as (select ?::uuid as user_id, ?::uuid as organization, ?::uuid[] as things, ?::timestamptz as at),
      held as (select a.*, a.revoked_at is null and (a.valid_until is null or a.valid_until > k.at) as live from role_assignments a, k
        where (a.user_id = k.user_id or a.team_id in (select s.team_id from team_members s where s.user_id = k.user_id))
          and (a.scope_kind = 'system' or a.scope_kind = 'organization' and a.organization_id = k.organization
            or a.scope_team_id = any(k.things) or a.resource_id = any(k.things))),
      wanted as (select h.* from held h where h.live
        union all (select h.* from held h where not h.live order by coalesce(h.revoked_at, h.valid_until) desc, h.id desc limit ${mostPast}))
    select u.username, u.status, o.status as organization_status, m.role,
      (select json_agg(json_build_object('id', a.id, 'role', a.role_id, 'permission', a.permission, 'team', a.team_id, 'scope', a.scope_kind,
          'organization', a.organization_id, 'object', coalesce(a.scope_team_id, a.resource_id), 'condition', a.condition,
          'from', (extract(epoch from a.valid_from) * 1000)::float8, 'until', (extract(epoch from a.valid_until) * 1000)::float8,
          'revoked', (extract(epoch from a.revoked_at) * 1000)::float8) order by a.id) from wanted a)::text as assignments
      from k join users u on u.id = k.user_id left join organizations o on o.id = k.organization
        left join memberships m on m.user_id = u.id and m.organization_id = o.id`,
    [uuidOf(userId), organization, things, now],
  )
  if (row === undefined) throw notFound({ type: askedType })
  const { username, status, organization_status: organizationStatus, role } = row
  return { username, status, standing: { status: organizationStatus, role }, assignments: parsed(row.assignments) }
}

async function questionOf(
  em: SqlEntityManager,
  asked: { readonly held: UserAssignments; readonly facts: SubjectFacts; readonly now: Date } & Pick<
    ExplainQuestion,
    'catalogue' | 'permission' | 'scope'
  >,
): Promise<ExplainQuestion> {
  const { held, facts, now, catalogue, permission, scope } = asked
  const graph = await loadRoleGraph(em, { ids: held.assignments.flatMap(({ role }) => role ?? []) }, now)
  const named = held.assignments.flatMap(({ team, organization, object }) => [team, organization, object].flatMap((id) => id ?? []))
  const names = await loadNames(em, [...named, ...uuidsIn(scope)])
  return { catalogue, permission, scope, graph, names, userId: facts.userId, username: held.username }
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

async function denial(em: SqlEntityManager, { now, catalogue }: QueryContext, denied: DenialInput) {
  const { question, facts, held, visibility } = denied
  const unmet = unmetFor(denied)
  const similar = matchesNoAction(catalogue, question.permission) ? [...similarActions(catalogue, question.permission)] : null
  const { missing, hiddenRoles } =
    // The credential is the obstacle: no further assignment would help.
    similar === null && denied.limited.length === 0
      ? await missingFor(em, question, { facts, standing: held.standing, given: unexpired(held, now), visibility, now })
      : { missing: [], hiddenRoles: 0 }
  const summary = summaryOf(question, [], { unmet, missing, nearest: similar })
  return { allowed: false, because: [], summary, unmet, missing, hiddenRoles, nearest: similar ?? [] } satisfies Partial<Explanation>
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
  return [...byCredential, ...byMembership, ...given].map((unmet) => ({ ...unmet, text: unmetInWords(question, unmet, held) }))
}

/** The reason that the membership would be, if it counted. */
function membershipReason(question: ExplainQuestion, { standing: { role } }: UserAssignments): Reason | null {
  const { organizationId } = question.scope
  return organizationId === null || role === null ? null : reasonOfMembership(question, organizationId, role)
}

/** An obstacle to everything in this organization, whatever the assignments. */
function generalObstacle(facts: SubjectFacts, { status, standing }: UserAssignments): Unmet['code'] | null {
  if (!facts.isActive) return isActing(status) ? 'frozen' : 'userStatus'
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
