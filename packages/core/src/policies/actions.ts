import { defineCommand } from '../kernel/action.ts'
import type { CommandContext } from '../kernel/context.ts'
import { change, changedFields } from '../kernel/row.ts'
import { grantedEverywhere } from '../kernel/rule.ts'
import type { JsonObject } from '../kernel/json.ts'
import { expectVersion } from '../kernel/version.ts'
import { PolicyRow } from './entity.ts'
import { policyInUse, policyIsDefault } from './errors.ts'
import type { LimitName, Limits, PolicyId } from './model.ts'
import { changedLimits, anyDefaultPolicy } from './rules.ts'
import { existingPolicy, countAssigned, lockedPolicy, makeDefault, policyType, replacePolicy, shownPolicy } from './repository.ts'
import { policiesSignatures } from './signatures.ts'

export const createPolicy = defineCommand(policiesSignatures.create, {
  allow: grantedEverywhere,
  async handle(context, { name, description = null, limits, isDefault }) {
    const { em, now } = context
    const id = context.newId('pol')
    const said = { limits: limits as JsonObject, isDefault: false }
    em.persist(em.create(PolicyRow, { id, name, description, ...said, version: 1, createdAt: now, updatedAt: now }))
    await em.flush()
    if (isDefault) await setDefaultPolicy(context, id)
    recordChange(context, 'policies.created', id, { name, limits, isDefault })
    return shownPolicy(await existingPolicy(em, id))
  },
})

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

/** Makes a policy the default, or none; that may change everybody's limits. */
export async function setDefaultPolicy({ em, now, invalidate }: CommandContext, id: PolicyId | null): Promise<boolean> {
  const changed = await makeDefault(em, id, now)
  if (changed) invalidate(anyDefaultPolicy, { when: 'now' })
  return changed
}

function recordChange({ note, emit }: CommandContext, type: string, policyId: PolicyId, facts: Readonly<Record<string, unknown>>): void {
  note({ target: { type: policyType, id: policyId }, changes: facts })
  emit({ type, subject: policyId, organizationId: null, payload: { policyId, ...facts } })
}
