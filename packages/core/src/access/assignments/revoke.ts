import type { SqlEntityManager } from '@mikro-orm/sql'
import { callerId } from '../../kernel/actor.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import type { Scope } from '../../kernel/decisions.ts'
import { notFound } from '../../kernel/errors.ts'
import { isId, type Id } from '../../kernel/id.ts'
import { builtInRoles } from '../../grants/index.ts'
import type { Assignment, AssignmentId, RoleId, ScopeInput } from '../model.ts'
import { findScope, scopeInputOf } from '../facts/scopes.ts'
import { permissionsOfRole, requireHeld, type AssignedPermissions } from './role-permissions.ts'
import { lockScope, scopeColumnsOf } from './scope.ts'
import { memoize } from './memoize.ts'
import { isOver, requireAssignable } from './rules.ts'
import { endAssignments, existingAssignments, findAssignment, findCurrent, type SubjectInput, type RoleOrPermission } from './repository.ts'
import { lockedUsers, subjectIn, usersOf } from './subject.ts'
import { assignmentTarget } from './targets.ts'
import { emitDemoted, ensureAnotherSuperadmin } from './superadmins.ts'
import { auditAssignment } from './audit.ts'

/** An assignment by its id, or by subject, role or permission, and scope. */
export type RevocationRequest =
  | { readonly assignmentId: AssignmentId; readonly kind: 'role' | 'permission' }
  | { readonly subject: SubjectInput; readonly what: RoleOrPermission; readonly on: ScopeInput }

interface NamesRevocation {
  readonly assignmentId?: AssignmentId | undefined
  readonly userId?: Id<'usr'> | undefined
  readonly teamId?: Id<'team'> | undefined
  readonly on?: ScopeInput | undefined
  readonly roleId?: RoleId | undefined
  readonly permission?: string | undefined
}

/** The request in an input; its schema makes sure that there is one. */
export function revocationIn(
  { assignmentId, on = {}, roleId, permission, ...subject }: NamesRevocation,
  kind: 'role' | 'permission',
): RevocationRequest {
  if (assignmentId !== undefined) return { assignmentId, kind }
  const what = roleId !== undefined ? { roleId } : { permission: permission ?? '' }
  return { subject: subjectIn(subject), what, on }
}

/** The users that the pipeline locks first: also where there is nothing to revoke yet, because somebody may be giving it at this moment. */
export async function usersToLock(context: PrepareContext, request: RevocationRequest): Promise<readonly Id<'usr'>[]> {
  if (!('assignmentId' in request)) return usersOf(context, request.subject)
  const found = await findAssignment(context.reader, request.assignmentId, context.now)
  return found === null ? [] : usersOf(context, subjectOf(found))
}

/** Revokes an assignment that has not ended. The actor must hold all its permissions in that scope. The row stays as history. */
export async function revoke(context: CommandContext, request: RevocationRequest): Promise<Assignment> {
  const [taken] = await revokeAll(context, [request])
  if (taken === undefined) throw new TypeError('What was taken away is not there.')
  return taken
}

/** Several at once, without duplicates: all of them or none, with as few statements as there are scopes, roles and teams. */
export async function revokeAll(context: CommandContext, requests: readonly RevocationRequest[]): Promise<readonly Assignment[]> {
  const { em, now } = context
  const found = await prepareRevocations(context, requests)
  await endPrepared(context, found)
  const users = memoize<readonly Id<'usr'>[]>()
  for (const { assignment } of found) {
    const losing = await users(assignment.subject.id, () => lockedUsers(em, subjectOf(assignment)))
    context.requireLocked(losing)
    for (const userId of losing) context.invalidate(userId, { when: 'now' })
  }
  const ids = found.map(({ assignment }) => assignment.id)
  const ended = new Map((await existingAssignments(em, ids, now)).map((assignment) => [assignment.id, assignment]))
  return ids.map((id) => {
    const assignment = ended.get(id)
    if (assignment === undefined) throw new TypeError('An assignment that was just ended is not there.')
    auditAssignment(context, 'access.unassigned', assignment)
    if (isOfSuperadmin(assignment)) emitDemoted(context, assignment.subject.id as Id<'usr'>)
    return assignment
  })
}

/** A request with everything it refers to. */
interface PreparedRevocation {
  readonly assignment: Assignment
  readonly scope: Scope
}

/** Loads and checks what the requests refer to, each role and scope once. */
async function prepareRevocations(context: CommandContext, requests: readonly RevocationRequest[]): Promise<readonly PreparedRevocation[]> {
  const { em } = context
  const [contents, checked, locked] = [memoize<AssignedPermissions>(), memoize<void>(), memoize<void>()]
  const found: PreparedRevocation[] = []
  for (const { assignment, scope } of await findRequested(context, requests)) {
    await context.giveWay()
    const { role, permission, subject } = assignment
    const assigned = await contents([role?.id, permission], () => permissionsOfAssignment(em, assignment))
    if (assigned.role !== null) requireAssignable(assigned.role, subject.kind, scope.kind)
    await checked([role?.id, permission, assignment.scope], () => requireHeld(context, assigned.patterns, scope))
    found.push({ assignment, scope })
  }
  for (const { assignment, scope } of found) await locked(assignment.scope, () => lockScope(context, scope))
  return found
}

/** Superadmins one by one, so that each check sees who is left; all others in one statement. */
async function endPrepared(context: CommandContext, found: readonly PreparedRevocation[]): Promise<void> {
  const { em, actor, now } = context
  const others: AssignmentId[] = []
  let ended = 0
  for (const { assignment } of found) {
    if (!isOfSuperadmin(assignment)) {
      others.push(assignment.id)
      continue
    }
    await ensureAnotherSuperadmin(context, assignment.subject.id as Id<'usr'>)
    ended += await endAssignments(em, [assignment.id], callerId(actor), now)
  }
  ended += await endAssignments(em, others, callerId(actor), now)
  if (ended < found.length) throw notFound({ type: assignmentTarget.type })
}

/** The role superadmin is assigned to users only. */
function isOfSuperadmin({ role }: Assignment): boolean {
  return role?.id === builtInRoles.superadmin.id
}

/** Assignments named by id are loaded together, each scope once. */
async function findRequested(context: CommandContext, requests: readonly RevocationRequest[]) {
  const { em, now } = context
  const none = notFound({ type: assignmentTarget.type })
  const ids = requests.flatMap((request) => ('assignmentId' in request ? [request.assignmentId] : []))
  const named = ids.length === 0 ? [] : await existingAssignments(em, ids, now)
  const byId = new Map(named.map((assignment) => [assignment.id, assignment]))
  const scopes = memoize<Scope | null>()
  const all: { readonly assignment: Assignment; readonly scope: Scope }[] = []
  for (const request of requests) {
    const byName = 'assignmentId' in request ? assignmentNamedBy(request, byId) : null
    const on = 'assignmentId' in request ? (byName === null ? null : scopeInputOf(byName.scope)) : request.on
    const scope = on === null ? null : await scopes(on, () => findScope(em, on))
    if (scope === null) throw none
    const assignment = 'assignmentId' in request ? byName : await findCurrent(em, request.subject, request.what, scopeColumnsOf(scope), now)
    if (assignment === null || assignment.revokedAt !== null || isOver(assignment, now)) throw none
    all.push({ assignment, scope })
  }
  return all
}

function assignmentNamedBy(
  { assignmentId, kind }: Extract<RevocationRequest, { readonly assignmentId: AssignmentId }>,
  byId: ReadonlyMap<AssignmentId, Assignment>,
): Assignment | null {
  const assignment = byId.get(assignmentId)
  return assignment !== undefined && (assignment.role !== null) === (kind === 'role') ? assignment : null
}

async function permissionsOfAssignment(em: SqlEntityManager, { role, permission }: Assignment): Promise<AssignedPermissions> {
  const content = role === null ? null : await permissionsOfRole(em, role.id)
  return content ?? { role: null, permission, patterns: permission === null ? [] : [permission] }
}

function subjectOf({ subject: { id } }: Assignment): SubjectInput {
  return isId('usr', id) ? { userId: id } : { teamId: id as Id<'team'> }
}
