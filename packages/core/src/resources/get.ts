import { defineQuery } from '../kernel/action.ts'
import { callerId, type Actor } from '../kernel/actor.ts'
import { notFound } from '../kernel/errors.ts'
import { idOf, uuidOf } from '../kernel/id.ts'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { granted, type Target } from '../kernel/rule.ts'
import type { TargetFinder } from '../kernel/action.ts'
import type { OrganizationId } from '../organizations/index.ts'
import type { ResourceId } from './model.ts'
import { selectResources, type Condition } from './repository.ts'
import { resourcesSignatures } from './signatures.ts'
import { targetOf } from './targets.ts'

interface NamesResource {
  readonly resourceId?: ResourceId | undefined
  readonly type?: string | undefined
  readonly key?: string | undefined
  readonly organizationId?: OrganizationId | undefined
}

const namedTarget = {
  type: 'resource',
  async find(em: SqlEntityManager, named: NamesResource, actor: Actor): Promise<Target | null> {
    const resourceId = named.resourceId ?? (await idByKey(em, conditionOf(named, actor)))
    return resourceId === null
      ? null
      : targetOf(em, resourceId, actor, { organizationId: named.organizationId, action: resourcesSignatures.get.name })
  },
} satisfies TargetFinder<NamesResource>

export const getResource = defineQuery(resourcesSignatures.get, {
  allow: granted,
  target: namedTarget,
  async handle({ open, actor }, named) {
    const [resource] = await selectResources(await open(), conditionOf(named, actor), 1)
    if (resource === undefined) throw notFound({ type: namedTarget.type })
    return resource
  },
})

/** A key identifies a resource in the named organization, else among the caller's own outside of organizations. */
function conditionOf({ resourceId, type, key, organizationId }: NamesResource, actor: Actor): Condition {
  const there = organizationId === undefined ? [] : [uuidOf(organizationId)]
  if (resourceId !== undefined)
    return { sql: ['r.id = ?', ...there.map(() => 'r.organization_id = ?')].join(' and '), parameters: [uuidOf(resourceId), ...there] }
  const caller = callerId(actor)
  const [owner] = there.length > 0 || caller === null ? there : [uuidOf(caller)]
  return {
    sql: 'coalesce(r.organization_id, r.owner_user_id) = ?::uuid and r.type = ? and r.key = ?',
    parameters: [owner ?? null, type, key],
  }
}

async function idByKey(em: SqlEntityManager, { sql, parameters }: Condition): Promise<ResourceId | null> {
  const [row] = await em.execute<{ id: string }[]>(`select r.id::text as id from resources r where r.deleted_at is null and ${sql}`, [
    ...parameters,
  ])
  return row === undefined ? null : idOf('res', row.id)
}
