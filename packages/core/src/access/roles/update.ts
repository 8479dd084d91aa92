import { defineCommand } from '../../kernel/action.ts'
import { change, changedFields } from '../../kernel/row.ts'
import { granted } from '../../kernel/rule.ts'
import { expectVersion } from '../../kernel/version.ts'
import { requireHeldRole } from './authority.ts'
import { lockedRole, roleTarget, shownRole } from './repository.ts'
import { rolesSignatures as signatures } from './signatures.ts'

export const updateRole = defineCommand(signatures.update, {
  allow: granted,
  target: roleTarget,
  async handle(context, { roleId, version, ...patch }) {
    const { em, now } = context
    const role = await lockedRole(em, roleId)
    expectVersion(role, version)
    await requireHeldRole(em, context.actor, role)
    const changed = changedFields(role, patch)
    const fields = Object.keys(changed)
    if (fields.length === 0) return shownRole(em, roleId)
    const { organizationId } = role
    change(role, { ...changed, updatedAt: now })
    await em.flush()
    context.note({ changes: changed })
    context.emit({ type: 'roles.updated', subject: roleId, organizationId, payload: { roleId, organizationId, fields } })
    // Sessions show the name.
    if (fields.includes('name')) context.invalidate(roleId, { when: 'soon' })
    return shownRole(em, roleId)
  },
})
