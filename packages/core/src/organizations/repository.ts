import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TargetFinder } from '../kernel/action.ts'
import { notFound } from '../kernel/errors.ts'
import { idOf, uuidOf, type Id, uuidsOf } from '../kernel/id.ts'
import { lockNames, takeLocks } from '../kernel/locks.ts'
import type { Target } from '../kernel/rule.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import { OrganizationRow } from './entity.ts'
import { organizationInactive } from './errors.ts'
import type { MembershipRole, OrganizationId } from './model.ts'

/** How every action finds the organization it is about. One that is archived is there only for whoever administers the installation. */
export const organizationTarget = {
  type: 'organization',
  async find(em: SqlEntityManager, { organizationId }: { organizationId: OrganizationId }) {
    const found = await em.findOne(OrganizationRow, { id: organizationId })
    return found === null ? null : targetOf(organizationId)
  },
} satisfies TargetFinder<{ organizationId: OrganizationId }>

/** The same, for an input that may also name none. */
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
 * An organization as it is now: what was loaded before waiting for a lock may be
 * old. Whoever may everything everywhere is let through to the handler without one.
 */
export async function existingOrganization(em: SqlEntityManager, organizationId: OrganizationId): Promise<OrganizationRow> {
  const found = await em.findOne(OrganizationRow, { id: organizationId }, { refresh: true })
  if (found === null) throw notFound({ type: 'organization' })
  return found
}

/**
 * Takes the guard of the rules about all members together: seats, and the last
 * owner. Whoever may break one of them waits here, after the users and before
 * anything else; several organizations are locked in order of id.
 */
export async function lockOrganizations(em: SqlEntityManager, ids: readonly OrganizationId[]): Promise<void> {
  if (ids.length === 0) return
  await takeLocks(em, ids.map(lockNames.organization))
  await em.execute('select 1 from organizations where id = any(?::uuid[]) order by id for no key update', [uuidsOf(ids)])
}

/** An organization whose row is locked, so that it can be changed. One that is archived is not changed any more. */
export async function changedOrganization(em: SqlEntityManager, organizationId: OrganizationId): Promise<OrganizationRow> {
  await lockOrganizations(em, [organizationId])
  const organization = await existingOrganization(em, organizationId)
  if (organization.status === 'archived') throw organizationInactive({ status: organization.status })
  return organization
}

const first = statement(
  'first_membership',
  `select o.id::text as id from memberships m join organizations o on o.id = m.organization_id and o.status = 'active'
    where m.user_id = ? order by m.id limit 1`,
)

/** The organization a session begins in: the one the user joined first. */
export async function firstMembership(em: SqlEntityManager, userId: Id<'usr'>): Promise<OrganizationId | null> {
  const [row] = await runStatement<{ id: string }>(em, first, [uuidOf(userId)])
  return row === undefined ? null : idOf('org', row.id)
}

interface MembershipWithOrganization {
  readonly organization: { readonly id: OrganizationId; readonly slug: string; readonly name: string }
  readonly role: MembershipRole
}

/** Where the user is a member, the oldest membership first. */
export async function membershipsOf(em: SqlEntityManager, userId: Id<'usr'>): Promise<MembershipWithOrganization[]> {
  const rows = await em.execute<{ id: string; slug: string; name: string; role: MembershipRole }[]>(
    `select o.id::text, o.slug, o.name, m.role from memberships m join organizations o on o.id = m.organization_id
      where m.user_id = ? and o.status = 'active' order by m.id`,
    [uuidOf(userId)],
  )
  return rows.map(({ id, slug, name, role }) => ({ organization: { id: idOf('org', id), slug, name }, role }))
}
