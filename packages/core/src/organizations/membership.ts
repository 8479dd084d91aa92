import type { SqlEntityManager } from '@mikro-orm/sql'
import { recordEndedState, recordFormerStates } from '../history/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import { uuidOf } from '../kernel/id.ts'
import type { UserId } from '../users/index.ts'
import type { MembershipRole, OrganizationId } from './model.ts'
import { revokeInvitations } from './revoke-invitations.ts'

interface MembershipKey {
  readonly organizationId: OrganizationId
  readonly userId: UserId
}

interface Membership extends MembershipKey {
  readonly role: MembershipRole
}

/** Inserts a membership; a conflict if there is one already. */
export async function insertMembership({ em, now, newId }: CommandContext, { organizationId, userId, role }: Membership): Promise<void> {
  await em.execute(
    'insert into memberships (id, organization_id, user_id, role, created_at, updated_at) values (?, ?, ?, ?, ?, ?)',
    [uuidOf(newId('mem')), uuidOf(organizationId), uuidOf(userId), role, now, now],
    'run',
  )
}

/** Locks a membership, so that its seats in teams do not change, and returns its role; null: no member. */
export async function lockMembership(em: SqlEntityManager, { organizationId, userId }: MembershipKey): Promise<MembershipRole | null> {
  const [row] = await em.execute<{ role: MembershipRole }[]>(
    'select role from memberships where organization_id = ? and user_id = ? for update',
    [uuidOf(organizationId), uuidOf(userId)],
  )
  return row?.role ?? null
}

/** Changes the role of a member, and records the former one. */
export async function setRole(em: SqlEntityManager, { organizationId, userId, role }: Membership, now: Date): Promise<void> {
  await rememberMembership(em, { organizationId, userId }, now)
  await em.execute(
    'update memberships set role = ?, updated_at = ? where organization_id = ? and user_id = ?',
    [role, now, uuidOf(organizationId), uuidOf(userId)],
    'run',
  )
}

/** Records the membership that ends or changes now, for `access.at`. */
async function rememberMembership(em: SqlEntityManager, { organizationId, userId }: MembershipKey, now: Date): Promise<void> {
  const [row] = await em.execute<{ role: MembershipRole; since: number }[]>(
    `select role, (extract(epoch from created_at) * 1000)::float8 as since from memberships where organization_id = ? and user_id = ?`,
    [uuidOf(organizationId), uuidOf(userId)],
  )
  if (row === undefined) return
  const state = { kind: 'membership', subjectId: uuidOf(userId), objectId: uuidOf(organizationId), value: row.role } as const
  await recordEndedState(em, { ...state, since: new Date(row.since) }, now)
}

/** Removes a user from all teams of an organization, records the former seats, and returns how many there were. */
async function leaveTeams(em: SqlEntityManager, { organizationId, userId }: MembershipKey, now: Date): Promise<number> {
  const seats = await em.execute<{ team: string; since: number }[]>(
    `delete from team_members where organization_id = ? and user_id = ?
      returning team_id::text as team, (extract(epoch from created_at) * 1000)::float8 as since`,
    [uuidOf(organizationId), uuidOf(userId)],
  )
  const former = seats.map(({ team, since }) => ({
    kind: 'seat' as const,
    subjectId: uuidOf(userId),
    objectId: team,
    value: null,
    beganAt: new Date(since),
  }))
  await recordFormerStates(em, former, now)
  return seats.length
}

/** What ended with a membership. */
interface Lost {
  readonly teamsLeft: number
  readonly invitationsRevoked: number
  readonly rolesLost: number
}

/**
 * Ends a membership, and everything that came with it: seats in teams,
 * sent invitations, roles in the organization, and the organization of
 * sessions. A returning member starts anew.
 */
export async function deleteMembership({ em, now, actor }: CommandContext, { organizationId, userId }: MembershipKey): Promise<Lost> {
  const [organization, user] = [uuidOf(organizationId), uuidOf(userId)]
  const by = actor.kind === 'user' ? uuidOf(actor.principal.userId) : null
  const teamsLeft = await leaveTeams(em, { organizationId, userId }, now)
  const invitationsRevoked = await revokeInvitations(em, organizationId, userId, now)
  const roles = await em.execute<unknown[]>(
    `update role_assignments set revoked_at = ?, revoked_by = ? where organization_id = ? and user_id = ? and revoked_at is null
      and (valid_until is null or valid_until > ?) returning 1`,
    [now, by, organization, user, now],
  )
  await em.execute('update sessions set organization_id = null where user_id = ? and organization_id = ?', [user, organization], 'run')
  await rememberMembership(em, { organizationId, userId }, now)
  await em.execute('delete from memberships where organization_id = ? and user_id = ?', [organization, user], 'run')
  return { teamsLeft, invitationsRevoked, rolesLost: roles.length }
}
