import { requireKnownPermissions } from '../../grants/index.ts'
import type { RoleId } from '../model.ts'
import { defineCommand } from '../../kernel/action.ts'
import { callerId } from '../../kernel/actor.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { uuidOf, uuidOrNull } from '../../kernel/id.ts'
import { granted } from '../../kernel/rule.ts'
import { requireHeldPermissions, requireHeldRole } from './authority.ts'
import { tooManyInRole } from './errors.ts'
import { mostPermissions } from './hierarchy.ts'
import { lockRoleHierarchy } from './hierarchy-lock.ts'
import { holdersOf, lockTeamsOf, requireHoldersLocked } from './holders.ts'
import { existingRole, lockedRole, roleTarget, shownRole, bumpVersion } from './repository.ts'
import { rolesSignatures as signatures } from './signatures.ts'

export const grantRolePermission = defineCommand(signatures.grantPermission, {
  allow: granted,
  target: roleTarget,
  async handle(context, { roleId, permission }) {
    const { em, actor } = context
    requireKnownPermissions(context.catalogue, [permission])
    const { organizationId } = await lockedHeldRole(context, roleId)
    requireHeldPermissions(actor, [permission], organizationId)
    const { permissions, ...before } = await shownRole(em, roleId)
    if (permissions.includes(permission)) return { role: { permissions, ...before }, changed: false }
    if (permissions.length >= mostPermissions) throw tooManyInRole({ what: 'permissions', limit: mostPermissions })
    await addPermissions(context, roleId, [permission])
    await bumpVersion(context, roleId)
    recordPermissionChange(context, 'roles.permissionGranted', { roleId, organizationId, permission })
    context.invalidate(roleId, { when: 'soon' })
    return { role: await shownRole(em, roleId), changed: true }
  },
})

export const revokeRolePermission = defineCommand(signatures.revokePermission, {
  allow: granted,
  takesPrecedence: 'inOrganization',
  target: roleTarget,
  prepare: ({ reader, now }: PrepareContext, { roleId }) => holdersOf(reader, roleId, now),
  locks: (holders) => holders,
  async handle(context, { roleId, permission }) {
    const { em, now } = context
    await lockTeamsOf(context, roleId)
    // Nobody gets the role through another one meanwhile.
    await lockRoleHierarchy(em, (await existingRole(em, roleId)).organizationId, 'use')
    const { organizationId } = await lockedHeldRole(context, roleId)
    const rows = await em.execute<unknown[]>(
      'update role_permissions set revoked_at = ?, revoked_by = ? where role_id = ? and permission = ? and revoked_at is null returning 1',
      [now, callerUuid(context), uuidOf(roleId), permission],
    )
    if (rows.length === 0) return { role: await shownRole(em, roleId), changed: false }
    await requireHoldersLocked(context, roleId)
    await bumpVersion(context, roleId)
    recordPermissionChange(context, 'roles.permissionRevoked', { roleId, organizationId, permission })
    context.invalidate(roleId, { when: 'now' })
    return { role: await shownRole(em, roleId), changed: true }
  },
})

/** Locks a role for an actor who holds all of its permissions. */
async function lockedHeldRole({ em, actor }: CommandContext, roleId: RoleId) {
  const role = await lockedRole(em, roleId)
  await requireHeldRole(em, actor, role)
  return role
}

function recordPermissionChange(
  context: CommandContext,
  type: string,
  payload: { roleId: RoleId; organizationId: `org_${string}` | null; permission: string },
) {
  const { roleId, organizationId, permission } = payload
  context.note({ changes: { permission } })
  context.emit({ type, subject: roleId, organizationId, payload })
}

/** Adds permissions that the role does not have yet. */
export async function addPermissions(context: CommandContext, roleId: RoleId, permissions: readonly string[]): Promise<void> {
  if (permissions.length === 0) return
  await context.em.execute(
    `insert into role_permissions (role_id, permission, granted_by, granted_at)
      select ?::uuid, p, ?::uuid, ?::timestamptz from json_array_elements_text(?::json) p`,
    [uuidOf(roleId), callerUuid(context), context.now, JSON.stringify(permissions)],
    'run',
  )
}

function callerUuid({ actor }: CommandContext): string | null {
  const caller = callerId(actor)
  return uuidOrNull(caller)
}
