import { defineCommand } from '../kernel/action.ts'
import type { JsonObject } from '../kernel/json.ts'
import { grantedEverywhere } from '../kernel/rule.ts'
import { PolicyRow } from './entity.ts'
import { recordChange, setDefaultPolicy } from './record.ts'
import { existingPolicy, shownPolicy } from './repository.ts'
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
