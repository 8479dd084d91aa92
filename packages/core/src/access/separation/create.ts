import { defineCommand } from '../../kernel/action.ts'
import { granted } from '../../kernel/rule.ts'
import { lockRoleHierarchy } from '../roles/hierarchy-lock.ts'
import { requireActiveTenant, tenantTarget } from '../roles/index.ts'
import { excludableRoles } from './authority.ts'
import { ExclusionRow } from './entity.ts'
import { emitExclusion } from './events.ts'
import { addMembers, exclusionTarget, existingExclusion } from './repository.ts'
import { enforceSet } from './set-guard.ts'
import { separationSignatures as signatures } from './signatures.ts'

export const createExclusion = defineCommand(signatures.createExclusion, {
  allow: granted,
  target: tenantTarget,
  async handle(context, { organizationId = null, name, kind, roleIds, cardinality }) {
    const { em, now } = context
    await lockRoleHierarchy(em, organizationId, 'change')
    await requireActiveTenant(em, organizationId)
    const members = await excludableRoles(context, [...new Set(roleIds)], organizationId)
    const id = context.newId('exc')
    em.persist(em.create(ExclusionRow, { id, organizationId, name, kind, cardinality, version: 1, createdAt: now, updatedAt: now }))
    await em.flush()
    await addMembers(em, id, members)
    const made = await existingExclusion(em, id)
    await enforceSet(context, made, { stricter: true, concerned: members })
    context.note({ target: { type: exclusionTarget.type, id }, organizationId, changes: { name, kind, cardinality, roleIds: members } })
    emitExclusion(context, 'access.exclusionCreated', made)
    return made
  },
})
