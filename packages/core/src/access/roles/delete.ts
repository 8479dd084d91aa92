import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand } from '../../kernel/action.ts'
import { callerId } from '../../kernel/actor.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { idOf, uuidOf, uuidOrNull } from '../../kernel/id.ts'
import { granted } from '../../kernel/rule.ts'
import type { RoleId } from '../model.ts'
import { removeFromSets, setsNeeding } from '../separation/set-guard.ts'
import { requireHeldRole } from './authority.ts'
import { roleExcluded, roleIncluded } from './errors.ts'
import { lockRoleHierarchy } from './hierarchy-lock.ts'
import { holdersOf, lockTeamsOf, requireHoldersLocked } from './holders.ts'
import { existingRole, lockedRole, roleTarget } from './repository.ts'
import { rolesSignatures as signatures } from './signatures.ts'

/** The row stays as history: its permissions, inclusions and assignments. A later role of the same name is another role. */
export const deleteRole = defineCommand(signatures.delete, {
  allow: granted,
  takesPrecedence: 'inOrganization',
  target: roleTarget,
  prepare: ({ reader, now }: PrepareContext, { roleId }) => holdersOf(reader, roleId, now),
  locks: (holders) => holders,
  async handle(context, { roleId }) {
    const { em } = context
    await lockTeamsOf(context, roleId)
    await lockRoleHierarchy(em, (await existingRole(em, roleId)).organizationId, 'change')
    const role = await lockedRole(em, roleId)
    await requireHeldRole(em, context.actor, role)
    await requireUnneeded(em, roleId)
    await requireHoldersLocked(context, roleId)
    const { organizationId, name } = role
    const exclusionsLeft = await removeFromSets(em, roleId)
    const assignmentsEnded = await endRole(context, roleId)
    context.note({ changes: { name, assignmentsEnded, exclusionsLeft } })
    const payload = { roleId, organizationId, name, assignmentsEnded }
    context.emit({ type: 'roles.deleted', subject: roleId, organizationId, payload })
    context.invalidate(roleId, { when: 'now' })
    return { roleId, assignmentsEnded, exclusionsLeft }
  },
})

/** A role that other roles include, or that a set needs, is not deleted. */
async function requireUnneeded(em: SqlEntityManager, roleId: RoleId): Promise<void> {
  const rows = await em.execute<{ id: string; name: string }[]>(
    `select r.id::text as id, r.name from role_inclusions n join roles r on r.id = n.role_id
      where n.included_id = ? and n.removed_at is null order by r.name, r.id`,
    [uuidOf(roleId)],
  )
  if (rows.length > 0) throw roleIncluded({ by: rows.map(({ id, name }) => ({ id: idOf('rol', id), name })) })
  const exclusions = await setsNeeding(em, roleId)
  if (exclusions.length > 0) throw roleExcluded({ exclusions })
}

/** Ends a role with its permissions, inclusions and assignments. Returns how many assignments it ended. */
async function endRole({ em, actor, now }: CommandContext, roleId: RoleId): Promise<number> {
  const caller = callerId(actor)
  const [role, by] = [uuidOf(roleId), uuidOrNull(caller)]
  const ended = await em.execute<unknown[]>(
    'update role_assignments set revoked_at = ?, revoked_by = ? where role_id = ? and revoked_at is null returning 1',
    [now, by, role],
  )
  const ending = [
    'update role_permissions set revoked_at = ?, revoked_by = ? where role_id = ? and revoked_at is null',
    'update role_inclusions set removed_at = ?, removed_by = ? where role_id = ? and removed_at is null',
  ]
  for (const statement of ending) await em.execute(statement, [now, by, role], 'run')
  await em.execute('delete from role_closure where role_id = ?', [role], 'run')
  await em.execute('update roles set deleted_at = ?, updated_at = ?, version = version + 1 where id = ?', [now, now, role], 'run')
  return ended.length
}
