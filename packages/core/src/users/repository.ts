import type { FilterQuery } from '@mikro-orm/core'
import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext } from '../kernel/context.ts'
import { notFound, unauthenticated } from '../kernel/errors.ts'
import { idOf, isId, uuidOf } from '../kernel/id.ts'
import { exclusiveLockNames, lockNames, takeLock, takeLocks } from '../kernel/locks.ts'
import { UserRow } from './entity.ts'
import { email, username, type UserId } from './model.ts'

/** A user that the pipeline has found already; throws notFound if it is gone since. */
export async function existingUser(em: SqlEntityManager, userId: UserId): Promise<UserRow> {
  const user = await em.findOne(UserRow, { id: userId })
  if (user === null) throw notFound({ type: 'user' })
  return user
}

/** An identifier as typed, parsed and normalized for the database. */
export interface ParsedIdentifier {
  readonly field: 'id' | 'email' | 'username'
  readonly value: string
}

/** Parses an id, else with "@" an email, else a username. null: no such identifier can exist. */
export function parseIdentifier(identifier: string): ParsedIdentifier | null {
  const trimmed = identifier.trim()
  if (isId('usr', trimmed)) return { field: 'id', value: trimmed }
  const [field, schema] = trimmed.includes('@') ? (['email', email] as const) : (['username', username] as const)
  const parsed = schema.safeParse(trimmed)
  return parsed.success ? { field, value: parsed.data } : null
}

export async function findByIdentifier(em: SqlEntityManager, identifier: string): Promise<UserRow | null> {
  const named = parseIdentifier(identifier)
  return named === null ? null : em.findOne(UserRow, { [named.field]: named.value } as FilterQuery<UserRow>)
}

/** The caller's own account, whose row the pipeline has locked. The operator of the machine has none. */
export async function ownAccount({ em, actor }: Pick<CommandContext, 'em' | 'actor'>): Promise<UserRow> {
  if (actor.kind !== 'user') throw unauthenticated({})
  return existingUser(em, actor.principal.userId)
}

/** Locks a user against everything that they do, and everything that is done to them, until the transaction is over. */
export async function lockUser(em: SqlEntityManager, userId: UserId): Promise<void> {
  await takeLocks(em, [lockNames.user(userId)])
  await em.execute('select 1 from users where id = ? for no key update', [uuidOf(userId)])
}

/** Queues behind whoever else gives an account this address, until the transaction is over. */
export async function lockAddress(em: SqlEntityManager, address: string): Promise<void> {
  await takeLock(em, exclusiveLockNames.address(address))
}

/** Locks the user with an address, and says who that is; null: nobody has it. */
export async function lockUserWith(em: SqlEntityManager, address: string): Promise<UserId | null> {
  for (;;) {
    const userId = await userWith(em, address)
    if (userId === null) return null
    await lockUser(em, userId)
    if ((await userWith(em, address)) === userId) return userId // else it went to somebody else while we waited
  }
}

async function userWith(em: SqlEntityManager, address: string): Promise<UserId | null> {
  const [row] = await em.execute<{ id: string }[]>('select id::text as id from users where email = ?', [address])
  return row === undefined ? null : idOf('usr', row.id)
}
