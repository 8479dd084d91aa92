import type { SqlEntityManager } from '@mikro-orm/sql'
import { notFound } from '../kernel/errors.ts'
import { idOf, uuidOf, type Id } from '../kernel/id.ts'
import { escapeLike } from '../text/index.ts'
import { type UserStatus, isManaged } from '../users/index.ts'
import type { Member, Membership, MembershipRole, Organization, OrganizationId, OrganizationStatus } from './model.ts'

/** A condition with its parameters. */
export interface Condition {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** All conditions together. */
export function allOf(...conditions: readonly Condition[]): Condition {
  return {
    sql: conditions.map(({ sql }) => `(${sql})`).join(' and '),
    parameters: conditions.flatMap(({ parameters }) => parameters),
  }
}

/** One of the columns contains a text, case-insensitive; LIKE wildcards are escaped. */
export function contains(columns: readonly string[], text: string): Condition {
  const pattern = `%${escapeLike(text)}%`
  return { sql: columns.map((column) => `lower(${column}) like lower(?)`).join(' or '), parameters: columns.map(() => pattern) }
}

interface OrganizationRecord {
  id: string
  slug: string
  name: string
  status: OrganizationStatus
  seat_limit: number | null
  resource_policy: string | null
  settings: string
  members: number
  archived_at: number | null
  version: number
  created_at: number
  updated_at: number
}

/** Organizations `o` that match a condition, newest first; members are counted only for the returned rows. */
export async function selectOrganizations(em: SqlEntityManager, { sql, parameters }: Condition, limit: number): Promise<Organization[]> {
  const rows = await em.execute<OrganizationRecord[]>(
    `select o.id::text as id, o.slug, o.name, o.status, o.seat_limit, o.resource_policy, o.settings::text as settings, o.version,
        (select count(*) from memberships m where m.organization_id = o.id)::int as members,
        (extract(epoch from o.archived_at) * 1000)::float8 as archived_at,
        (extract(epoch from o.created_at) * 1000)::float8 as created_at, (extract(epoch from o.updated_at) * 1000)::float8 as updated_at
      from (select * from organizations o where ${sql} order by o.id desc limit ?) o order by o.id desc`,
    [...parameters, limit],
  )
  return rows.map(organizationIn)
}

function organizationIn(row: OrganizationRecord): Organization {
  return {
    id: idOf('org', row.id),
    slug: row.slug,
    name: row.name,
    status: row.status,
    seatLimit: row.seat_limit,
    resourcePolicy: row.resource_policy,
    settings: JSON.parse(row.settings) as Organization['settings'],
    memberCount: row.members,
    archivedAt: row.archived_at === null ? null : new Date(row.archived_at),
    version: row.version,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  }
}

/** Counts the organizations that match a condition. */
export function countOrganizations(em: SqlEntityManager, { sql, parameters }: Condition): Promise<number> {
  return count(em, `select count(*)::int as count from organizations o where ${sql}`, parameters)
}

/** An organization as it is shown. */
export async function shownOrganization(em: SqlEntityManager, organizationId: OrganizationId): Promise<Organization> {
  const [organization] = await selectOrganizations(em, { sql: 'o.id = ?', parameters: [uuidOf(organizationId)] }, 1)
  if (organization === undefined) throw notFound({ type: 'organization' })
  return organization
}

interface MemberRecord {
  membership: string
  id: string
  username: string
  email: string | null
  display_name: string | null
  avatar_url: string | null
  status: UserStatus
  role: MembershipRole
  managed: boolean
  joined_at: number
}

/** A member, with the id by which lists are ordered. */
export interface ListedMember {
  readonly membershipId: Id<'mem'>
  readonly member: Member
}

const membership = 'memberships m join users u on u.id = m.user_id'

/** Members of an organization (users `u`, memberships `m`), in the order of joining. */
export async function selectMembers(
  em: SqlEntityManager,
  organizationId: OrganizationId,
  condition: Condition,
  limit: number,
): Promise<ListedMember[]> {
  const id = uuidOf(organizationId)
  const rows = await em.execute<MemberRecord[]>(
    `select m.id::text as membership, u.id::text as id, u.username, u.email, u.display_name, u.avatar_url, u.status, m.role,
        coalesce(o.status = 'active' and ${isManaged}, false) as managed, (extract(epoch from m.created_at) * 1000)::float8 as joined_at
      from ${membership} join organizations o on o.id = m.organization_id
      where m.organization_id = ? and (${condition.sql}) order by m.id limit ?`,
    [id, id, ...condition.parameters, limit],
  )
  return rows.map((row) => ({ membershipId: idOf('mem', row.membership), member: memberIn(row) }))
}

function memberIn({ id, username, email, display_name, avatar_url, status, role, managed, joined_at }: MemberRecord): Member {
  return {
    user: { id: idOf('usr', id), username, email, displayName: display_name, avatarUrl: avatar_url, status },
    role,
    managed,
    joinedAt: new Date(joined_at),
  }
}

/** A membership, with the id by which lists are ordered. */
export interface ListedMembership {
  readonly membershipId: Id<'mem'>
  readonly membership: Membership
}

/** Memberships `m` of a user, with their organizations `o`, oldest first. */
export async function selectMemberships(
  em: SqlEntityManager,
  userId: Id<'usr'>,
  { sql, parameters }: Condition,
  limit: number,
): Promise<ListedMembership[]> {
  const rows = await em.execute<
    { membership: string; id: string; slug: string; name: string; status: OrganizationStatus; role: MembershipRole; joined_at: number }[]
  >(
    `select m.id::text as membership, o.id::text as id, o.slug, o.name, o.status, m.role, (extract(epoch from m.created_at) * 1000)::float8 as joined_at
      from memberships m join organizations o on o.id = m.organization_id where m.user_id = ? and (${sql}) order by m.id limit ?`,
    [uuidOf(userId), ...parameters, limit],
  )
  return rows.map(({ membership: listed, id, slug, name, status, role, joined_at }) => ({
    membershipId: idOf('mem', listed),
    membership: { organization: { id: idOf('org', id), slug, name, status }, role, joinedAt: new Date(joined_at) },
  }))
}

/** Counts the members of an organization that match a condition. */
export function countMembers(em: SqlEntityManager, organizationId: OrganizationId, { sql, parameters }: Condition): Promise<number> {
  const statement = `select count(*)::int as count from ${membership} where m.organization_id = ? and (${sql})`
  return count(em, statement, [uuidOf(organizationId), ...parameters])
}

/** A member as the others see them. */
export async function shownMember(em: SqlEntityManager, organizationId: OrganizationId, userId: Id<'usr'>): Promise<Member> {
  const [found] = await selectMembers(em, organizationId, { sql: 'm.user_id = ?', parameters: [uuidOf(userId)] }, 1)
  if (found === undefined) throw notFound({ type: 'member' })
  return found.member
}

async function count(em: SqlEntityManager, statement: string, parameters: readonly unknown[]): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(statement, [...parameters])
  return row?.count ?? 0
}
