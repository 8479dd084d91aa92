import { sql, type SqlEntityManager } from '@mikro-orm/sql'
import { loadGrants } from '../grants/index.ts'
import { idOf, uuidOf, type Id } from '../kernel/id.ts'
import { unanswered, type MembershipRole, type OrganizationId } from '../organizations/index.ts'
import type { UserStatus } from '../users/index.ts'
import type { InvitationId } from './model.ts'
import type { Inviter } from './rules.ts'

/** A pending invitation to an active organization, with its inviter. */
export interface Offer {
  readonly id: InvitationId
  readonly organization: { readonly id: OrganizationId; readonly slug: string; readonly name: string }
  readonly email: string
  readonly role: MembershipRole
  readonly tokenHash: string
  readonly expiresAt: Date
  readonly inviter: Inviter | null
}

interface OfferRecord {
  organization: string
  slug: string
  name: string
  email: string
  role: MembershipRole
  hash: string
  expires_at: number
  invited_by: string | null
  inviter_username: string
  inviter_email: string | null
  inviter_status: UserStatus
  inviter_frozen: boolean
  inviter_role: MembershipRole | null
}

/** Finds a pending invitation to an active organization, with its inviter as of now. */
export async function findOffer(em: SqlEntityManager, id: InvitationId, now: Date): Promise<Offer | null> {
  const [row] = await em.execute<OfferRecord[]>(
    `select i.organization_id::text as organization, o.slug, o.name, i.email, i.role, i.token_hash as hash,
        (extract(epoch from i.expires_at) * 1000)::float8 as expires_at, i.invited_by::text as invited_by,
        u.username as inviter_username, case when u.email_verified then u.email end as inviter_email, u.status as inviter_status, u.grants_frozen_at is not null as inviter_frozen, m.role as inviter_role
      from invitations i
        join organizations o on o.id = i.organization_id and o.status = 'active'
        left join users u on u.id = i.invited_by
        left join memberships m on m.user_id = i.invited_by and m.organization_id = i.organization_id
      where i.id = ? and ${unanswered} and i.expires_at > ?`,
    [uuidOf(id), now],
  )
  if (row === undefined) return null
  const { email, role, hash: tokenHash, slug, name } = row
  const organization = { id: idOf('org', row.organization), slug, name }
  return { id, organization, email, role, tokenHash, expiresAt: new Date(row.expires_at), inviter: await inviterOf(em, row) }
}

async function inviterOf(em: SqlEntityManager, row: OfferRecord): Promise<Inviter | null> {
  if (row.invited_by === null) return null
  const holdings = await loadGrants(em, idOf('usr', row.invited_by), idOf('org', row.organization))
  const name = row.inviter_email ?? row.inviter_username
  return { name, status: row.inviter_status, frozen: row.inviter_frozen, role: row.inviter_role, holdings }
}

/** How an invitation is answered or revoked. */
export type Answer = 'accepted' | 'declined' | 'revoked'

/**
 * Answers an invitation once: of many concurrent calls one gets true. The
 * hash ties the answer to what was shown: a renewal in between changes it.
 */
export async function answer(
  em: SqlEntityManager,
  { id, tokenHash }: Pick<Offer, 'id' | 'tokenHash'>,
  how: Answer,
  now: Date,
): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    `update invitations i set ${how}_at = ? where i.id = ? and i.token_hash = ? and ${unanswered} and i.expires_at > ? returning 1`,
    [now, uuidOf(id), tokenHash, now],
  )
  return rows.length > 0
}

/** Revokes an unanswered invitation, also an expired one. */
export async function revoke(em: SqlEntityManager, id: InvitationId, now: Date): Promise<boolean> {
  const rows = await em.execute<unknown[]>(`update invitations i set revoked_at = ? where i.id = ? and ${unanswered} returning 1`, [
    now,
    uuidOf(id),
  ])
  return rows.length > 0
}

/** Stores who accepted. */
export async function acceptedBy(em: SqlEntityManager, id: InvitationId, userId: Id<'usr'>): Promise<void> {
  await em.execute('update invitations set accepted_by = ? where id = ?', [uuidOf(userId), uuidOf(id)], 'run')
}

interface NewMembership {
  readonly id: Id<'mem'>
  readonly organizationId: OrganizationId
  readonly userId: Id<'usr'>
  readonly role: MembershipRole
  readonly now: Date
  /** The account was just created, and may have a membership from that: its role is updated. */
  readonly isNew: boolean
}

/** Inserts a membership; false: there is one already. */
export async function insertMembership(
  em: SqlEntityManager,
  { id, organizationId, userId, role, now, isNew }: NewMembership,
): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    sql`insert into memberships as m (id, organization_id, user_id, role, created_at, updated_at)
      values (${uuidOf(id)}, ${uuidOf(organizationId)}, ${uuidOf(userId)}, ${role}, ${now}, ${now})
      on conflict (user_id, organization_id) do update set role = excluded.role, updated_at = excluded.updated_at where ${isNew}::boolean returning 1`,
  )
  return rows.length > 0
}

/** Whether an address belongs to a member. The answer reveals nothing about other accounts. */
export async function isMemberWith(em: SqlEntityManager, organizationId: OrganizationId, email: string): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    'select 1 from memberships m join users u on u.id = m.user_id where m.organization_id = ? and u.email = ?',
    [uuidOf(organizationId), email],
  )
  return rows.length > 0
}
