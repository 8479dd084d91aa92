import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Id } from '../kernel/id.ts'
import { idOf, uuidOf } from '../kernel/id.ts'
import { MembershipRow } from './entity.ts'
import type { MembershipRole, OrganizationId } from './model.ts'

/** The organization a session begins in: the one the user joined first. */
export async function firstMembership(em: SqlEntityManager, userId: Id<'usr'>): Promise<OrganizationId | null> {
  const [row] = await em.find(MembershipRow, { userId }, { orderBy: { id: 'asc' }, limit: 1 })
  return row?.organizationId ?? null
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
