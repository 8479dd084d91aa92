import { defineQuery } from '../kernel/action.ts'
import { grantedEverywhere } from '../kernel/rule.ts'
import { countAssigned, existingPolicy, shownPolicy } from './repository.ts'
import { policiesSignatures } from './signatures.ts'

export const getPolicy = defineQuery(policiesSignatures.get, {
  allow: grantedEverywhere,
  async handle({ open }, { policyId }) {
    const em = await open()
    const policy = await existingPolicy(em, policyId)
    return { ...shownPolicy(policy), ...(await countAssigned(em, policy)) }
  },
})
