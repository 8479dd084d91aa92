import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TargetFinder } from '../../kernel/action.ts'
import type { Actor } from '../../kernel/actor.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { selectThrough } from '../../kernel/select.ts'
import { credentialRule, type Target } from '../../kernel/rule.ts'
import { tooManyUsers, type UserId, changedAccountTarget } from '../../users/index.ts'
import type { OrganizationId } from '../../organizations/index.ts'
import type { UserFilter } from '../directory/filter.ts'
import { countUsers, selectUserIds } from '../directory/repository.ts'
import { directoryTarget, mayReadDirectory } from '../directory/target.ts'
import type { BatchItem } from './outcome.ts'
import { largestBulk } from './signatures.ts'

/** Which users a call is about: by their ids, or by a filter; with an organization, only those whom it manages. */
interface BulkInput {
  readonly userIds?: readonly UserId[] | undefined
  readonly filter?: UserFilter | undefined
  readonly organizationId?: OrganizationId | undefined
}

/** A filter reveals no more here than it would in `users.list`. */
export const bulkTarget = {
  type: directoryTarget.type,
  find: (em: SqlEntityManager, { organizationId, filter }: BulkInput, actor: Actor) =>
    directoryTarget.find(em, { organizationId, where: filter }, actor),
} satisfies TargetFinder<BulkInput>

export const maySelectUsers = credentialRule('who has the permission there; a filter by role only for who has it everywhere', (request) =>
  mayReadDirectory({ ...request, input: { where: (request.input as BulkInput).filter } }),
)

/** The users of a batch. */
export interface Selected {
  /** In the order of the call. */
  readonly named: readonly UserId[]
  /** Those of them whom the call may be about: only these are locked. Any other one does not exist for it. */
  readonly known: ReadonlySet<UserId>
}

/**
 * The users whom the call names, or whom its filter finds: selected before the transaction, which locks them first. Of an organization
 * only those whom it manages: nobody holds up other accounts by naming them, or learns who is at work by waiting.
 */
export async function selectTargets({ reader, now }: PrepareContext, { userIds, filter, organizationId }: BulkInput): Promise<Selected> {
  const look = selectThrough(reader)
  if (userIds !== undefined) {
    const selection = { organizationId, where: { id: [...userIds] } }
    const known = organizationId === undefined ? userIds : await selectUserIds(look, selection, { limit: userIds.length, now })
    return { named: userIds, known: new Set(known) }
  }
  const selection = { organizationId, where: filter }
  const found = await selectUserIds(look, selection, { limit: largestBulk + 1, now })
  if (found.length > largestBulk) throw tooManyUsers({ count: await countUsers(look, selection, now), most: largestBulk })
  return { named: found, known: new Set(found) }
}

/** The selected users that still match the filter now that they are locked, in the order in which all commands lock. */
export async function batchItems(
  { em, now }: CommandContext,
  { named: chosen }: Selected,
  { filter, organizationId }: BulkInput,
): Promise<BatchItem<UserId>[]> {
  const where = filter === undefined || chosen.length === 0 ? null : { and: [{ id: [...chosen] }, filter] }
  const ids = where === null ? chosen : await selectUserIds(selectThrough(em), { organizationId, where }, { limit: chosen.length, now })
  return ids.map((item, index) => ({ index, item })).toSorted((one, other) => (one.item < other.item ? -1 : one.item > other.item ? 1 : 0))
}

/** The account as a rule's target; null if it does not exist or is not locked, or the organization does not manage it. */
export async function findAccountIn(
  em: SqlEntityManager,
  userId: UserId,
  { known, organizationId }: Pick<Selected, 'known'> & Pick<BulkInput, 'organizationId'>,
): Promise<Target | null> {
  if (!known.has(userId)) return null
  const target = await changedAccountTarget.find(em, { userId })
  return organizationId !== undefined && target?.organizationId !== organizationId ? null : target
}
