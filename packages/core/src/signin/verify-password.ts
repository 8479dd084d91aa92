import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext, PrepareContext } from '../kernel/context.ts'
import type { Origin } from '../kernel/origin.ts'
import { idOf, uuidOf } from '../kernel/id.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import { decoyHash, hashPassword, isOutdated, verifyPassword } from '../passwords/index.ts'
import { isActing, namedBy, type Named, type UserId, type UserRow, type UserStatus } from '../users/index.ts'
import { mayActFrom } from '../kernel/network.ts'
import type { LoginOutcome } from '../login-history/model.ts'
import { secondsToWait, throttleKeys, type ThrottleKeys } from '../throttling/index.ts'

/** The id of a user that never is: what is done for one that does not exist is done with it, so that it takes as long. */
export const nobody: UserId = 'usr_00000000000000000000000000'

/** What was found before the transaction: all of it is looked at again inside. */
export interface Checked {
  readonly userId: UserId
  /** When the password was chosen, in milliseconds. Its hash alone may be another by now: whoever signs in at the same moment upgrades it. */
  readonly changedAt: number | null
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
  return { matches, upgrade, changedAt: stored?.changed_at ?? null }
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

const standing = statement(
  'standing',
  `select u.status, array_to_json(u.allowed_ips)::text as allowed_ips, (extract(epoch from p.changed_at) * 1000)::float8 as changed_at
    from users u left join passwords p on p.user_id = u.id where u.id = ?`,
)

/**
 * How a sign-in ends, by what is so now: the user and the password are looked at
 * again. Past the ORM: making an object of a user takes time, and that there is one
 * must not show.
 */
export async function outcomeOf({ em, origin }: CommandContext, { userId, matches, changedAt }: Checked): Promise<LoginOutcome> {
  interface Row {
    readonly status: UserStatus
    readonly allowed_ips: string
    readonly changed_at: number | null
  }
  const [row] = await runStatement<Row>(em, standing, [uuidOf(userId)])
  if (row === undefined) return 'unknownUser'
  if (!matches || row.changed_at === null || row.changed_at !== changedAt) return 'wrongPassword'
  return outcomeFor({ status: row.status, allowedIps: JSON.parse(row.allowed_ips) as string[] }, origin)
}

/** How it ends for whoever has proved to be the user. */
export function outcomeFor({ status, allowedIps }: Pick<UserRow, 'status' | 'allowedIps'>, origin: Origin): LoginOutcome {
  if (!isActing(status)) return 'notActive'
  return mayActFrom(allowedIps, origin) ? 'succeeded' : 'addressNotAllowed'
}
