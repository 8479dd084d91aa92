import type { SqlEntityManager } from '@mikro-orm/sql'
import { keepASuperadmin, tellDemoted } from '../../accounts/index.ts'
import { callerId, type CommandContext, type PrepareContext } from '../../kernel/context.ts'
import { notFound } from '../../kernel/errors.ts'
import { isId, type Id } from '../../kernel/id.ts'
import { endImpersonations } from '../../sessions/index.ts'
import { builtInRoles } from '../../grants/index.ts'
import type { Assignment, AssignmentId, ScopeInput } from '../model.ts'
import { findPlace, type Place } from '../places.ts'
import { contentOfRole, letsImpersonate, refuseUnheld, type Content } from './content.ts'
import { keepPlace, scopeAt } from './place.ts'
import { once } from './once.ts'
import { isOver, refuseFixed } from './policy.ts'
import { endAssignments, existingAssignments, findAssignment, findStanding, type SubjectInput, type What } from './repository.ts'
import { keptUsers, usersOf } from './subject.ts'
import { assignmentTarget, scopeOf } from './targets.ts'
import { tell } from './telling.ts'

/** What is to be taken away: an assignment, or whatever says that somebody has something somewhere. */
export type Taking =
  | { readonly assignmentId: AssignmentId; readonly kind: 'role' | 'permission' }
  | { readonly subject: SubjectInput; readonly what: What; readonly on: ScopeInput }

/** Whom the pipeline locks before anything else. */
export async function usersConcerned(context: PrepareContext, taking: Taking): Promise<readonly Id<'usr'>[]> {
  if (!('assignmentId' in taking)) return usersOf(context, taking.subject)
  const found = await findAssignment(context.reader, taking.assignmentId, context.now)
  return found === null ? [] : usersOf(context, subjectOf(found))
}

/**
 * Takes something away that has not ended by itself: whoever takes it holds all that it
 * comes to at that place. What was stays in the history.
 */
export async function take(context: CommandContext, taking: Taking): Promise<Assignment> {
  const [taken] = await takeAll(context, [taking])
  if (taken === undefined) throw new TypeError('What was taken away is not there.')
  return taken
}

/** The same of many things at once, no two of them the same, in as few statements as they have places, roles and teams: all of them, or none. */
export async function takeAll(context: CommandContext, takings: readonly Taking[]): Promise<readonly Assignment[]> {
  const { em, now } = context
  const found = await prepared(context, takings)
  await end(context, found)
  const [users, sessions] = [once<readonly Id<'usr'>[]>(), once<void>()]
  for (const { standing, content } of found)
    for (const userId of await users(standing.subject.id, () => keptUsers(em, subjectOf(standing)))) {
      // What they do in the name of others goes with the power to do it.
      if (letsImpersonate(context, content)) await sessions(userId, () => endImpersonations(em, userId, now))
      context.revoke({ userId })
    }
  const ids = found.map(({ standing }) => standing.id)
  const ended = new Map((await existingAssignments(em, ids, now)).map((assignment) => [assignment.id, assignment]))
  return ids.map((id) => {
    const assignment = ended.get(id)
    if (assignment === undefined) throw new TypeError('An assignment that was just ended is not there.')
    tell(context, 'access.unassigned', assignment)
    if (isOfSuperadmin(assignment)) tellDemoted(context, assignment.subject.id as Id<'usr'>)
    return assignment
  })
}

/** Something to be taken away, with all that it comes to. */
interface Found {
  readonly standing: Assignment
  readonly place: Place
  readonly content: Content
}

/** What is to be taken away: it is there, and this caller may take it. Each role and place is looked at once. */
async function prepared(context: CommandContext, takings: readonly Taking[]): Promise<readonly Found[]> {
  const { em } = context
  const [contents, checked, kept] = [once<Content>(), once<void>(), once<void>()]
  const found: Found[] = []
  for (const { standing, place } of await allStanding(context, takings)) {
    const { role, permission, subject, scope } = standing
    const content = await contents([role?.id, permission], () => contentOf(em, standing))
    if (content.role !== null) refuseFixed(content.role, subject.kind, place.kind)
    await checked([role?.id, permission, scope], () => refuseUnheld(context, content.patterns, place))
    found.push({ standing, place, content })
  }
  for (const { standing, place } of found) await kept(standing.scope, () => keepPlace(context, place))
  return found
}

/** One superadmin after the other, so that each sees who is left; all else in one statement. */
async function end(context: CommandContext, found: readonly Found[]): Promise<void> {
  const { em, actor, now } = context
  const others: AssignmentId[] = []
  let ended = 0
  for (const { standing } of found) {
    if (!isOfSuperadmin(standing)) {
      others.push(standing.id)
      continue
    }
    await keepASuperadmin(context, standing.subject.id as Id<'usr'>)
    ended += await endAssignments(em, [standing.id], callerId(actor), now)
  }
  ended += await endAssignments(em, others, callerId(actor), now)
  if (ended < found.length) throw notFound({ type: assignmentTarget.type })
}

/** It is given to people alone. */
function isOfSuperadmin({ role }: Assignment): boolean {
  return role?.id === builtInRoles.superadmin.id
}

/** Assignments that are named by their ids are read together, and each place once. */
async function allStanding(context: CommandContext, takings: readonly Taking[]) {
  const { em, now } = context
  const none = notFound({ type: assignmentTarget.type })
  const ids = takings.flatMap((taking) => ('assignmentId' in taking ? [taking.assignmentId] : []))
  const named = ids.length === 0 ? [] : await existingAssignments(em, ids, now)
  const byId = new Map(named.map((assignment) => [assignment.id, assignment]))
  const places = once<Place | null>()
  const all: { readonly standing: Assignment; readonly place: Place }[] = []
  for (const taking of takings) {
    const meant = 'assignmentId' in taking ? meantBy(taking, byId) : null
    const on = 'assignmentId' in taking ? (meant === null ? null : scopeOf(meant)) : taking.on
    const place = on === null ? null : await places(on, () => findPlace(em, on))
    if (place === null) throw none
    const standing = 'assignmentId' in taking ? meant : await findStanding(em, taking.subject, taking.what, scopeAt(place), now)
    if (standing === null || standing.revokedAt !== null || isOver(standing, now)) throw none
    all.push({ standing, place })
  }
  return all
}

function meantBy(
  { assignmentId, kind }: Extract<Taking, { readonly assignmentId: AssignmentId }>,
  byId: ReadonlyMap<AssignmentId, Assignment>,
): Assignment | null {
  const standing = byId.get(assignmentId)
  return standing !== undefined && (standing.role !== null) === (kind === 'role') ? standing : null
}

async function contentOf(em: SqlEntityManager, { role, permission }: Assignment): Promise<Content> {
  const content = role === null ? null : await contentOfRole(em, role.id)
  return content ?? { role: null, permission, patterns: permission === null ? [] : [permission] }
}

function subjectOf({ subject: { id } }: Assignment): SubjectInput {
  return isId('usr', id) ? { userId: id } : { teamId: id as Id<'team'> }
}
