import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineQuery } from '../../kernel/action.ts'
import { uuidOrNull } from '../../kernel/id.ts'
import { cutPage, openCursor } from '../../kernel/page.ts'
import { granted } from '../../kernel/rule.ts'
import type { OrganizationId } from '../../organizations/index.ts'
import { tenantTarget, requireTenant } from '../roles/index.ts'
import type { RoleId } from '../model.ts'
import type { Exclusion } from './model.ts'
import { selectExclusions } from './repository.ts'
import { separationSignatures as signatures } from './signatures.ts'

export const listExclusions = defineQuery(signatures.listExclusions, {
  allow: granted,
  target: tenantTarget,
  async handle({ open, ports }, { organizationId = null, roleId = null, kind = null, limit, cursor, total }) {
    const viewer = organizationId ?? 'installation'
    const scope = { action: signatures.listExclusions.name, filters: { roleId, kind }, viewer }
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    await requireTenant(em, organizationId)
    const which = { organizationId, roleId, kind }
    const rows = await exclusionsByName(em, which, position === null ? null : String(position[0]), limit)
    const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf: ({ name }) => [name] })
    return { items: [...shown], nextCursor, total: total ? await countExclusions(em, which) : null }
  },
})

interface ExclusionFilter {
  readonly organizationId: OrganizationId | null
  readonly roleId: RoleId | null
  readonly kind: Exclusion['kind'] | null
}

const selected = `e.organization_id is not distinct from ?::uuid and (?::text is null or e.kind = ?::text)
  and (?::uuid is null or exists (select 1 from role_exclusion_members m where m.exclusion_id = e.id and m.role_id = ?::uuid))`

function parametersOf({ organizationId, roleId, kind }: ExclusionFilter): readonly unknown[] {
  const role = uuidOrNull(roleId)
  return [uuidOrNull(organizationId), kind, kind, role, role]
}

/** One page by name, with one row more if there is a next page. */
function exclusionsByName(em: SqlEntityManager, which: ExclusionFilter, after: string | null, limit: number): Promise<Exclusion[]> {
  const rest = `where ${selected} and (?::text is null or e.name > ?::text) order by e.name limit ?`
  return selectExclusions(em, rest, [...parametersOf(which), after, after, limit + 1])
}

async function countExclusions(em: SqlEntityManager, which: ExclusionFilter): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(`select count(*)::int as count from role_exclusions e where ${selected}`, [
    ...parametersOf(which),
  ])
  return row?.count ?? 0
}
