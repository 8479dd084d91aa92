import { keepASuperadmin, tellDemoted } from '../../accounts/index.ts'
import { callerId, type CommandContext, type PrepareContext } from '../../kernel/context.ts'
import { notFound } from '../../kernel/errors.ts'
import { isId, type Id } from '../../kernel/id.ts'
import { endImpersonations } from '../../sessions/index.ts'
import { builtInRoles } from '../builtin.ts'
import type { Assignment, AssignmentId, ScopeInput } from '../model.ts'
import { findPlace, type Place } from '../places.ts'
import { contentOfRole, letsImpersonate, refuseUnheld, type Content } from './content.ts'
import { keepPlace, scopeAt } from './place.ts'
import { isOver, refuseFixed } from './policy.ts'
import { endAssignment, existingAssignment, findAssignment, findStanding, type SubjectInput, type What } from './repository.ts'
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
  const { em, now } = context
  const { standing, place } = await found(context, taking)
  const content = await contentOf(context, standing)
  if (content.role !== null) refuseFixed(content.role, standing.subject.kind, place.kind)
  await refuseUnheld(context, content.patterns, place)
  await keepPlace(context, place)
  const { subject } = standing
  const isSuperadmin = standing.role?.id === builtInRoles.superadmin.id
  if (isSuperadmin && isId('usr', subject.id)) await keepASuperadmin(context, subject.id)
  if (!(await endAssignment(em, standing.id, callerId(context.actor), now))) throw notFound({ type: assignmentTarget.type })
  const impersonates = letsImpersonate(context, content)
  for (const userId of await keptUsers(em, subjectOf(standing))) {
    // What they do in the name of others goes with the power to do it.
    if (impersonates) await endImpersonations(em, userId, now)
    context.revoke({ userId })
  }
  const ended = await existingAssignment(em, standing.id, now)
  tell(context, 'access.unassigned', ended)
  if (isSuperadmin && isId('usr', subject.id)) tellDemoted(context, subject.id)
  return ended
}

async function found(context: CommandContext, taking: Taking): Promise<{ readonly standing: Assignment; readonly place: Place }> {
  const { em, now } = context
  const none = notFound({ type: assignmentTarget.type })
  if ('assignmentId' in taking) {
    const standing = await findAssignment(em, taking.assignmentId, now)
    const isMeant = standing !== null && (standing.role !== null) === (taking.kind === 'role')
    const place = isMeant ? await findPlace(em, scopeOf(standing)) : null
    if (standing === null || place === null || standing.revokedAt !== null || isOver(standing, now)) throw none
    return { standing, place }
  }
  const place = await findPlace(em, taking.on)
  const standing = place === null ? null : await findStanding(em, taking.subject, taking.what, scopeAt(place), now)
  if (standing === null || place === null || isOver(standing, now)) throw none
  return { standing, place }
}

async function contentOf({ em }: CommandContext, { role, permission }: Assignment): Promise<Content> {
  const content = role === null ? null : await contentOfRole(em, role.id)
  return content ?? { role: null, permission, patterns: permission === null ? [] : [permission] }
}

function subjectOf({ subject: { id } }: Assignment): SubjectInput {
  return isId('usr', id) ? { userId: id } : { teamId: id as Id<'team'> }
}
