import type { SqlEntityManager } from '@mikro-orm/sql'
import { queuedFor } from '../kernel/locks.ts'
import { statement } from '../kernel/statement.ts'
import { userColumns, UserRow } from './entity.ts'

/** Locks one user to change them, and reads the row: a lock gives its latest version. Parameters: the id, the name of the user's lock. */
export const lockUserToChange = statement(
  'user_change',
  `select ${userColumns.join(', ')} from users where id = ? and ${queuedFor.changing} for no key update`,
)

/** Hands rows that came with their lock to the transaction, which then need not ask for them when they are looked for by id. */
export function keepLocked(em: SqlEntityManager, rows: readonly object[]): void {
  for (const row of rows) em.map(UserRow, row)
}
