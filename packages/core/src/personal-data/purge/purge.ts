import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import type { ReceiptSigner } from '../../kernel/credentials.ts'
import { notFound } from '../../kernel/errors.ts'
import { allOf, grantedEverywhere, notBelow } from '../../kernel/rule.ts'
import { expectVersion } from '../../kernel/version.ts'
import { lastOwner, lockOrganizations, ownerlessAfter, ownedOrganizations } from '../../organizations/index.ts'
import { passOn, type Disposal } from '../../resources/index.ts'
import { changedAccountTarget, existingUser, isActing, UserRow, type UserId } from '../../users/index.ts'
import { archiveFirst, onLegalHold, ownsResources } from '../errors.ts'
import { personalDataSignatures } from '../signatures.ts'
import { eraseAll } from './erase.ts'
import { receiptFor, type Erasing, type Receipt } from './receipt.ts'
import { whose } from './whose.ts'

const signature = personalDataSignatures.purge

/**
 * Erases a person. Who is the last superadmin, and who is oneself, is never archived: the one guard stands in `users.archive`. It takes
 * from all organizations, so whoever may do it may do it everywhere.
 */
export const purgeUser = defineCommand(signature, {
  allow: allOf(grantedEverywhere, notBelow),
  takesPrecedence: 'everywhere',
  requiresRecentAuth: true,
  target: changedAccountTarget,
  // The key is read before the transaction is open: an embedded database has one connection.
  prepare: async ({ credentials }, { transferTo }) => ({ sign: await credentials.receiptSigner(), keeps: transferTo ?? null }),
  keeps: ({ keeps }) => (keeps === null ? [] : [keeps]),
  async handle(context, { userId, version, ...said }, { sign }) {
    const user = await existingUser(context.em, userId)
    expectVersion(user, version)
    const { receipt, salt, tables, resources } = await purgeAccount(context, user, { disposal: await disposalOf(context, said), sign })
    context.note({ changes: { tables, resources, receipt } })
    return { userId, at: context.now, tables, resources, receipt, salt }
  },
})

interface Said {
  readonly resources?: 'transfer' | 'delete' | undefined
  readonly transferTo?: UserId | undefined
}

/** What becomes of what the person owns. The new owner is somebody who acts. */
export async function disposalOf({ em }: CommandContext, { resources, transferTo }: Said): Promise<Disposal | null> {
  if (resources !== 'transfer' || transferTo === undefined) return resources === 'delete' ? 'delete' : null
  const owner = await em.findOne(UserRow, { id: transferTo })
  if (owner === null || !isActing(owner.status) || owner.kind === 'anonymous') throw notFound({ type: 'user' })
  return { to: transferTo }
}

interface Purging {
  readonly disposal: Disposal | null
  readonly sign: ReceiptSigner
}

/** Purges an archived user (row locked): passes on what they own, erases everything that is held about them, and signs what was done. */
export async function purgeAccount(context: CommandContext, user: UserRow, { disposal, sign }: Purging): Promise<Erasing & Receipt> {
  const { em } = context
  const { id: userId } = user
  if (user.status !== 'archived') throw archiveFirst({})
  if (user.legalHold) throw onLegalHold({})
  await ensureOwners(context, userId)
  const resources = await passOn(context, userId, {
    disposal,
    orElse: (count) => {
      throw ownsResources({ count })
    },
  })
  await em.flush()
  const tables = await eraseAll(context, await whose(em, userId))
  em.clear() // the rows that it has are gone
  context.emit({ type: 'users.purged', subject: userId, organizationId: null, payload: { userId } })
  context.invalidate(userId, { when: 'now' })
  const erased = { userId, tables, resources }
  return { ...erased, ...(await receiptFor(context, sign, erased)) }
}

/** Refuses while an active organization has no other owner, also where the person was alone in it: nobody could get at it any more. */
async function ensureOwners({ em }: CommandContext, userId: UserId): Promise<void> {
  const owned = await ownedOrganizations(em, [userId])
  await lockOrganizations(em, owned)
  const organizationIds = await ownerlessAfter(em, userId, owned)
  if (organizationIds.length > 0) throw lastOwner({ organizationIds })
}
