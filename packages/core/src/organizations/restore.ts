import type { SqlEntityManager } from '@mikro-orm/sql'
import { change } from '../kernel/row.ts'
import { defineCommand } from '../kernel/action.ts'
import { uuidOf } from '../kernel/id.ts'
import { granted } from '../kernel/rule.ts'
import { expectVersion } from '../kernel/version.ts'
import { notArchived } from './errors.ts'
import type { OrganizationId, OrganizationStatus } from './model.ts'
import { shownOrganization } from './queries.ts'
import { emitOrganizationEvent, rememberStatus } from './record.ts'
import { existingOrganization, lockOrganizations, organizationTarget } from './repository.ts'
import { organizationsSignatures } from './signatures.ts'
import { refreshMembers } from './update.ts'

/**
 * The organization is what it was before it was archived, suspended too; its members have their
 * roles again. Ended invitations stay ended, and domains have to be verified again: others
 * may have them by now. Whoever archived an organization is in it no more, so this is for
 * administrators of the installation.
 */
export const restoreOrganization = defineCommand(organizationsSignatures.restore, {
  allow: granted,
  target: organizationTarget,
  async handle(context, { organizationId, version }) {
    const { em, now } = context
    await lockOrganizations(em, [organizationId])
    const row = await existingOrganization(em, organizationId)
    if (row.status !== 'archived') throw notArchived({ status: row.status })
    expectVersion(row, version)
    const status = await statusBefore(em, organizationId)
    await rememberStatus(context, row)
    change(row, { status, archivedAt: null, updatedAt: now })
    await em.flush()
    const organization = await shownOrganization(em, organizationId)
    const { memberCount: membersBack } = organization
    context.note({ changes: { membersBack, status } })
    emitOrganizationEvent(context, 'organizations.restored', organizationId, { membersBack, status })
    await refreshMembers(context, organizationId)
    return { organization, membersBack }
  },
})

/** The status that the archiving ended. */
async function statusBefore(em: SqlEntityManager, organizationId: OrganizationId): Promise<OrganizationStatus> {
  const [row] = await em.execute<{ value: string }[]>(
    `select value from former_states where kind = 'organizationStatus' and subject_id = ? order by ended_at desc limit 1`,
    [uuidOf(organizationId)],
  )
  return row?.value === 'suspended' ? 'suspended' : 'active'
}
