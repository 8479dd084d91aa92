import { defineCommand } from '../kernel/action.ts'
import { change, changedFields } from '../kernel/row.ts'
import { granted } from '../kernel/rule.ts'
import { expectVersion } from '../kernel/version.ts'
import { ResourceRow } from './entity.ts'
import { lockResource, shownResource } from './repository.ts'
import { resourcesSignatures } from './signatures.ts'
import { changedResourceTarget } from './targets.ts'

export const updateResource = defineCommand(resourcesSignatures.update, {
  allow: granted,
  target: changedResourceTarget,
  async handle(context, { resourceId, version, ...patch }) {
    const { em, now } = context
    const { organizationId } = await lockResource(em, resourceId, 'update')
    const row = await em.findOneOrFail(ResourceRow, { id: resourceId })
    expectVersion(row, version)
    const changed = changedFields(row, patch)
    const fields = Object.keys(changed)
    if (fields.length === 0) return shownResource(em, resourceId)
    change(row, { ...changed, updatedAt: now })
    await em.flush()
    context.note({ changes: changed })
    context.emit({ type: 'resources.updated', subject: resourceId, organizationId, payload: { resourceId, organizationId, fields } })
    return shownResource(em, resourceId)
  },
})
