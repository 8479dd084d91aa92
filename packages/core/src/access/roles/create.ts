import { requireKnownPermissions } from '../../grants/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import { granted } from '../../kernel/rule.ts'
import { requireHeldPermissions, usableRoles } from './authority.ts'
import { refreshClosure } from './closure.ts'
import { RoleRow } from './entity.ts'
import { lockRoleHierarchy } from './hierarchy-lock.ts'
import { addPermissions } from './permissions.ts'
import { requireActiveTenant, roleTarget, shownRole, tenantTarget } from './repository.ts'
import { addInclusions, refuseTooLarge } from './set-parents.ts'
import { rolesSignatures as signatures } from './signatures.ts'

export const createRole = defineCommand(signatures.create, {
  allow: granted,
  target: tenantTarget,
  async handle(context, { organizationId = null, name, description = null, permissions, includes }) {
    const { em, actor, now } = context
    requireKnownPermissions(context.catalogue, permissions)
    await lockRoleHierarchy(em, organizationId, 'use')
    await requireActiveTenant(em, organizationId)
    requireHeldPermissions(actor, permissions, organizationId)
    const included = await usableRoles(em, actor, { roleIds: includes, organizationId })
    const id = context.newId('rol')
    const stamps = { version: 1, createdAt: now, updatedAt: now, deletedAt: null }
    em.persist(em.create(RoleRow, { id, organizationId, name, description, builtIn: false, ...stamps }))
    await em.flush()
    await addPermissions(context, id, [...new Set(permissions)])
    await addInclusions(
      context,
      id,
      included.map((role) => role.id),
    )
    await refreshClosure(em, [id])
    await refuseTooLarge(em, id)
    context.note({ target: { type: roleTarget.type, id }, organizationId, changes: { name, permissions, includes } })
    context.emit({ type: 'roles.created', subject: id, organizationId, payload: { roleId: id, organizationId, name } })
    return shownRole(em, id)
  },
})
