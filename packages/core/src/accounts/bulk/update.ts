import { defineCommand } from '../../kernel/action.ts'
import { allOf, within, withOperatorFields } from '../../kernel/rule.ts'
import { existingUser, overAccount } from '../../users/index.ts'
import { changeAccount } from '../profile/update.ts'
import { operatorFields } from '../profile/signatures.ts'
import { accountIn, choose, chosenTarget, overChosen, places } from './selection.ts'
import { answerOf, forEachOf, noteOutcome } from './outcome.ts'
import { bulkSignatures } from './signatures.ts'

export const bulkUpdateUsers = defineCommand(bulkSignatures.bulkUpdate, {
  isLong: true,
  allow: allOf(overChosen, within('patch', withOperatorFields(...operatorFields))),
  allowItem: overAccount,
  target: chosenTarget,
  prepare: choose,
  locks: (chosen) => chosen,
  async handle(context, { organizationId, filter, patch }, chosen) {
    const outcome = await forEachOf(context, await places(context, chosen, { filter, organizationId }), async (userId) => {
      context.checkItem(patch, await accountIn(context.em, userId, organizationId), 'user')
      const user = await existingUser(context.em, userId)
      await changeAccount(context, user, patch)
      return user
    })
    noteOutcome(context, outcome, { fields: Object.keys(patch) })
    return answerOf(outcome)
  },
})
