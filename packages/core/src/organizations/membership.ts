import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext } from '../kernel/context.ts'
import { uuidOf } from '../kernel/id.ts'
import type { UserId } from '../users/index.ts'
import type { MembershipRole, OrganizationId } from './model.ts'
import { withdrawInvitations } from './withdrawal.ts'

interface Who {
  readonly organizationId: OrganizationId
  readonly userId: UserId
}

interface Membership extends Who {
  readonly role: MembershipRole
}

/** Makes a user a member; one who is it already is a conflict. */
export async function insertMembership({ em, now, newId }: CommandContext, { organizationId, userId, role }: Membership): Promise<void> {
  await em.execute(
    'insert into memberships (id, organization_id, user_id, role, created_at, updated_at) values (?, ?, ?, ?, ?, ?)',
    [uuidOf(newId('mem')), uuidOf(organizationId), uuidOf(userId), role, now, now],
    'run',
  )
}

/** The role of a member, whose seat in a team nobody gives or takes until this transaction is over; null: it is none. */
export async function lockMembership(em: SqlEntityManager, { organizationId, userId }: Who): Promise<MembershipRole | null> {
  const [row] = await em.execute<{ role: MembershipRole }[]>(
    'select role from memberships where organization_id = ? and user_id = ? for update',
    [uuidOf(organizationId), uuidOf(userId)],
  )
  return row?.role ?? null
}

export async function setRole(em: SqlEntityManager, { organizationId, userId, role }: Membership, now: Date): Promise<void> {
  await em.execute(
    'update memberships set role = ?, updated_at = ? where organization_id = ? and user_id = ?',
    [role, now, uuidOf(organizationId), uuidOf(userId)],
    'run',
  )
}

/** What went with a membership. */
interface Lost {
  readonly teamsLeft: number
  readonly invitationsRevoked: number
  readonly rolesLost: number
}

/**
 * Ends a membership, and with it all that the member had by it: seats in teams,
 * invitations that were sent, roles that were given in the organization, and that
 * sessions are in it. Who comes back begins anew.
 */
export async function deleteMembership({ em, now, actor }: CommandContext, { organizationId, userId }: Who): Promise<Lost> {
  const [organization, user] = [uuidOf(organizationId), uuidOf(userId)]
  const by = actor.kind === 'user' ? uuidOf(actor.principal.userId) : null
  const seats = await em.execute<unknown[]>('delete from team_members where organization_id = ? and user_id = ? returning 1', [
    organization,
    user,
  ])
  const invitationsRevoked = await withdrawInvitations(em, organizationId, userId, now)
  const roles = await em.execute<unknown[]>(
    `update role_assignments set revoked_at = ?, revoked_by = ? where organization_id = ? and user_id = ? and revoked_at is null
      and (valid_until is null or valid_until > ?) returning 1`,
    [now, by, organization, user, now],
  )
  await em.execute('update sessions set organization_id = null where user_id = ? and organization_id = ?', [user, organization], 'run')
  await em.execute('delete from memberships where organization_id = ? and user_id = ?', [organization, user], 'run')
  return { teamsLeft: seats.length, invitationsRevoked, rolesLost: roles.length }
}
