import type { Grant } from '../kernel/grants.ts'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidOf, uuidsOf, type Id } from '../kernel/id.ts'
import { idArray, runStatement, statement } from '../kernel/statement.ts'
import { areBeyondUser, assignmentsOf, parseResolved, grantOf, type ResolvedAssignment } from './assignments.ts'
import { organizationRoles, type MembershipRole } from './built-in-roles.ts'

/**
 * The grants of a user everywhere and in one organization, or in all: an actor must hold all of them to act on the account. Counts
 * frozen grants, because they can be unfrozen, assignments that only begin later, and inactive roles.
 */
export async function loadGrants(
  em: SqlEntityManager,
  userId: Id<'usr'>,
  organizationId: Id<'org'> | 'everywhere' | null,
): Promise<Grant[]> {
  const all = await loadAssignedGrants(em, userId)
  const held =
    organizationId === 'everywhere' ? all : all.filter((grant) => grant.organizationId === null || grant.organizationId === organizationId)
  if (organizationId === null) return held
  const within = organizationId === 'everywhere' ? null : uuidOf(organizationId)
  const memberships = await em.execute<{ id: string; role: MembershipRole }[]>(
    'select organization_id::text as id, role from memberships where user_id = ? and organization_id = coalesce(?::uuid, organization_id)',
    [uuidOf(userId), within],
  )
  return [
    ...held,
    ...memberships.map(({ id, role }) => ({ organizationId: idOf('org', id), permissions: organizationRoles[role].permissions })),
  ]
}

/** The same of several users, everywhere. */
export async function loadGrantsOfAll(
  em: SqlEntityManager,
  users: readonly Id<'usr'>[],
): Promise<ReadonlyMap<Id<'usr'>, readonly Grant[]>> {
  const ids = uuidsOf(users)
  const given = await runStatement<{ user: string; assignments: string | null; definitions: string | null }>(em, grantsOfAllStatement, [
    ids,
  ])
  const memberships = await em.execute<{ user: string; id: string; role: MembershipRole }[]>(
    'select user_id::text as user, organization_id::text as id, role from memberships where user_id = any(?::uuid[])',
    [ids],
  )
  const joined = Map.groupBy(memberships, ({ user }) => user)
  return new Map(
    given.map((row) => [
      idOf('usr', row.user),
      [
        ...parseResolved(row).map(grantOf),
        ...(joined.get(row.user) ?? []).map(({ id, role }) => ({
          organizationId: idOf('org', id),
          permissions: organizationRoles[role].permissions,
        })),
      ],
    ]),
  )
}

/** The same grants everywhere and in all organizations, without those of the memberships. */
export async function loadAssignedGrants(em: SqlEntityManager, userId: Id<'usr'>): Promise<Grant[]> {
  return (await loadAssignments(em, userId)).map(grantOf)
}

/** Whether a user holds more than the role `user` everywhere: see `areBeyondUser`. */
export async function isPrivileged(em: SqlEntityManager, userId: Id<'usr'>): Promise<boolean> {
  return areBeyondUser(await loadAssignments(em, userId))
}

async function loadAssignments(em: SqlEntityManager, userId: Id<'usr'>): Promise<readonly ResolvedAssignment[]> {
  const parameters = [uuidOf(userId), uuidOf(userId)]
  const [row] = await runStatement<{ assignments: string | null; definitions: string | null }>(em, grantsStatement, parameters)
  return row === undefined ? [] : parseResolved(row)
}

const grantsStatement = statement(
  'holdings',
  `select r.assignments::text as assignments, r.definitions::text as definitions
    from ${assignmentsOf('?::uuid', `a.scope_kind <> 'resource'`, { at: 'now()' })} r`,
)

const grantsOfAllStatement = statement(
  'holdings_of_all',
  `select k.id::text as user, r.assignments::text as assignments, r.definitions::text as definitions from unnest(${idArray}) k (id)
    cross join lateral ${assignmentsOf('k.id', `a.scope_kind <> 'resource'`, { at: 'now()' })} r`,
)
