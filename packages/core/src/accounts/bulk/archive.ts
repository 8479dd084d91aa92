import { defineCommand } from '../../kernel/action.ts'
import { lockOrganizations, ownedOrganizations } from '../../organizations/index.ts'
import { existingUser, mayChangeAccount } from '../../users/index.ts'
import { archiveAccount } from '../lifecycle/archive.ts'
import { findAccountIn, selectTargets, bulkTarget, maySelectUsers, batchItems } from './selection.ts'
import { bulkAnswer, runBatch, noteOutcome } from './outcome.ts'
import { bulkSignatures } from './signatures.ts'

export const bulkArchiveUsers = defineCommand(bulkSignatures.bulkArchive, {
  allow: maySelectUsers,
  takesPrecedence: 'everywhere',
  allowItem: mayChangeAccount,
  target: bulkTarget,
  prepare: selectTargets,
  locks: ({ known }) => [...known],
  async handle(context, { organizationId, filter, reason }, chosen) {
    const { em } = context
    const permission = bulkSignatures.bulkArchive.name
    const selected = await batchItems(context, chosen, { filter, organizationId })
    // Locks all of them first: locking item by item, two calls could deadlock.
    await lockOrganizations(em, await ownedOrganizations(em, [...chosen.known]))
    const outcome = await runBatch(context, selected, async (userId) => {
      context.checkItem({ userId }, await findAccountIn(em, userId, { known: chosen.known, organizationId }), 'user')
      return { id: userId, ...(await archiveAccount(context, await existingUser(em, userId), { reason, permission })) }
    })
    const total = (pick: (archived: { sessionsEnded: number; tokensEnded: number }) => number) =>
      outcome.done.reduce((sum, { value }) => sum + pick(value), 0)
    const ended = { sessionsEnded: total(({ sessionsEnded }) => sessionsEnded), tokensEnded: total(({ tokensEnded }) => tokensEnded) }
    noteOutcome(context, outcome, { reason: reason ?? null, ...ended })
    return { ...bulkAnswer(outcome), ...ended }
  },
})
