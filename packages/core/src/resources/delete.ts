import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand } from '../kernel/action.ts'
import { callerId } from '../kernel/actor.ts'
import { uuidOf, uuidOrNull, uuidsOf } from '../kernel/id.ts'
import { granted } from '../kernel/rule.ts'
import { notEmpty } from './errors.ts'
import type { ResourceId } from './model.ts'
import { countResources, lockResource, lockTree } from './repository.ts'
import { resourcesSignatures } from './signatures.ts'
import { changedResourceTarget } from './targets.ts'

/** A deleted resource and its assignments stay as history; its key can be used again. */
export const deleteResource = defineCommand(resourcesSignatures.delete, {
  allow: granted,
  takesPrecedence: 'inOrganization',
  target: changedResourceTarget,
  async handle(context, { resourceId, recursive }) {
    const { em, now, actor } = context
    const { organizationId, type } = await lockResource(em, resourceId, 'update')
    if (!recursive) await refuseUnlessEmpty(em, resourceId)
    const ids = recursive ? (await lockTree(em, resourceId)).map(({ id }) => id) : [resourceId]
    const by = callerId(actor)
    const ending = [now, uuidOrNull(by), uuidsOf(ids)]
    await em.execute('update resources set deleted_at = ?, deleted_by = ?, version = version + 1 where id = any(?::uuid[])', ending, 'run')
    const ended = await em.execute<unknown[]>(
      `update role_assignments set revoked_at = ?, revoked_by = ? where resource_id = any(?::uuid[]) and revoked_at is null
        and (valid_until is null or valid_until > ?) returning 1`,
      [...ending, now],
    )
    const counts = { deleted: ids.length, assignmentsEnded: ended.length }
    context.note({ changes: { type, ...counts } })
    for (const id of ids)
      context.emit({ type: 'resources.deleted', subject: id, organizationId, payload: { resourceId: id, organizationId } })
    // Resources inside are covered by the same key: grants on them depend on all ancestors.
    context.invalidate(resourceId, { when: 'now' })
    return { resourceId, ...counts }
  },
})

/** The lock keeps others from putting anything into it. */
async function refuseUnlessEmpty(em: SqlEntityManager, resourceId: ResourceId): Promise<void> {
  const [outer, id] = [uuidsOf([resourceId]), uuidOf(resourceId)]
  const count = await countResources(em, { sql: 'r.path @> ?::uuid[] and r.id <> ?', parameters: [outer, id] })
  if (count > 0) throw notEmpty({ count })
}
