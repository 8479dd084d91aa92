import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TargetFinder } from '../../kernel/action.ts'
import type { Actor } from '../../kernel/actor.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { selectThrough } from '../../kernel/select.ts'
import { rule, type Target } from '../../kernel/rule.ts'
import { tooManyUsers, type UserId, changedAccountTarget } from '../../users/index.ts'
import type { OrganizationId } from '../../organizations/index.ts'
import type { UserFilter } from '../directory/filter.ts'
import { countUsers, selectUserIds } from '../directory/repository.ts'
import { directoryTarget, overDirectory } from '../directory/target.ts'
import type { Place } from './outcome.ts'
import { largestBulk } from './signatures.ts'

/** Whom a call is about: by their ids, or by what they have in common; of an organization's, only those whom it manages. */
interface Choice {
  readonly userIds?: readonly UserId[] | undefined
  readonly filter?: UserFilter | undefined
  readonly organizationId?: OrganizationId | undefined
}

/** A filter tells no more here than it would in `users.list`. */
export const chosenTarget = {
  type: directoryTarget.type,
  find: (em: SqlEntityManager, { organizationId, filter }: Choice, actor: Actor) =>
    directoryTarget.find(em, { organizationId, where: filter }, actor),
} satisfies TargetFinder<Choice>

export const overChosen = rule('whoever holds the permission there; a filter by role only for whoever holds it everywhere', (request) =>
  overDirectory({ ...request, input: { where: (request.input as Choice).filter } }),
)

/** The ids that the call names, or those that its filter finds: looked for before the transaction, for it locks them first of all. */
export async function choose({ reader, now }: PrepareContext, { userIds, filter, organizationId }: Choice): Promise<readonly UserId[]> {
  if (userIds !== undefined) return userIds
  const selection = { organizationId, where: filter }
  const look = selectThrough(reader)
  const found = await selectUserIds(look, selection, { limit: largestBulk + 1, now })
  if (found.length > largestBulk) throw tooManyUsers({ count: await countUsers(look, selection, now), most: largestBulk })
  return found
}

/** Those of them, now that they are locked, of whom the filter still holds; in the one order in which all commands lock. */
export async function places(
  { em, now }: CommandContext,
  chosen: readonly UserId[],
  { filter, organizationId }: Choice,
): Promise<Place<UserId>[]> {
  const where = filter === undefined || chosen.length === 0 ? null : { and: [{ id: [...chosen] }, filter] }
  const ids = where === null ? chosen : await selectUserIds(selectThrough(em), { organizationId, where }, { limit: chosen.length, now })
  return ids.map((item, index) => ({ index, item })).toSorted((one, other) => (one.item < other.item ? -1 : one.item > other.item ? 1 : 0))
}

/** The account as the rule wants to see it; null when it is not there, or not one that the organization manages. */
export async function accountIn(em: SqlEntityManager, userId: UserId, organizationId: OrganizationId | undefined): Promise<Target | null> {
  const target = await changedAccountTarget.find(em, { userId })
  return organizationId !== undefined && target?.organizationId !== organizationId ? null : target
}
