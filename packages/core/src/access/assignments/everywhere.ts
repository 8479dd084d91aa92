import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Id } from '../../kernel/id.ts'
import { RoleAssignmentRow } from './entity.ts'
import type { RoleId } from '../model.ts'

interface NewAssignment {
  readonly id: Id<'asg'>
  readonly userId: Id<'usr'>
  readonly roleId: RoleId
  readonly grantedBy: Id<'usr'> | null
  /** The identity provider that assigns it, and may revoke it. */
  readonly provider?: string | null
  readonly now: Date
}

/** Assigns a role to a user everywhere, from now on and until it is revoked. Nothing is checked: callers decide who may. */
export function assignEverywhere(
  em: SqlEntityManager,
  { id, userId, roleId, grantedBy, provider = null, now }: NewAssignment,
): RoleAssignmentRow {
  const row = em.create(RoleAssignmentRow, {
    id,
    subjectKind: 'user',
    userId,
    teamId: null,
    teamOrganizationId: null,
    roleId,
    permission: null,
    scopeKind: 'system',
    organizationId: null,
    scopeTeamId: null,
    resourceId: null,
    validFrom: now,
    validUntil: null,
    condition: null,
    grantedBy,
    grantedAt: now,
    provider,
    revokedBy: null,
    revokedAt: null,
  })
  em.persist(row)
  return row
}

/** The current assignment of a role to a user everywhere, whenever it begins or ends; null: there is none. */
export function currentAssignmentEverywhere(em: SqlEntityManager, userId: Id<'usr'>, roleId: RoleId): Promise<RoleAssignmentRow | null> {
  return em.findOne(RoleAssignmentRow, { userId, roleId, scopeKind: 'system', revokedAt: null })
}
