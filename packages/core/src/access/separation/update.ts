import { defineCommand } from '../../kernel/action.ts'
import { uuidOf } from '../../kernel/id.ts'
import { granted } from '../../kernel/rule.ts'
import { expectVersion } from '../../kernel/version.ts'
import { changedExclusion, excludableRoles } from './authority.ts'
import { emitExclusion } from './events.ts'
import { addMembers, exclusionTarget, existingExclusion, removeMembers } from './repository.ts'
import { enforceSet } from './set-guard.ts'
import { separationSignatures as signatures } from './signatures.ts'

export const updateExclusion = defineCommand(signatures.updateExclusion, {
  allow: granted,
  target: exclusionTarget,
  async handle(context, { exclusionId, version, name, addRoleIds = [], removeRoleIds = [], cardinality }) {
    const { em, now } = context
    const before = await changedExclusion(context, exclusionId)
    expectVersion(before, version)
    const there = before.roles.map(({ id }) => id)
    const added = [...new Set(addRoleIds)].filter((id) => !there.includes(id) && !removeRoleIds.includes(id))
    const removed = there.filter((id) => removeRoleIds.includes(id))
    await addMembers(em, exclusionId, await excludableRoles(context, added, before.organizationId))
    await removeMembers(em, exclusionId, removed)
    const fields = { name: name ?? before.name, cardinality: cardinality ?? before.cardinality }
    if (added.length + removed.length === 0 && fields.name === before.name && fields.cardinality === before.cardinality) return before
    await em.execute(
      'update role_exclusions set name = ?, cardinality = ?, version = version + 1, updated_at = ? where id = ?',
      [fields.name, fields.cardinality, now, uuidOf(exclusionId)],
      'run',
    )
    const after = await existingExclusion(em, exclusionId)
    const stricter = added.length > 0 || after.cardinality < before.cardinality
    await enforceSet(context, after, { stricter, concerned: [...there, ...added] })
    context.note({ changes: { ...fields, added, removed } })
    emitExclusion(context, 'access.exclusionUpdated', after)
    return after
  },
})
