import type { SqlEntityManager } from '@mikro-orm/sql'
import { callerId } from '../../kernel/actor.ts'
import type { CommandContext } from '../../kernel/context.ts'
import type { Scope } from '../../kernel/decisions.ts'
import { type Id, uuidOf } from '../../kernel/id.ts'
import { takingTurns } from '../../kernel/turns.ts'
import { existingUser } from '../../users/index.ts'
import { builtInRoles } from '../../grants/index.ts'
import { RoleAssignmentRow } from './entity.ts'
import { enforceSeparationOfDuty } from '../separation/assignment-guard.ts'
import { lockRoleHierarchy } from '../roles/hierarchy-lock.ts'
import type { ProposedAssignment } from '../separation/violations.ts'
import type { Assignment, AssignmentId, ScopeInput } from '../model.ts'
import type { Condition } from '../../grants/model.ts'
import { assignablePermissions, requireHeld, type AssignedPermissions } from './role-permissions.ts'
import { alreadyAssigned } from './errors.ts'
import { existingScope, lockScope, scopeColumnsOf } from './scope.ts'
import { enforceAssignmentLimit } from './limit.ts'
import { memoize } from './memoize.ts'
import { isOver, requireAssignable, sameTerms, windowOf, type Terms } from './rules.ts'
import { endAssignments, existingAssignments, findAllCurrent, type SubjectInput, type RoleOrPermission } from './repository.ts'
import { lockedSubjects, type Subject } from './subject.ts'
import { emitPromoted, requirePromotable } from './superadmins.ts'
import { auditAssignment } from './audit.ts'

/** A role or permission to be assigned. */
export interface AssignmentRequest {
  readonly subject: SubjectInput
  readonly what: RoleOrPermission
  readonly scope: ScopeInput
  readonly validFrom?: Date | undefined
  readonly validUntil?: Date | undefined
  readonly condition?: Condition | undefined
}

interface AssignmentResult {
  readonly assignment: Assignment
  /** false: already assigned, on the same terms. */
  readonly assigned: boolean
}

/** A request with everything it refers to. */
interface PreparedAssignment {
  readonly request: AssignmentRequest
  readonly subject: Subject
  readonly assigned: AssignedPermissions
  readonly scope: Scope
  readonly terms: Terms
}

/**
 * Assigns a role or permission to a user or team. The actor must hold all its permissions in that scope, and separation of duty must
 * allow it. The affected users have to be locked (`assignableUsers`).
 */
export async function assign(context: CommandContext, request: AssignmentRequest): Promise<AssignmentResult> {
  const [given] = await assignAll(context, [request])
  if (given === undefined) throw new TypeError('What was given is not there.')
  return given
}

/** Several assignments at once, without duplicates: all of them or none, with as few statements as there are scopes and roles. */
export async function assignAll(context: CommandContext, requests: readonly AssignmentRequest[]): Promise<readonly AssignmentResult[]> {
  const { em, now } = context
  const prepared = await prepareAssignments(context, requests)
  const existing = await findAllCurrent(
    em,
    prepared.map(({ request, scope }) => ({ ...request, scope: scopeColumnsOf(scope) })),
    now,
  )
  const found = prepared.map((one, index) => ({ one, existing: existing[index] ?? null }))
  const made = new Map<PreparedAssignment, Assignment>()
  for (const { one, existing } of found) {
    if (existing === null) continue
    if (!isOver(existing, now)) made.set(one, requireSameTerms(existing, one.terms, now))
    // Expired, so nobody revoked it.
    else await endAssignments(em, [existing.id], null, existing.validUntil ?? now)
  }
  const given = await write(
    context,
    prepared.filter((one) => !made.has(one)),
  )
  return prepared.map((one) => {
    const before = made.get(one)
    const assignment = before ?? given.get(one)
    if (assignment === undefined) throw new TypeError('An assignment that was just written is not there.')
    return { assignment, assigned: before === undefined }
  })
}

/** Loads and checks what the requests refer to, each scope, role and subject once. */
async function prepareAssignments(context: CommandContext, requests: readonly AssignmentRequest[]): Promise<readonly PreparedAssignment[]> {
  const { em, now } = context
  const terms = requests.map((request) => ({ ...windowOf(request, now), condition: request.condition ?? null }))
  const [scopes, contents, checked] = [memoize<Scope>(), memoize<AssignedPermissions>(), memoize<void>()]
  const placed: { readonly request: AssignmentRequest; readonly scope: Scope }[] = []
  const turn = takingTurns()
  for (const request of requests) {
    placed.push({ request, scope: await scopes(request.scope, () => existingScope(context, request.scope)) })
    await turn()
  }
  const subjects = await lockedSubjects(
    context,
    placed.map(({ request, scope }) => ({ subject: request.subject, scope })),
  )
  for (const organizationId of new Set(placed.map(({ scope }) => scope.organizationId))) await lockRoleHierarchy(em, organizationId, 'use')
  const prepared: PreparedAssignment[] = []
  for (const [index, { request, scope }] of placed.entries()) {
    await turn()
    await context.giveWay()
    const assigned = await contents([request.what, scope.organizationId], () => assignablePermissions(context, request.what, scope))
    if (assigned.role !== null) requireAssignable(assigned.role, 'userId' in request.subject ? 'user' : 'team', scope.kind)
    await checked([request.what, request.scope], () => requireHeld(context, assigned.patterns, scope))
    prepared.push({ request, scope, assigned, subject: subjects[index] as Subject, terms: terms[index] as Terms })
  }
  const locked = memoize<void>()
  for (const { request, scope } of prepared) await locked(request.scope, () => lockScope(context, scope))
  return prepared
}

function requireSameTerms(existing: Assignment, terms: Terms, now: Date): Assignment {
  if (sameTerms(existing, terms, now)) return existing
  const { id: assignmentId, validFrom, validUntil } = existing
  throw alreadyAssigned({ assignmentId, validFrom, validUntil })
}

async function write(
  context: CommandContext,
  prepared: readonly PreparedAssignment[],
): Promise<ReadonlyMap<PreparedAssignment, Assignment>> {
  const { em, now, newId } = context
  const promoted = prepared.flatMap(({ subject, assigned }) => (isSuperadmin(assigned) ? (subject.userId ?? []) : []))
  for (const userId of promoted) requirePromotable(await existingUser(em, userId))
  const ids = new Map(prepared.map((one) => [one, newId('asg')]))
  await insertRows(
    em,
    [...ids].map(([one, id]) => rowOf(context, id, one)),
  )
  // All are written before, so that each is checked together with the others.
  await enforceSeparation(context, prepared)
  await enforceLimits(context, prepared)
  const assignments = new Map((await existingAssignments(em, [...ids.values()], now)).map((assignment) => [assignment.id, assignment]))
  for (const userId of new Set(prepared.flatMap(({ subject }) => subject.users))) context.invalidate(userId, { when: 'soon' })
  for (const assignment of assignments.values()) auditAssignment(context, 'access.assigned', assignment)
  for (const userId of promoted) emitPromoted(context, userId)
  return new Map([...ids].flatMap(([one, id]) => (assignments.has(id) ? [[one, assignments.get(id) as Assignment]] : [])))
}

/** Rows that are written at once: MikroORM makes up such a statement in some milliseconds, in which nobody else has a turn. */
const writtenAtOnce = 250

async function insertRows(em: SqlEntityManager, rows: readonly ReturnType<typeof rowOf>[]): Promise<void> {
  for (let from = 0; from < rows.length; from += writtenAtOnce) {
    // What was written before would be gone through once more.
    if (from > 0) em.clear()
    for (const row of rows.slice(from, from + writtenAtOnce)) em.persist(em.create(RoleAssignmentRow, row))
    await em.flush()
  }
}

function isSuperadmin({ role }: AssignedPermissions): boolean {
  return role?.id === builtInRoles.superadmin.id
}

async function enforceSeparation({ em, now }: CommandContext, prepared: readonly PreparedAssignment[]): Promise<void> {
  const groups = new Map<string, { readonly proposed: Omit<ProposedAssignment, 'userIds'>; readonly users: Set<Id<'usr'>> }>()
  for (const { subject, assigned, scope } of prepared) {
    if (assigned.role === null) continue
    const proposed = { roleIds: [assigned.role.id], organizationId: scope.organizationId, scopeKind: scope.kind }
    const key = JSON.stringify(proposed)
    const group = groups.get(key) ?? { proposed, users: new Set<Id<'usr'>>() }
    groups.set(key, group)
    for (const userId of subject.users) group.users.add(userId)
  }
  for (const { proposed, users } of groups.values()) await enforceSeparationOfDuty(em, { ...proposed, userIds: [...users] }, now)
}

async function enforceLimits({ em, now }: CommandContext, prepared: readonly PreparedAssignment[]): Promise<void> {
  const places = new Map<Id<'org'> | null, Set<Id<'usr'>>>()
  for (const { subject, scope } of prepared) {
    if (scope.kind === 'system') continue
    const users = places.get(scope.organizationId) ?? new Set<Id<'usr'>>()
    places.set(scope.organizationId, users)
    for (const userId of subject.users) users.add(userId)
  }
  for (const [organizationId, users] of places) await enforceAssignmentLimit(em, [...users], organizationId, now)
}

const zeros = '00000000-0000-0000-0000-000000000000'

function rowOf({ actor, now }: CommandContext, id: AssignmentId, { subject, assigned, scope, terms }: PreparedAssignment) {
  const { userId, teamId, teamOrganizationId } = subject
  const { organizationId, kind: scopeKind, teamId: scopeTeamId, resourceId } = scopeColumnsOf(scope)
  const home = assigned.role?.organizationId ?? null
  return {
    id,
    subjectKind: userId === null ? ('team' as const) : ('user' as const),
    userId,
    teamId,
    teamOrganizationId,
    roleId: assigned.role?.id ?? null,
    roleHome: home === null ? zeros : uuidOf(home),
    permission: assigned.permission,
    scopeKind,
    organizationId,
    scopeTeamId,
    resourceId,
    validFrom: terms.validFrom,
    validUntil: terms.validUntil,
    condition: terms.condition === null ? null : { ...terms.condition },
    grantedBy: callerId(actor),
    grantedAt: now,
    provider: null,
    revokedBy: null,
    revokedAt: null,
  }
}
