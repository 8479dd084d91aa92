import { batchItems, bulkAnswer, bulkTarget, findAccountIn, noteOutcome, runBatch, selectTargets } from '../../accounts/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import { allOf, grantedEverywhere, notBelow } from '../../kernel/rule.ts'
import { lockOrganizations, ownedOrganizations } from '../../organizations/index.ts'
import { existingUser, tooManyUsers } from '../../users/index.ts'
import { largestPurge, personalDataSignatures } from '../signatures.ts'
import { disposalOf, purgeAccount } from './purge.ts'

/** Purges many. Each is erased whole or not at all, and all of them in one transaction. */
export const bulkPurgeUsers = defineCommand(personalDataSignatures.bulkPurge, {
  allow: grantedEverywhere,
  takesPrecedence: 'everywhere',
  requiresRecentAuth: true,
  allowItem: allOf(grantedEverywhere, notBelow),
  target: bulkTarget,
  async prepare(context, { userIds, filter, transferTo }) {
    const chosen = await selectTargets(context, { userIds, filter })
    if (chosen.named.length > largestPurge) throw tooManyUsers({ count: chosen.named.length, most: largestPurge })
    return { chosen, keeps: transferTo ?? null, sign: await context.credentials.receiptSigner() }
  },
  locks: ({ chosen }) => [...chosen.known],
  keeps: ({ keeps }) => (keeps === null ? [] : [keeps]),
  async handle(context, { filter, ...said }, { chosen, sign }) {
    const { em } = context
    const disposal = await disposalOf(context, said)
    const selected = await batchItems(context, chosen, { filter })
    // Locks all of them first: locking item by item, two calls could deadlock.
    await lockOrganizations(em, await ownedOrganizations(em, [...chosen.known]))
    const outcome = await runBatch(context, selected, async (userId) => {
      context.checkItem({ userId }, await findAccountIn(em, userId, { known: chosen.known }), 'user')
      return { id: userId, ...(await purgeAccount(context, await existingUser(em, userId), { disposal, sign })) }
    })
    noteOutcome(context, outcome, { receipts: outcome.done.map(({ value }) => value.receipt) })
    const { failed } = bulkAnswer(outcome)
    return { succeeded: outcome.done.map(({ index, value: { id: _, ...purged } }) => ({ index, ...purged })), failed }
  },
})
