import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TargetFinder } from '../kernel/action.ts'
import { notFound } from '../kernel/errors.ts'
import { idOf, uuidOf, uuidOrNull, type Id, uuidsOf } from '../kernel/id.ts'
import { lockNames, takeLocks } from '../kernel/locks.ts'
import type { Target } from '../kernel/rule.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import { OrganizationRow } from './entity.ts'
import { organizationInactive } from './errors.ts'
import type { MembershipRole, OrganizationId } from './model.ts'

/** The organization that an action is about. An archived one exists only for administrators of the installation. */
export const organizationTarget = {
  type: 'organization',
  async find(em: SqlEntityManager, { organizationId }: { organizationId: OrganizationId }) {
    const found = await em.findOne(OrganizationRow, { id: organizationId })
    return found === null ? null : targetOf(organizationId)
  },
} satisfies TargetFinder<{ organizationId: OrganizationId }>

/** As above, for inputs where the organization is optional. */
export const optionalOrganizationTarget = {
  type: 'organization',
  async find(em: SqlEntityManager, { organizationId }: { organizationId?: OrganizationId | null | undefined }) {
    if (organizationId === undefined || organizationId === null) return undefined
    return organizationTarget.find(em, { organizationId })
  },
} satisfies TargetFinder<{ organizationId?: OrganizationId | null | undefined }>

function targetOf(organizationId: OrganizationId): Target {
  return { type: 'organization', id: organizationId, organizationId, userId: null, visibleWith: 'organizations.get' }
}

/**
 * Reloads an organization: what was loaded before waiting for a lock may be
 * outdated. Superadmins reach the handler even if it does not exist.
 */
export async function existingOrganization(em: SqlEntityManager, organizationId: OrganizationId): Promise<OrganizationRow> {
  const found = await em.findOne(OrganizationRow, { id: organizationId }, { refresh: true })
  if (found === null) throw notFound({ type: 'organization' })
  return found
}

/**
 * Locks organizations for rules about all members: seats, and the last
 * owner. Commands that may break one of them wait here, after locking users and before
 * anything else; several organizations are locked in order of id.
 */
export async function lockOrganizations(em: SqlEntityManager, ids: readonly OrganizationId[]): Promise<void> {
  if (ids.length === 0) return
  await takeLocks(em, ids.map(lockNames.organization))
  await em.execute('select 1 from organizations where id = any(?::uuid[]) order by id for no key update', [uuidsOf(ids)])
}

/** Locks an organization to change it; throws if it is archived. */
export async function changedOrganization(em: SqlEntityManager, organizationId: OrganizationId): Promise<OrganizationRow> {
  await lockOrganizations(em, [organizationId])
  const organization = await existingOrganization(em, organizationId)
  if (organization.status === 'archived') throw organizationInactive({ status: organization.status })
  return organization
}

const first = statement(
  'first_membership',
  `select o.id::text as id from memberships m join organizations o on o.id = m.organization_id and o.status = 'active'
    where m.user_id = ? and coalesce(m.organization_id = ?::uuid, true) order by m.id limit 1`,
)

/** The organization in which a session starts: the one that the user joined first, or the only one that the session is for. */
export async function firstMembership(
  em: SqlEntityManager,
  userId: Id<'usr'>,
  only: OrganizationId | null,
): Promise<OrganizationId | null> {
  const [row] = await runStatement<{ id: string }>(em, first, [uuidOf(userId), uuidOrNull(only)])
  return row === undefined ? null : idOf('org', row.id)
}

interface MembershipWithOrganization {
  readonly organization: { readonly id: OrganizationId; readonly slug: string; readonly name: string }
  readonly role: MembershipRole
}

/** The memberships of a user, oldest first. */
export async function membershipsOf(em: SqlEntityManager, userId: Id<'usr'>): Promise<MembershipWithOrganization[]> {
  const rows = await em.execute<{ id: string; slug: string; name: string; role: MembershipRole }[]>(
    `select o.id::text, o.slug, o.name, m.role from memberships m join organizations o on o.id = m.organization_id
      where m.user_id = ? and o.status = 'active' order by m.id`,
    [uuidOf(userId)],
  )
  return rows.map(({ id, slug, name, role }) => ({ organization: { id: idOf('org', id), slug, name }, role }))
}

/** Whether somebody belongs to an organization; `locked`: until the transaction ends. */
export async function isMember(
  em: SqlEntityManager,
  { userId, organizationId }: { readonly userId: Id<'usr'>; readonly organizationId: OrganizationId },
  { locked = false }: { readonly locked?: boolean } = {},
): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    `select 1 from memberships where organization_id = ? and user_id = ?${locked ? ' for key share' : ''}`,
    [uuidOf(organizationId), uuidOf(userId)],
  )
  return rows.length > 0
}
