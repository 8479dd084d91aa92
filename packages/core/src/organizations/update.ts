import { equals } from '@mikro-orm/core'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand } from '../kernel/action.ts'
import type { CommandContext } from '../kernel/context.ts'
import { idOf, uuidOf, type Id } from '../kernel/id.ts'
import { allOf, granted, withOperatorFields } from '../kernel/rule.ts'
import type { ParsedInputOf } from '../kernel/signature.ts'
import { expectVersion } from '../kernel/version.ts'
import type { OrganizationRow } from './entity.ts'
import { slugReserved } from './errors.ts'
import type { OrganizationId } from './model.ts'
import { administers } from './rules.ts'
import { shownOrganization } from './queries.ts'
import { emitOrganizationEvent, rememberStatus } from './record.ts'
import { changedOrganization, organizationTarget } from './repository.ts'
import { organizationOperatorFields, organizationsSignatures } from './signatures.ts'

type Patch = Omit<ParsedInputOf<typeof organizationsSignatures.update>, 'organizationId' | 'version'>

/** A seat limit may be set below the number of members: nobody loses their seat, and nobody joins until there are fewer. */
export const updateOrganization = defineCommand(organizationsSignatures.update, {
  allow: allOf(granted, withOperatorFields(...organizationOperatorFields)),
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

/** Gives the fields that are different now. When none is, nothing is written and the version stays. */
async function applyPatch(context: CommandContext, organization: OrganizationRow, patch: Patch): Promise<readonly string[]> {
  const changed = Object.entries(patch).filter(
    ([field, value]) => value !== undefined && !equals(value, organization[field as keyof OrganizationRow]),
  )
  const fields = changed.map(([field]) => field)
  if (fields.length === 0) return fields
  if (fields.includes('slug')) requireNotReserved(context, organization.slug, patch.slug)
  if (fields.includes('status')) await rememberStatus(context, organization)
  Object.assign(organization, Object.fromEntries(changed), { updatedAt: context.now })
  const { id, status } = organization
  emitOrganizationEvent(context, 'organizations.updated', id, { fields, ...(fields.includes('status') && { status }) })
  await context.em.flush()
  if (fields.includes('status') && status === 'active') await refreshMembers(context, id)
  else if (fields.some((field) => principalFields.has(field))) context.invalidate(id, { when: 'now' })
  return fields
}

/** What principals carry of an organization; its status decides whether they have it at all, its policy what they are limited to. */
const principalFields: ReadonlySet<string> = new Set(['slug', 'status', 'resourcePolicy'])

/** Everybody who signs up becomes a member of the organization with the configured slug: nobody slips into its place. */
function requireNotReserved({ settings, actor }: CommandContext, before: string, after: string | undefined): void {
  const reserved = settings.defaultOrganization
  if ((before === reserved || after === reserved) && !administers(actor)) throw slugReserved({})
}

/** An organization that is there again is not among the memberships of anybody's cached principal: those go by user. */
async function refreshMembers(context: CommandContext, organizationId: OrganizationId): Promise<void> {
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
