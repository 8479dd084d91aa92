import { demote } from '../../access/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import { allOf, grantedEverywhere, holdsEverything } from '../../kernel/rule.ts'
import { changedAccountTarget, existingUser } from '../../users/index.ts'
import { lifecycleSignatures } from './signatures.ts'

export const demoteUser = defineCommand(lifecycleSignatures.demote, {
  allow: allOf(grantedEverywhere, holdsEverything),
  takesPrecedence: 'everywhere',
  target: changedAccountTarget,
  async handle(context, { userId, reason }) {
    const outcome = await demote(context, await existingUser(context.em, userId))
    context.note({ changes: { outcome, reason: reason ?? null } })
    return { outcome, userId }
  },
})
