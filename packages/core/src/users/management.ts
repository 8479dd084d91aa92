import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidOf, uuidsOf, type Id } from '../kernel/id.ts'

/**
 * SQL that is true for the users whom an organization manages: it is their home,
 * and their address is in a domain that it has verified, or they have none.
 * `u` is the alias of `users`; the one parameter is the organization.
 */
export const isManaged = isManagedBy('?::uuid')

function isManagedBy(organization: string): string {
  return `(u.home_organization_id = ${organization} and (u.email is null or exists (
  select 1 from organization_domains d
    where d.organization_id = u.home_organization_id and d.verified_at is not null and d.domain = split_part(u.email, '@', 2))))`
}

/** Those of the users whom their home organization manages. */
export async function managedAmong(em: SqlEntityManager, users: readonly Id<'usr'>[]): Promise<ReadonlySet<Id<'usr'>>> {
  if (users.length === 0) return new Set()
  const rows = await em.execute<{ id: string }[]>(
    `select u.id::text as id from users u join organizations o on o.id = u.home_organization_id and o.status = 'active'
      where u.id = any(?::uuid[]) and ${isManagedBy('o.id')}`,
    [uuidsOf(users)],
  )
  return new Set(rows.map(({ id }) => idOf('usr', id)))
}

/** Whether an organization has verified the domain of an address. */
export async function ownsDomainOf(em: SqlEntityManager, organizationId: Id<'org'>, email: string): Promise<boolean> {
  const domain = email.slice(email.lastIndexOf('@') + 1)
  const rows = await em.execute<unknown[]>(
    'select 1 from organization_domains where organization_id = ? and domain = ? and verified_at is not null',
    [uuidOf(organizationId), domain],
  )
  return rows.length > 0
}

/** The active organization that manages an account; null: none. */
export async function managingOrganization(
  em: SqlEntityManager,
  user: { readonly id: Id<'usr'>; readonly homeOrganizationId: Id<'org'> | null },
): Promise<Id<'org'> | null> {
  const { id, homeOrganizationId } = user
  if (homeOrganizationId === null) return null
  const rows = await em.execute<unknown[]>(
    `select 1 from users u join organizations o on o.id = u.home_organization_id and o.status = 'active' where u.id = ? and ${isManaged}`,
    [uuidOf(id), uuidOf(homeOrganizationId)],
  )
  return rows.length > 0 ? homeOrganizationId : null
}

/** Whether an address leaves an account with the organization that manages it; true where none does. */
export async function keepsManagement(
  em: SqlEntityManager,
  user: { readonly id: Id<'usr'>; readonly homeOrganizationId: Id<'org'> | null },
  email: string,
): Promise<boolean> {
  const organizationId = await managingOrganization(em, user)
  return organizationId === null || ownsDomainOf(em, organizationId, email)
}
