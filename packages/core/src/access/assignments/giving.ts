import { refuseUnpromotable, tellPromoted } from '../../accounts/index.ts'
import { callerId, type CommandContext } from '../../kernel/context.ts'
import { type Id, uuidOf } from '../../kernel/id.ts'
import { existingUser } from '../../users/index.ts'
import { builtInRoles } from '../../grants/index.ts'
import { RoleAssignmentRow } from '../entity.ts'
import { refuseExcluded } from '../exclusions/checking.ts'
import { lockStructure } from '../exclusions/structure.ts'
import type { Granting } from '../exclusions/violations.ts'
import type { Assignment, AssignmentId, ScopeInput } from '../model.ts'
import type { Condition } from '../../grants/model.ts'
import type { Place } from '../places.ts'
import { givenContent, refuseUnheld, type Content } from './content.ts'
import { alreadyAssigned } from './errors.ts'
import { existingPlace, keepPlace, scopeAt } from './place.ts'
import { once } from './once.ts'
import { isOver, refuseFixed, sameTerms, windowOf, type Terms } from './policy.ts'
import { endAssignments, existingAssignments, findAllStanding, type SubjectInput, type What } from './repository.ts'
import { keptSubjects, type Subject } from './subject.ts'
import { tell } from './telling.ts'

/** Something to be given. */
export interface Gift {
  readonly subject: SubjectInput
  readonly what: What
  readonly on: ScopeInput
  readonly validFrom?: Date | undefined
  readonly validUntil?: Date | undefined
  readonly condition?: Condition | undefined
}

interface Given {
  readonly assignment: Assignment
  /** false: they had it already, on the same terms. */
  readonly assigned: boolean
}

/** Something to be given, with all that it names. */
interface Writing {
  readonly gift: Gift
  readonly subject: Subject
  readonly content: Content
  readonly place: Place
  readonly terms: Terms
}

/**
 * Gives a user or a team a role or a permission. Whoever gives it holds all that it
 * comes to at that place; and nobody gets roles that exclude each other. The users whom
 * it concerns have to be locked (`usersOf`): what is current is current until the end.
 */
export async function give(context: CommandContext, gift: Gift): Promise<Given> {
  const [given] = await giveAll(context, [gift])
  if (given === undefined) throw new TypeError('What was given is not there.')
  return given
}

/** The same of many things at once, no two of them the same, in as few statements as they have places and roles: all of them, or none. */
export async function giveAll(context: CommandContext, gifts: readonly Gift[]): Promise<readonly Given[]> {
  const { em, now } = context
  const writings = await prepared(context, gifts)
  const standing = await findAllStanding(
    em,
    writings.map(({ gift, place }) => ({ ...gift, scope: scopeAt(place) })),
    now,
  )
  const found = writings.map((writing, index) => ({ writing, standing: standing[index] ?? null }))
  const made = new Map<Writing, Assignment>()
  for (const { writing, standing: there } of found) {
    if (there === null) continue
    if (!isOver(there, now)) made.set(writing, onSameTerms(there, writing.terms, now))
    // Its time was over without anybody's doing.
    else await endAssignments(em, [there.id], null, there.validUntil ?? now)
  }
  const given = await write(
    context,
    writings.filter((writing) => !made.has(writing)),
  )
  return writings.map((writing) => {
    const before = made.get(writing)
    const assignment = before ?? given.get(writing)
    if (assignment === undefined) throw new TypeError('An assignment that was just written is not there.')
    return { assignment, assigned: before === undefined }
  })
}

/** What is to be given, to whom, and where: it is there, and this caller may give it. Each thing is looked at once. */
async function prepared(context: CommandContext, gifts: readonly Gift[]): Promise<readonly Writing[]> {
  const { em, now } = context
  const terms = gifts.map((gift) => ({ ...windowOf(gift, now), condition: gift.condition ?? null }))
  const [places, contents, checked] = [once<Place>(), once<Content>(), once<void>()]
  const placed: { readonly gift: Gift; readonly place: Place }[] = []
  for (const gift of gifts) placed.push({ gift, place: await places(gift.on, () => existingPlace(context, gift.on)) })
  const subjects = await keptSubjects(
    context,
    placed.map(({ gift, place }) => ({ subject: gift.subject, place })),
  )
  for (const organizationId of new Set(placed.map(({ place }) => place.organizationId))) await lockStructure(em, organizationId, 'use')
  const writings: Writing[] = []
  for (const [index, { gift, place }] of placed.entries()) {
    const content = await contents([gift.what, place.organizationId], () => givenContent(context, gift.what, place))
    if (content.role !== null) refuseFixed(content.role, 'userId' in gift.subject ? 'user' : 'team', place.kind)
    await checked([gift.what, gift.on], () => refuseUnheld(context, content.patterns, place))
    writings.push({ gift, place, content, subject: subjects[index] as Subject, terms: terms[index] as Terms })
  }
  const kept = once<void>()
  for (const { gift, place } of writings) await kept(gift.on, () => keepPlace(context, place))
  return writings
}

function onSameTerms(standing: Assignment, terms: Terms, now: Date): Assignment {
  if (sameTerms(standing, terms, now)) return standing
  const { id: assignmentId, validFrom, validUntil } = standing
  throw alreadyAssigned({ assignmentId, validFrom, validUntil })
}

async function write(context: CommandContext, writings: readonly Writing[]): Promise<ReadonlyMap<Writing, Assignment>> {
  const { em, now, newId } = context
  const promoted = writings.flatMap(({ subject, content }) => (isSuperadmin(content) ? (subject.userId ?? []) : []))
  for (const userId of promoted) refuseUnpromotable(await existingUser(em, userId))
  const ids = new Map(writings.map((writing) => [writing, newId('asg')]))
  for (const [writing, id] of ids) em.persist(em.create(RoleAssignmentRow, rowOf(context, id, writing)))
  await em.flush()
  // Once all are written: each of them sees the others.
  await refuseAllExcluded(context, writings)
  const assignments = new Map((await existingAssignments(em, [...ids.values()], now)).map((assignment) => [assignment.id, assignment]))
  for (const userId of new Set(writings.flatMap(({ subject }) => subject.users))) context.refresh(userId)
  for (const assignment of assignments.values()) tell(context, 'access.assigned', assignment)
  for (const userId of promoted) tellPromoted(context, userId)
  return new Map([...ids].flatMap(([writing, id]) => (assignments.has(id) ? [[writing, assignments.get(id) as Assignment]] : [])))
}

function isSuperadmin({ role }: Content): boolean {
  return role?.id === builtInRoles.superadmin.id
}

async function refuseAllExcluded({ em, now }: CommandContext, writings: readonly Writing[]): Promise<void> {
  const groups = new Map<string, { readonly granting: Omit<Granting, 'userIds'>; readonly users: Set<Id<'usr'>> }>()
  for (const { subject, content, place } of writings) {
    if (content.role === null) continue
    const granting = { roleIds: [content.role.id], organizationId: place.organizationId, scopeKind: place.kind }
    const key = JSON.stringify(granting)
    const group = groups.get(key) ?? { granting, users: new Set<Id<'usr'>>() }
    groups.set(key, group)
    for (const userId of subject.users) group.users.add(userId)
  }
  for (const { granting, users } of groups.values()) await refuseExcluded(em, { ...granting, userIds: [...users] }, now)
}

const zeros = '00000000-0000-0000-0000-000000000000'

function rowOf({ actor, now }: CommandContext, id: AssignmentId, { subject, content, place, terms }: Writing) {
  const { userId, teamId, teamOrganizationId } = subject
  const { organizationId, kind: scopeKind, teamId: scopeTeamId, resourceId } = scopeAt(place)
  const home = content.role?.organizationId ?? null
  return {
    id,
    subjectKind: userId === null ? ('team' as const) : ('user' as const),
    userId,
    teamId,
    teamOrganizationId,
    roleId: content.role?.id ?? null,
    roleHome: home === null ? zeros : uuidOf(home),
    permission: content.permission,
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
