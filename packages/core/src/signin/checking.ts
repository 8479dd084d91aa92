import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Origin, PrepareContext } from '../kernel/context.ts'
import { idOf, uuidOf } from '../kernel/id.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import { decoyHash, hashPassword, isOutdated, verifyPassword } from '../passwords/index.ts'
import { isActing, mayActFrom, namedBy, type Named, type UserId, type UserRow } from '../users/index.ts'
import type { LoginOutcome } from './model.ts'
import { secondsToWait, throttleKeys, type ThrottleKeys } from './throttle.ts'

/** The id of a user that never is: what is done for one that does not exist is done with it, so that it takes as long. */
export const nobody: UserId = 'usr_00000000000000000000000000'

/** What was found before the transaction: all of it is looked at again inside. */
export interface Checked {
  readonly userId: UserId
  /** When the password was chosen. Its hash alone may be another by now: whoever signs in at the same moment upgrades it. */
  readonly changedAt: Date | null
  readonly matches: boolean
  /** The password hashed anew, when the stored hash is weaker than today's. */
  readonly upgrade: string | null
  readonly throttle: ThrottleKeys
  /** Seconds before anything is checked at all; 0: it was. */
  readonly wait: number
}

/** Looks up whoever is named, and checks their password. Takes as long for a user that does not exist as for one that does. */
export async function checkPassword(context: PrepareContext, input: { identifier: string; password: string }): Promise<Checked> {
  const { reader, ports, origin, now } = context
  const named = namedBy(input.identifier)
  const stored = await storedFor(reader, named ?? { field: 'username', value: '' })
  const userId = stored === null ? nobody : idOf('usr', stored.id)
  const throttle = await throttleKeys(ports, origin, named?.value ?? input.identifier.trim(), { userId })
  const wait = await secondsToWait(reader, throttle, now)
  const unchecked = { userId, changedAt: null, matches: false, upgrade: null, throttle, wait }
  return wait > 0 ? unchecked : { ...unchecked, ...(await comparison(context, stored, input.password)) }
}

/** Compares a password with what is stored of a user's, or with a decoy of the same cost. */
export async function comparison({ ports: { hasher } }: Pick<PrepareContext, 'ports'>, stored: Stored | null, password: string) {
  const hash = stored?.hash ?? null
  const matches = (await verifyPassword(hasher, hash ?? (await decoyHash(hasher)), password)) && hash !== null
  const upgrade = matches && isOutdated(hasher, hash) ? await hashPassword(hasher, password) : null
  const changedAt = typeof stored?.changed_at === 'number' ? new Date(stored.changed_at) : null
  return { matches, upgrade, changedAt }
}

interface Stored {
  readonly id: string
  /** null: the user has no password. */
  readonly hash: string | null
  /** Milliseconds since the epoch. */
  readonly changed_at: number | null
}

const storedBy = (field: string, condition: string) =>
  statement(
    `password_by_${field}`,
    `select u.id::text, p.hash, (extract(epoch from p.changed_at) * 1000)::float8 as changed_at
      from users u left join passwords p on p.user_id = u.id where ${condition}`,
  )
const statements = {
  id: storedBy('id', 'u.id = ?'),
  username: storedBy('username', 'u.username = ?'),
  email: storedBy('email', 'u.email = ?'),
}

/** What is kept of a user's password; null: nobody is called that. */
export async function storedFor(em: SqlEntityManager, { field, value }: Named): Promise<Stored | null> {
  const [row] = await runStatement<Stored>(em, statements[field], [field === 'id' ? uuidOf(value) : value])
  return row ?? null
}

/** How it ends for whoever has proved to be the user. */
export function outcomeFor(user: UserRow, origin: Origin): LoginOutcome {
  if (!isActing(user.status)) return 'notActive'
  return mayActFrom(user.allowedIps, origin) ? 'succeeded' : 'addressNotAllowed'
}
