import type { CommandContext } from '../kernel/context.ts'
import type { PolicyId } from './model.ts'
import { makeDefault, policyType } from './repository.ts'
import { anyDefaultPolicy } from './rules.ts'

/** Makes a policy the default, or none; that may change everybody's limits. */
export async function setDefaultPolicy({ em, now, invalidate }: CommandContext, id: PolicyId | null): Promise<boolean> {
  const changed = await makeDefault(em, id, now)
  if (changed) invalidate(anyDefaultPolicy, { when: 'now' })
  return changed
}

/** Tells the audit log and subscribers what became of a policy. */
export function recordChange({ note, emit }: CommandContext, type: string, policyId: PolicyId, facts: Readonly<Record<string, unknown>>): void {
  note({ target: { type: policyType, id: policyId }, changes: facts })
  emit({ type, subject: policyId, organizationId: null, payload: { policyId, ...facts } })
}
