import type { FilterQuery } from '@mikro-orm/core'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { notFound } from '../kernel/errors.ts'
import { isId } from '../kernel/id.ts'
import { UserRow } from './entity.ts'
import { email, username, type UserId } from './model.ts'

/** A user that the pipeline has found; it can only be missing if it vanished in between. */
export async function existingUser(em: SqlEntityManager, userId: UserId): Promise<UserRow> {
  const user = await em.findOne(UserRow, { id: userId })
  if (user === null) throw notFound({ type: 'user' })
  return user
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
