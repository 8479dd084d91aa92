import { defineCommand } from '../../kernel/action.ts'
import { allOf, within, withInstallationFields } from '../../kernel/rule.ts'
import { existingUser, mayChangeAccount } from '../../users/index.ts'
import { updateAccount } from '../profile/update.ts'
import { installationFields } from '../profile/signatures.ts'
import { findAccountIn, selectTargets, bulkTarget, maySelectUsers, batchItems } from './selection.ts'
import { bulkAnswer, runBatch, noteOutcome } from './outcome.ts'
import { bulkSignatures } from './signatures.ts'

export const bulkUpdateUsers = defineCommand(bulkSignatures.bulkUpdate, {
  allow: allOf(maySelectUsers, within('patch', withInstallationFields(...installationFields))),
  allowItem: mayChangeAccount,
  target: bulkTarget,
  prepare: selectTargets,
  locks: ({ known }) => [...known],
  async handle(context, { organizationId, filter, patch }, chosen) {
    const outcome = await runBatch(context, await batchItems(context, chosen, { filter, organizationId }), async (userId) => {
      context.checkItem(patch, await findAccountIn(context.em, userId, { known: chosen.known, organizationId }), 'user')
      const user = await existingUser(context.em, userId)
      await updateAccount(context, user, patch)
      return user
    })
    noteOutcome(context, outcome, { fields: Object.keys(patch) })
    return bulkAnswer(outcome)
  },
})
