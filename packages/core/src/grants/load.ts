import type { Grant } from '../kernel/grants.ts'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, type Id } from '../kernel/id.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import { assignmentsOf, parseResolved, grantOf } from './assignments.ts'
import { organizationRoles, type MembershipRole } from './built-in-roles.ts'

/**
 * The grants of a user on the whole system and in one organization: an actor must hold all of them to act on the account. Counts frozen
 * grants, because they can be unfrozen, assignments that only begin later, and inactive roles.
 */
export async function loadGrants(em: SqlEntityManager, userId: Id<'usr'>, organizationId: Id<'org'> | null): Promise<Grant[]> {
  const all = await loadAssignedGrants(em, userId)
  const held = all.filter((grant) => grant.organizationId === null || grant.organizationId === organizationId)
  if (organizationId === null) return held
  const [membership] = await em.execute<{ role: MembershipRole }[]>(
    'select role from memberships where organization_id = ? and user_id = ?',
    [uuidOf(organizationId), uuidOf(userId)],
  )
  return membership === undefined ? held : [...held, { organizationId, permissions: organizationRoles[membership.role].permissions }]
}

/** The same grants on the whole system and in all organizations, without those of the memberships. */
export async function loadAssignedGrants(em: SqlEntityManager, userId: Id<'usr'>): Promise<Grant[]> {
  const parameters = [uuidOf(userId), uuidOf(userId)]
  const [row] = await runStatement<{ assignments: string | null; definitions: string | null }>(em, grantsStatement, parameters)
  return (row === undefined ? [] : parseResolved(row)).map(grantOf)
}

const grantsStatement = statement(
  'holdings',
  `select r.assignments::text as assignments, r.definitions::text as definitions
    from ${assignmentsOf('?::uuid', `a.scope_kind <> 'resource'`, { at: 'now()' })} r`,
)
