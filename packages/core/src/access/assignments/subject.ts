import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Actor } from '../../kernel/actor.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import type { Scope } from '../../kernel/decisions.ts'
import { notFound } from '../../kernel/errors.ts'
import { idOf, uuidOf, uuidsOf, type Id } from '../../kernel/id.ts'
import { isMember, userInactive } from '../../organizations/index.ts'
import type { UserStatus } from '../../users/index.ts'
import { findScope } from '../facts/scopes.ts'
import type { ScopeInput } from '../model.ts'
import { homeOfTeam, usersInTeam, type SubjectInput } from './repository.ts'

/** The subject of an assignment as columns, and the users it affects. */
export interface Subject {
  readonly userId: Id<'usr'> | null
  readonly teamId: Id<'team'> | null
  readonly teamOrganizationId: Id<'org'> | null
  readonly users: readonly Id<'usr'>[]
}

interface NamesSubject {
  readonly userId?: Id<'usr'> | undefined
  readonly teamId?: Id<'team'> | undefined
}

/** The subject in an input; its schema makes sure that there is one. */
export function subjectIn({ userId, teamId }: NamesSubject): SubjectInput {
  if (userId !== undefined) return { userId }
  if (teamId !== undefined) return { teamId }
  throw new TypeError('An input that names nobody has come past its schema.')
}

/**
 * The users of a subject, whom the pipeline locks first: the user, or all members of the team. Whoever joins the team meanwhile is locked
 * later, out of order; if that ends in a deadlock, the command is retried.
 */
export async function usersOf({ reader }: Pick<PrepareContext, 'reader'>, subject: SubjectInput): Promise<readonly Id<'usr'>[]> {
  return 'userId' in subject ? [subject.userId] : usersInTeam(reader, subject.teamId)
}

/**
 * The users to lock for a new assignment: none, where the handler will not find the subject. Nobody holds up others by naming them for an
 * organization that they do not belong to.
 */
export async function assignableUsers(
  { reader, actor }: PrepareContext,
  subject: SubjectInput,
  on: ScopeInput,
): Promise<readonly Id<'usr'>[]> {
  const scope = await findScope(reader, on)
  if (scope === null) return []
  const { organizationId } = scope
  if ('userId' in subject) {
    const isFound = organizationId === null || (await isMember(reader, { userId: subject.userId, organizationId }))
    return isFound ? [subject.userId] : []
  }
  const { teamId } = subject
  const home = await homeOfTeam(reader, teamId)
  return home !== null && isKnown(actor, { teamId, organizationId: home }, scope) ? usersInTeam(reader, teamId) : []
}

/** The affected users, with a lock on the team: a user who joined meanwhile would be cached with what is being revoked. */
export async function lockedUsers(em: SqlEntityManager, subject: SubjectInput): Promise<readonly Id<'usr'>[]> {
  if ('teamId' in subject) await em.execute('select 1 from teams where id = ? for no key update', [uuidOf(subject.teamId)])
  return usersOf({ reader: em }, subject)
}

/** A subject and the scope of its assignment. */
interface SubjectAtScope {
  readonly subject: SubjectInput
  readonly scope: Scope
}

/** The subjects, locked so that they stay members until the transaction ends. Subjects that do not belong to the scope are not found. */
export async function lockedSubjects(context: CommandContext, requested: readonly SubjectAtScope[]): Promise<readonly Subject[]> {
  const users = new Map<Id<'org'> | null, Id<'usr'>[]>()
  for (const { subject, scope } of requested)
    if ('userId' in subject) users.set(scope.organizationId, [...(users.get(scope.organizationId) ?? []), subject.userId])
  const statuses = new Map<Id<'org'> | null, Statuses>()
  for (const [organizationId, ids] of users)
    statuses.set(
      organizationId,
      await (organizationId === null ? statusesOf(context.em, ids) : statusesOfMembers(context.em, ids, organizationId)),
    )
  const locked: Subject[] = []
  for (const { subject, scope } of requested)
    locked.push(
      'teamId' in subject
        ? await lockedTeam(context, subject.teamId, scope)
        : userWith(subject.userId, scope, statuses.get(scope.organizationId)?.get(subject.userId)),
    )
  return locked
}

function userWith(userId: Id<'usr'>, { organizationId }: Scope, status: UserStatus | undefined): Subject {
  if (status === undefined) throw notFound({ type: organizationId === null ? 'user' : 'member' })
  if (status === 'archived') throw userInactive({ status })
  return { userId, teamId: null, teamOrganizationId: null, users: [userId] }
}

type Statuses = ReadonlyMap<Id<'usr'>, UserStatus>

// The pipeline has locked these rows, except of whoever became a member only since `assignableUsers` looked.

async function statusesOf(em: SqlEntityManager, ids: readonly Id<'usr'>[]): Promise<Statuses> {
  const statement = 'select id::text as id, status from users where id = any(?::uuid[]) order by id for no key update'
  return statusesIn(await em.execute<StatusRecord[]>(statement, [uuidsOf(ids)]))
}

async function statusesOfMembers(em: SqlEntityManager, ids: readonly Id<'usr'>[], organizationId: Id<'org'>): Promise<Statuses> {
  return statusesIn(
    await em.execute<StatusRecord[]>(
      `select u.id::text as id, u.status from memberships m join users u on u.id = m.user_id
        where m.user_id = any(?::uuid[]) and m.organization_id = ? order by m.user_id for key share of m for no key update of u`,
      [uuidsOf(ids), uuidOf(organizationId)],
    ),
  )
}

interface StatusRecord {
  readonly id: string
  readonly status: UserStatus
}

function statusesIn(records: readonly StatusRecord[]): Statuses {
  return new Map(records.map(({ id, status }) => [idOf('usr', id), status]))
}

/** A team, locked so that its members stay the same until the transaction ends. */
async function lockedTeam({ em, actor }: CommandContext, teamId: Id<'team'>, scope: Scope): Promise<Subject> {
  const organizationId = await homeOfTeam(em, teamId, 'for no key update')
  if (organizationId === null || !isKnown(actor, { teamId, organizationId }, scope)) throw notFound({ type: 'team' })
  const users = await usersInTeam(em, teamId)
  // Whoever came into it meanwhile may get more elsewhere at this moment.
  await em.execute('select 1 from users where id = any(?::uuid[]) order by id for no key update', [uuidsOf(users)])
  return { userId: null, teamId, teamOrganizationId: organizationId, users }
}

/**
 * In an organization only its own teams can be assigned anything. Resources outside of organizations can be shared with any team whose
 * members the actor can see.
 */
function isKnown(actor: Actor, { teamId, organizationId }: { teamId: Id<'team'>; organizationId: Id<'org'> }, scope: Scope): boolean {
  if (scope.organizationId !== null) return scope.organizationId === organizationId
  return actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.allows('teams.listMembers', organizationId, [teamId]))
}
