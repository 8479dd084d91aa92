import { defineCommand } from '../kernel/action.ts'
import { grantedEverywhere } from '../kernel/rule.ts'
import { policyInUse, policyIsDefault } from './errors.ts'
import { recordChange } from './record.ts'
import { countAssigned, existingPolicy, lockedPolicy, replacePolicy } from './repository.ts'
import { policiesSignatures } from './signatures.ts'

export const deletePolicy = defineCommand(policiesSignatures.delete, {
  allow: grantedEverywhere,
  async handle(context, { policyId, reassignTo }) {
    const { em, now } = context
    const policy = await lockedPolicy(em, policyId)
    if (policy.isDefault) throw policyIsDefault({})
    const next = reassignTo === undefined || reassignTo === null ? null : await existingPolicy(em, reassignTo)
    const held = await countAssigned(em, policy)
    if (held.users + held.organizations > 0 && (reassignTo === undefined || next?.id === policyId)) throw policyInUse({ ...held })
    const given = await replacePolicy(em, policy.name, next?.name ?? null, now)
    em.remove(policy)
    await em.flush()
    context.invalidate(policyId, { when: 'now' })
    recordChange(context, 'policies.deleted', policyId, { name: policy.name, reassignedTo: next?.name ?? null, ...given })
    return { policyId, ...given }
  },
})
