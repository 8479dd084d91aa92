import type { SqlEntityManager } from '@mikro-orm/sql'
import { queuedFor } from '../kernel/locks.ts'
import { statement } from '../kernel/statement.ts'
import { userColumns, UserRow } from './entity.ts'

const lockedUser = (columns: string) => `select ${columns} from users where id = ? and ${queuedFor.changing} for no key update`

/** Locks one user to change them, and reads the row as it is once nobody else has it. Parameters: the id, the name of the user's lock. */
export const lockUserToChange = statement('user_change', lockedUser(userColumns.join(', ')))

/** As above, without the row: to make an object of it takes time that would tell a stranger that the user exists. */
export const lockUserUnread = statement('user_lock', lockedUser('1'))

/** Hands rows that came with their lock to the transaction, which then need not ask for them when they are looked for by id. */
export function keepLocked(em: SqlEntityManager, rows: readonly object[]): void {
  for (const row of rows) em.map(UserRow, row)
}
