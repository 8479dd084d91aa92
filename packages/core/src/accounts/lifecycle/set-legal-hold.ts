import { defineCommand } from '../../kernel/action.ts'
import { change } from '../../kernel/row.ts'
import { allOf, grantedEverywhere, notBelow } from '../../kernel/rule.ts'
import { expectVersion } from '../../kernel/version.ts'
import { changedAccountTarget, existingUser, managingOrganization, visibleUser } from '../../users/index.ts'
import { lifecycleSignatures } from './signatures.ts'

export const setLegalHold = defineCommand(lifecycleSignatures.setLegalHold, {
  allow: allOf(grantedEverywhere, notBelow),
  target: changedAccountTarget,
  async handle(context, { userId, legalHold, reason, version }) {
    const { em, now, actor } = context
    const user = await existingUser(em, userId)
    expectVersion(user, version)
    context.note({ changes: { legalHold: [user.legalHold, legalHold], reason: reason ?? null } })
    if (user.legalHold !== legalHold) {
      change(user, { legalHold, updatedAt: now })
      context.emit({ type: 'users.legalHoldChanged', subject: userId, organizationId: null, payload: { userId, legalHold } })
      await em.flush()
    }
    return visibleUser(actor, user, await managingOrganization(em, user))
  },
})
