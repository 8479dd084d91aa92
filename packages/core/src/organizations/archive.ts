import type { SqlEntityManager } from '@mikro-orm/sql'
import { change } from '../kernel/row.ts'
import { defineCommand } from '../kernel/action.ts'
import { uuidOf } from '../kernel/id.ts'
import { granted } from '../kernel/rule.ts'
import { expectVersion } from '../kernel/version.ts'
import type { OrganizationId } from './model.ts'
import { shownOrganization } from './queries.ts'
import { emitOrganizationEvent, rememberStatus } from './record.ts'
import { changedOrganization, organizationTarget } from './repository.ts'
import { revokeInvitations } from './revoke-invitations.ts'
import { organizationsSignatures } from './signatures.ts'

/**
 * Everything stays as history; but memberships grant nothing any more, and its
 * domains can be verified by others. The slug stays taken, so that old links never
 * lead to somebody else.
 */
export const archiveOrganization = defineCommand(organizationsSignatures.archive, {
  allow: granted,
  takesPrecedence: 'inOrganization',
  target: organizationTarget,
  async handle(context, { organizationId, version }) {
    const { em, now } = context
    const row = await changedOrganization(em, organizationId)
    expectVersion(row, version)
    await rememberStatus(context, row)
    change(row, { status: 'archived', archivedAt: now, updatedAt: now })
    await em.flush()
    const { invitationsRevoked, domainsReleased } = await release(em, organizationId, now)
    const organization = await shownOrganization(em, organizationId)
    const { memberCount: membersLost } = organization
    context.note({ changes: { membersLost, invitationsRevoked, domainsReleased } })
    emitOrganizationEvent(context, 'organizations.archived', organizationId, { membersLost })
    context.invalidate(organizationId, { when: 'now' })
    return { organization, membersLost, invitationsRevoked }
  },
})

interface Released {
  readonly invitationsRevoked: number
  readonly domainsReleased: number
}

async function release(em: SqlEntityManager, organizationId: OrganizationId, now: Date): Promise<Released> {
  const invitationsRevoked = await revokeInvitations(em, organizationId, null, now)
  const domains = await em.execute<unknown[]>(
    'update organization_domains set verified_at = null where organization_id = ? and verified_at is not null returning 1',
    [uuidOf(organizationId)],
  )
  return { invitationsRevoked, domainsReleased: domains.length }
}
