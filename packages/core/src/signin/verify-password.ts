import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext, PrepareContext } from '../kernel/context.ts'
import type { Origin } from '../kernel/origin.ts'
import { idOf, uuidOf } from '../kernel/id.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import { hashPassword, inTurn, isOutdated, verifyOrDecoy, waitToRefuse } from '../passwords/index.ts'
import { isActing, parseIdentifier, type ParsedIdentifier, type UserId, type UserRow, type UserStatus } from '../users/index.ts'
import { mayActFrom } from '../kernel/network.ts'
import type { LoginOutcome } from '../login-history/model.ts'
import { secondsToWait, throttleKeys, type ThrottleKeys } from '../throttling/index.ts'

/** The id of no user: unknown users are handled with it, so that they take as long as known ones. */
export const nonexistentUser: UserId = 'usr_00000000000000000000000000'

/** What was found before the transaction; everything is checked again inside. */
export interface PasswordCheck {
  readonly userId: UserId
  /** When the password was set, in milliseconds. Compared instead of the hash, which a concurrent sign-in may upgrade. */
  readonly changedAt: number | null
  readonly matches: boolean
  /** The password hashed again, if the stored hash is outdated. */
  readonly upgrade: string | null
  readonly throttle: ThrottleKeys
  /** Seconds to wait before the password is checked; 0: it was checked. */
  readonly wait: number
}

/**
 * Finds the named user, and checks the password, one at a time for what was typed in one network: whoever waited may have to wait longer by
 * then, and strangers elsewhere hold nobody up. A refusal
 * takes as long for an unknown user as for a known one, whoever made the hash, and so does its turn.
 */
export async function checkPassword(context: PrepareContext, input: { identifier: string; password: string }): Promise<PasswordCheck> {
  const before = await findNamed(context, input.identifier)
  if (before.unchecked.wait > 0) return before.unchecked
  const { pair, name } = before.unchecked.throttle
  return inTurn(context.ports.hasher, pair ?? name, async (hasWaited) => {
    const { stored, unchecked } = hasWaited ? await findNamed(context, input.identifier) : before
    return unchecked.wait > 0 ? unchecked : { ...unchecked, ...(await compareOrRefuse(context, stored, input.password)) }
  })
}

/** The named user, and how long the next try at the name has to wait. */
async function findNamed({ reader, ports, origin, now }: PrepareContext, identifier: string) {
  const stored = await findStoredPassword(reader, parseIdentifier(identifier) ?? { field: 'username', value: '' })
  const userId = stored === null ? nonexistentUser : idOf('usr', stored.id)
  const throttle = await throttleKeys(ports, origin, nameOf(identifier), { userId: stored === null ? null : userId })
  const wait = await secondsToWait(reader, throttle, now)
  return { stored, unchecked: { userId, changedAt: null, matches: false, upgrade: null, throttle, wait } }
}

async function compareOrRefuse(context: PrepareContext, stored: StoredPassword | null, password: string) {
  const startedAt = context.ports.clock.monotonic()
  const compared = await comparePassword(context, stored, password)
  if (stored === null || !compared.matches || !mayStillSignIn(stored, context.origin)) await waitToRefuse(context, startedAt, password)
  return compared
}

/** As known before the transaction: a user who will be refused there must not be answered sooner. */
function mayStillSignIn({ status, allowed_ips: allowed }: StoredPassword, origin: Origin): boolean {
  return userOutcome({ status, allowedIps: JSON.parse(allowed) as string[] }, origin) === 'succeeded'
}

/** The name that somebody typed, with its kind: a username is not an address, and neither is an id. */
export function nameOf(identifier: string): readonly string[] {
  const named = parseIdentifier(identifier)
  return named === null ? ['unreadable', identifier.trim()] : [named.field, named.value]
}

/** Compares a password with the stored hash, or with a decoy of the same cost. */
export async function comparePassword(
  { ports: { hasher } }: Pick<PrepareContext, 'ports'>,
  stored: StoredPassword | null,
  password: string,
) {
  const hash = stored?.hash ?? null
  const matches = await verifyOrDecoy(hasher, hash, password)
  const upgrade = matches && hash !== null && isOutdated(hasher, hash) ? await hashPassword(hasher, password) : null
  return { matches, upgrade, changedAt: stored?.changed_at ?? null }
}

interface StoredPassword {
  readonly id: string
  readonly status: UserStatus
  readonly allowed_ips: string
  /** null: the user has no password. */
  readonly hash: string | null
  /** Milliseconds since the epoch. */
  readonly changed_at: number | null
}

const storedBy = (field: string, condition: string) =>
  statement(
    `password_by_${field}`,
    `select u.id::text, u.status, array_to_json(u.allowed_ips)::text as allowed_ips, p.hash, (extract(epoch from p.changed_at) * 1000)::float8 as changed_at
      from users u left join passwords p on p.user_id = u.id where ${condition}`,
  )
const statements = {
  id: storedBy('id', 'u.id = ?'),
  username: storedBy('username', 'u.username = ?'),
  email: storedBy('email', 'u.email = ?'),
}

/** The stored password of a user; null: no such user. */
export async function findStoredPassword(em: SqlEntityManager, { field, value }: ParsedIdentifier): Promise<StoredPassword | null> {
  const [row] = await runStatement<StoredPassword>(em, statements[field], [field === 'id' ? uuidOf(value) : value])
  return row ?? null
}

const statusStatement = statement(
  'sign_in_status',
  `select u.status, array_to_json(u.allowed_ips)::text as allowed_ips, (extract(epoch from p.changed_at) * 1000)::float8 as changed_at
    from users u left join passwords p on p.user_id = u.id where u.id = ?`,
)

/**
 * The outcome of a sign-in as of now: the user and the password are checked
 * again. Without the ORM: building a user object takes time that would reveal
 * that the user exists.
 */
export async function passwordOutcome(
  { em, origin }: CommandContext,
  { userId, matches, changedAt }: PasswordCheck,
): Promise<LoginOutcome> {
  interface Row {
    readonly status: UserStatus
    readonly allowed_ips: string
    readonly changed_at: number | null
  }
  const [row] = await runStatement<Row>(em, statusStatement, [uuidOf(userId)])
  if (row === undefined) return 'unknownUser'
  if (!matches || row.changed_at === null || row.changed_at !== changedAt) return 'wrongPassword'
  return userOutcome({ status: row.status, allowedIps: JSON.parse(row.allowed_ips) as string[] }, origin)
}

/** The outcome for a user who has been authenticated. */
export function userOutcome({ status, allowedIps }: Pick<UserRow, 'status' | 'allowedIps'>, origin: Origin): LoginOutcome {
  if (!isActing(status)) return 'notActive'
  return mayActFrom(allowedIps, origin) ? 'succeeded' : 'addressNotAllowed'
}
