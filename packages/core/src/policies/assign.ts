import { defineCommand } from '../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../kernel/context.ts'
import { notFound } from '../kernel/errors.ts'
import { change } from '../kernel/row.ts'
import { grantedEverywhere } from '../kernel/rule.ts'
import { lockOrganizations, OrganizationRow, type OrganizationId } from '../organizations/index.ts'
import { existingUser, type UserId } from '../users/index.ts'
import { setDefaultPolicy } from './record.ts'
import { existingPolicy, policyType } from './repository.ts'
import { policiesSignatures } from './signatures.ts'

/** Foreign keys keep the policy from being deleted meanwhile. */
export const assignPolicy = defineCommand(policiesSignatures.assign, {
  allow: grantedEverywhere,
  prepare: async (_context: PrepareContext, { userId }: { readonly userId?: UserId | undefined }) => userId ?? null,
  locks: (userId) => (userId === null ? [] : [userId]),
  async handle(context, { policyId, userId, organizationId }) {
    const policy = policyId === null ? null : await existingPolicy(context.em, policyId)
    const name = policy?.name ?? null
    const changed =
      userId !== undefined
        ? await assignToUser(context, userId, name)
        : organizationId !== undefined
          ? await assignToOrganization(context, organizationId, name)
          : await setDefaultPolicy(context, policyId)
    const to = userId ?? organizationId ?? null
    context.note({ target: target(policyId, to), organizationId: organizationId ?? null, changes: { policy: name, changed } })
    if (changed) {
      const payload = { policyId, policy: name, userId: userId ?? null, organizationId: organizationId ?? null, asDefault: to === null }
      context.emit({ type: 'policies.assigned', subject: to ?? policyId ?? policyType, organizationId: organizationId ?? null, payload })
    }
    return { policyId, changed }
  },
})

/** The target of the audit entry: the user or organization, or the new default policy. */
function target(policyId: string | null, to: string | null) {
  if (to === null) return { type: policyType, id: policyId ?? 'none' }
  return { type: to.startsWith('usr_') ? 'user' : 'organization', id: to }
}

async function assignToUser({ em, now, invalidate }: CommandContext, userId: UserId, policy: string | null): Promise<boolean> {
  const user = await existingUser(em, userId)
  if (user.resourcePolicy === policy) return false
  change(user, { resourcePolicy: policy, updatedAt: now })
  await em.flush()
  invalidate(userId, { when: 'now' })
  return true
}

async function assignToOrganization(
  { em, now, invalidate }: CommandContext,
  organizationId: OrganizationId,
  policy: string | null,
): Promise<boolean> {
  await lockOrganizations(em, [organizationId])
  const organization = await em.findOne(OrganizationRow, { id: organizationId }, { refresh: true })
  if (organization === null) throw notFound({ type: 'organization' })
  if (organization.resourcePolicy === policy) return false
  change(organization, { resourcePolicy: policy, updatedAt: now })
  await em.flush()
  invalidate(organizationId, { when: 'now' })
  return true
}
