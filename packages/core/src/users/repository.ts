import type { FilterQuery } from '@mikro-orm/core'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { notFound } from '../kernel/errors.ts'
import { isId } from '../kernel/id.ts'
import type { TargetFinder } from '../kernel/action.ts'
import { UserRow } from './entity.ts'
import { email, username, type UserId, type UserStatus, type UserKind } from './model.ts'

/** How every action finds the user it is about. */
export const userTarget = {
  type: 'user',
  async find(em: SqlEntityManager, input: { userId: UserId }) {
    const user = await em.findOne(UserRow, { id: input.userId })
    return user === null ? null : targetOf(user)
  },
} satisfies TargetFinder<{ userId: UserId }>

/** The same, for actions that change the user: its row is locked first. */
export const changedUserTarget = {
  ...userTarget,
  locks: (input: { userId: UserId }) => [input.userId],
} satisfies TargetFinder<{ userId: UserId }>

/** A user that the pipeline has found; it can only be missing if it vanished in between. */
export async function existingUser(em: SqlEntityManager, userId: UserId): Promise<UserRow> {
  const user = await em.findOne(UserRow, { id: userId })
  if (user === null) throw notFound({ type: 'user' })
  return user
}

/** A user as something that an action touches. Accounts are global: no organization owns them yet. */
function targetOf(user: UserRow) {
  return { type: 'user', id: user.id, organizationId: null, userId: user.id, visibleWith: 'users.get' } as const
}

/** By identifier: an id, else with "@" an email, else a username. null when it is none that could exist. */
function byIdentifier(identifier: string): FilterQuery<UserRow> | null {
  const trimmed = identifier.trim()
  if (isId('usr', trimmed)) return { id: trimmed }
  if (trimmed.includes('@')) {
    const parsed = email.safeParse(trimmed)
    return parsed.success ? { email: parsed.data } : null
  }
  const parsed = username.safeParse(trimmed)
  return parsed.success ? { username: parsed.data } : null
}

export async function findByIdentifier(em: SqlEntityManager, identifier: string): Promise<UserRow | null> {
  const where = byIdentifier(identifier)
  return where === null ? null : em.findOne(UserRow, where)
}

export interface UserFilters {
  readonly status?: UserStatus | undefined
  readonly kind?: UserKind | undefined
}

/** One page, newest first, after the given position; one row more than asked tells whether there is another page. */
export function newestUsers(
  em: SqlEntityManager,
  filters: UserFilters,
  after: { createdAt: Date; id: UserId } | null,
  limit: number,
): Promise<UserRow[]> {
  const where: FilterQuery<UserRow>[] = []
  if (filters.status !== undefined) where.push({ status: filters.status })
  if (filters.kind !== undefined) where.push({ kind: filters.kind })
  if (after !== null)
    where.push({ createdAt: { $lte: after.createdAt } }, { $or: [{ createdAt: { $lt: after.createdAt } }, { id: { $lt: after.id } }] })
  return em.find(UserRow, { $and: where }, { orderBy: { createdAt: 'desc', id: 'desc' }, limit: limit + 1, disableIdentityMap: true })
}

/** Exactly how many users match. */
export function countUsers(em: SqlEntityManager, filters: UserFilters): Promise<number> {
  return em.count(UserRow, {
    ...(filters.status === undefined ? {} : { status: filters.status }),
    ...(filters.kind === undefined ? {} : { kind: filters.kind }),
  })
}
