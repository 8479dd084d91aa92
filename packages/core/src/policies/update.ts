import { defineCommand } from '../kernel/action.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { JsonObject } from '../kernel/json.ts'
import { change, changedFields } from '../kernel/row.ts'
import { grantedEverywhere } from '../kernel/rule.ts'
import { expectVersion } from '../kernel/version.ts'
import type { PolicyRow } from './entity.ts'
import type { LimitName, Limits } from './model.ts'
import { recordChange, setDefaultPolicy } from './record.ts'
import { existingPolicy, lockedPolicy, shownPolicy } from './repository.ts'
import { anyDefaultPolicy, changedLimits } from './rules.ts'
import { policiesSignatures } from './signatures.ts'

export const updatePolicy = defineCommand(policiesSignatures.update, {
  allow: grantedEverywhere,
  async handle(context, { policyId, version, limits = {}, remove = [], isDefault, name, description }) {
    const { em } = context
    const policy = await lockedPolicy(em, policyId)
    expectVersion(policy, version)
    const fields = await changePolicy(context, policy, { name, description, ...changeOf(policy, limits, remove) })
    if (isDefault !== undefined && isDefault !== policy.isDefault) {
      await setDefaultPolicy(context, isDefault ? policyId : null)
      fields.push('isDefault')
    }
    if (fields.length > 0) recordChange(context, 'policies.updated', policyId, { fields })
    return shownPolicy(await existingPolicy(em, policyId))
  },
})

function changeOf({ limits }: PolicyRow, patch: Limits, remove: readonly LimitName[]): { limits: JsonObject | undefined } {
  const changed = changedLimits(limits as Limits, patch, remove)
  return { limits: changed === null ? undefined : (changed as JsonObject) }
}

/** Returns the changed fields. Without a change nothing is written, and the version stays. */
async function changePolicy(
  { em, now, invalidate }: CommandContext,
  policy: PolicyRow,
  patch: { readonly [Field in 'name' | 'description' | 'limits']?: PolicyRow[Field] | undefined },
): Promise<string[]> {
  const changed = changedFields(policy, patch)
  const fields = Object.keys(changed)
  if (fields.length === 0) return []
  // Users and organizations refer to the policy by name; the foreign keys update them.
  change(policy, { ...changed, updatedAt: now })
  await em.flush()
  if (patch.limits !== undefined) invalidate(policy.isDefault ? anyDefaultPolicy : policy.id, { when: 'now' })
  return fields
}
