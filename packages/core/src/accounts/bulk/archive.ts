import { defineCommand } from '../../kernel/action.ts'
import { lockOrganizations } from '../../organizations/index.ts'
import { existingUser, overAccount } from '../../users/index.ts'
import { archiveAccount } from '../lifecycle/archive.ts'
import { ownedOrganizations } from '../lifecycle/repository.ts'
import { accountIn, choose, chosenTarget, overChosen, places } from './selection.ts'
import { answerOf, forEachOf, noteOutcome } from './outcome.ts'
import { bulkSignatures } from './signatures.ts'

export const bulkArchiveUsers = defineCommand(bulkSignatures.bulkArchive, {
  isLong: true,
  allow: overChosen,
  allowItem: overAccount,
  target: chosenTarget,
  prepare: choose,
  locks: (chosen) => chosen,
  async handle(context, { organizationId, filter, reason }, chosen) {
    const { em } = context
    const selected = await places(context, chosen, { filter, organizationId })
    // All of them first: item by item, two calls could wait for each other's.
    await lockOrganizations(em, await ownedOrganizations(em, chosen))
    const outcome = await forEachOf(context, selected, async (userId) => {
      context.checkItem({ userId }, await accountIn(em, userId, organizationId), 'user')
      return { id: userId, ...(await archiveAccount(context, await existingUser(em, userId), reason)) }
    })
    const total = (pick: (archived: { sessionsEnded: number; tokensEnded: number }) => number) =>
      outcome.done.reduce((sum, { value }) => sum + pick(value), 0)
    const ended = { sessionsEnded: total(({ sessionsEnded }) => sessionsEnded), tokensEnded: total(({ tokensEnded }) => tokensEnded) }
    noteOutcome(context, outcome, { reason: reason ?? null, ...ended })
    return { ...answerOf(outcome), ...ended }
  },
})
