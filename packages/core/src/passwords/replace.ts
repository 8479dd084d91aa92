import type { SqlEntityManager } from '@mikro-orm/sql'
import { change } from '../kernel/row.ts'
import type { CommandContext, PrepareContext } from '../kernel/context.ts'
import { uuidOf, type Id } from '../kernel/id.ts'
import { withHold, type UserRow } from '../users/index.ts'
import { FormerPasswordRow, PasswordRow } from './entity.ts'
import { passwordReused } from './errors.ts'
import { verifyPassword } from './verify.ts'

/**
 * Throws if the user has the password already, or had it recently, as far as the
 * settings look back. Each comparison costs a hash: call it in `prepare`.
 */
export async function checkNotReused(
  { reader, ports, settings }: Pick<PrepareContext, 'reader' | 'ports' | 'settings'>,
  userId: Id<'usr'>,
  password: string,
): Promise<void> {
  for (const hash of await hashesOf(reader, userId, settings.passwords.history)) {
    if (await verifyPassword(ports.hasher, hash, password)) throw passwordReused({})
  }
}

async function hashesOf(reader: SqlEntityManager, userId: Id<'usr'>, history: number): Promise<string[]> {
  const current = await reader.findOne(PasswordRow, { userId })
  const former =
    history === 0 ? [] : await reader.find(FormerPasswordRow, { userId }, { orderBy: { replacedAt: 'desc', id: 'desc' }, limit: history })
  return [...(current === null ? [] : [current.hash]), ...former.map(({ hash }) => hash)]
}

/**
 * Sets or removes a user's password, and keeps the former one for as long as
 * the settings require. The user's row must be locked. Other consequences
 * (sessions, links) are up to the caller.
 */
export async function replacePassword(context: CommandContext, user: UserRow, hash: string | null): Promise<void> {
  const { em, now, newId, settings } = context
  const { history } = settings.passwords
  const current = await em.findOne(PasswordRow, { userId: user.id })
  if (current !== null && history > 0)
    em.persist(em.create(FormerPasswordRow, { id: newId('pwd'), userId: user.id, hash: current.hash, replacedAt: now }))
  if (hash === null && current !== null) em.remove(current)
  else if (hash !== null && current !== null) change(current, { hash, changedAt: now })
  else if (hash !== null) em.persist(em.create(PasswordRow, { userId: user.id, hash, changedAt: now }))
  const operatorHolds = withHold(user.operatorHolds, 'passwordChange', false)
  change(user, { passwordChangedAt: hash === null ? null : now, needPasswordChange: false, operatorHolds, updatedAt: now })
  await em.flush()
  await em.execute(
    'delete from former_passwords where user_id = ? and id not in (select id from former_passwords where user_id = ? order by replaced_at desc, id desc limit ?)',
    [uuidOf(user.id), uuidOf(user.id), history],
    'run',
  )
}
