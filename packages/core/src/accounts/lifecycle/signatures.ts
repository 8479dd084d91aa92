import { z } from 'zod'
import { changes, group } from '../../kernel/signature.ts'
import { singleLine } from '../../text/index.ts'
import { versionRead } from '../../kernel/version.ts'
import { lastOwner } from '../../organizations/errors.ts'
import { membershipRole, OrganizationSummary } from '../../organizations/model.ts'
import { archivedUser, lastSuperadmin, lockedByOperator, notArchived, notPromotable, restoreWindowOver } from '../../users/errors.ts'
import { ManagedUser } from '../../users/model.ts'
import { userId } from '../../kernel/ids.ts'

/** Archiving is a separate action: it does more than change the status. */
const settableStatus = z.enum(['active', 'inactive', 'suspended'])
const reason = singleLine(500)
const ended = { sessionsEnded: z.int(), tokensEnded: z.int() }

/** The actions of `users` that are made here. */
export const lifecycleSignatures = group('users', {
  setStatus: changes({
    summary: 'Activate, deactivate or suspend a user',
    grantedTo: ['admin'],
    errors: [lastSuperadmin, archivedUser, lockedByOperator],
    input: z.strictObject({
      userId,
      status: settableStatus,
      reason: reason.optional(),
      releaseGrants: z.boolean().default(false).meta({ description: 'also unfreeze the roles and memberships that users.contain froze' }),
      version: versionRead,
    }),
    output: z.object({ user: ManagedUser, ...ended }),
  }),
  archive: changes({
    summary: 'Archive a user: its sessions and tokens end, its name and address stay reserved, and it can be restored',
    grantedTo: ['admin'],
    errors: [lastSuperadmin, archivedUser, lastOwner],
    input: z.strictObject({ userId, reason: reason.optional(), version: versionRead }),
    output: z.object({
      user: ManagedUser,
      ...ended,
      invitationsRevoked: z.int(),
      restorableUntil: z.date(),
    }),
  }),
  restore: changes({
    summary: 'Restore an archived user; its sessions and tokens stay ended',
    grantedTo: ['admin'],
    errors: [notArchived, restoreWindowOver, lockedByOperator],
    input: z.strictObject({ userId, version: versionRead }),
    output: ManagedUser,
  }),
  setLegalHold: changes({
    summary: 'Put a user on legal hold, so that none of its data can be purged, or lift the hold',
    input: z.strictObject({ userId, legalHold: z.boolean(), reason: reason.optional(), version: versionRead }),
    output: ManagedUser,
  }),
  promote: changes({
    summary: 'Make a user a superadmin',
    errors: [notPromotable],
    input: z.strictObject({ userId, reason: reason.optional() }),
    output: z.object({ outcome: z.enum(['promoted', 'alreadyAdmin']), userId }),
  }),
  demote: changes({
    summary: 'Revoke the role superadmin from a user',
    errors: [lastSuperadmin],
    input: z.strictObject({ userId, reason: reason.optional() }),
    output: z.object({ outcome: z.enum(['demoted', 'notAdmin']), userId }),
  }),
  contain: changes({
    summary: 'In an incident: suspend a user, end its sessions, revoke its tokens, freeze its grants, and report recent activity',
    grantedTo: ['admin'],
    errors: [lastSuperadmin, archivedUser],
    input: z.strictObject({ userId, reason: reason.pipe(z.string().min(1)) }),
    output: z.object({
      user: ManagedUser,
      ...ended,
      rolesFrozen: z.array(z.string()),
      organizations: z.array(z.object({ organization: OrganizationSummary, role: membershipRole })),
      invitationsRevoked: z.int(),
      recentSessions: z.array(
        z.object({ ip: z.string().nullable(), userAgent: z.string().nullable(), createdAt: z.date(), endedAt: z.date().nullable() }),
      ),
      recentSignIns: z.array(z.object({ outcome: z.string(), ip: z.string().nullable(), userAgent: z.string().nullable(), at: z.date() })),
      recentActions: z.array(
        z.object({ action: z.string(), outcome: z.string(), targetId: z.string().nullable(), ip: z.string().nullable(), at: z.date() }),
      ),
    }),
  }),
})
