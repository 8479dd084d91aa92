import type { SqlEntityManager } from '@mikro-orm/sql'
import { change, changedFields } from '../kernel/row.ts'
import { defineCommand } from '../kernel/action.ts'
import type { CommandContext } from '../kernel/context.ts'
import { idOf, uuidOf, type Id } from '../kernel/id.ts'
import { allOf, granted, withInstallationFields } from '../kernel/rule.ts'
import type { ParsedInputOf } from '../kernel/signature.ts'
import { expectVersion } from '../kernel/version.ts'
import type { OrganizationRow } from './entity.ts'
import { slugReserved } from './errors.ts'
import type { OrganizationId } from './model.ts'
import { administers } from './rules.ts'
import { shownOrganization } from './queries.ts'
import { emitOrganizationEvent, rememberStatus } from './record.ts'
import { changedOrganization, organizationTarget } from './repository.ts'
import { installationFields, organizationsSignatures } from './signatures.ts'

type Patch = Omit<ParsedInputOf<typeof organizationsSignatures.update>, 'organizationId' | 'version'>

/** A seat limit may be below the number of members: nobody is removed, and nobody can join until there are fewer. */
export const updateOrganization = defineCommand(organizationsSignatures.update, {
  allow: allOf(granted, withInstallationFields(...installationFields)),
  takesPrecedence: 'inOrganization',
  target: organizationTarget,
  async handle(context, { organizationId, version, ...patch }) {
    const { em } = context
    const organization = await changedOrganization(em, organizationId)
    expectVersion(organization, version)
    const { status: before } = organization
    const fields = await applyPatch(context, organization, patch)
    const status = fields.includes('status') ? { status: [before, organization.status] } : {}
    context.note({ changes: { fields, ...status } })
    return shownOrganization(em, organizationId)
  },
})

/** Returns the fields that changed. If none did, nothing is written and the version stays. */
async function applyPatch(context: CommandContext, organization: OrganizationRow, patch: Patch): Promise<readonly string[]> {
  const changed = changedFields(organization, patch)
  const fields: readonly string[] = Object.keys(changed)
  if (fields.length === 0) return fields
  if (fields.includes('slug')) requireNotReserved(context, organization.slug, patch.slug)
  if (fields.includes('status')) await rememberStatus(context, organization)
  change(organization, { ...changed, updatedAt: context.now })
  const { id, status } = organization
  emitOrganizationEvent(context, 'organizations.updated', id, { fields, ...(fields.includes('status') && { status }) })
  await context.em.flush()
  if (fields.includes('status') && status === 'active') await refreshMembers(context, id)
  else if (fields.some((field) => principalFields.has(field))) context.invalidate(id, { when: 'now' })
  return fields
}

/** Fields that principals depend on. */
const principalFields: ReadonlySet<string> = new Set(['slug', 'status', 'resourcePolicy'])

/** New users join the organization with the configured slug, so only administrators may assign or change it. */
function requireNotReserved({ settings, actor }: CommandContext, before: string, after: string | undefined): void {
  const reserved = settings.defaultOrganization
  if ((before === reserved || after === reserved) && !administers(actor)) throw slugReserved({})
}

/** A reactivated organization is not among the memberships of cached principals, so these are invalidated by user. */
export async function refreshMembers(context: CommandContext, organizationId: OrganizationId): Promise<void> {
  for (const userId of await membersWithSessions(context.em, organizationId, context.now)) context.invalidate(userId, { when: 'soon' })
}

async function membersWithSessions(em: SqlEntityManager, organizationId: OrganizationId, now: Date): Promise<Id<'usr'>[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select m.user_id::text as id from memberships m where m.organization_id = ?
      and exists (select 1 from sessions s where s.user_id = m.user_id and s.ended_at is null and s.expires_at > ?)`,
    [uuidOf(organizationId), now],
  )
  return rows.map(({ id }) => idOf('usr', id))
}
