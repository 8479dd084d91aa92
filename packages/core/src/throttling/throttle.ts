import type { CommandContext } from '../kernel/context.ts'
import type { Origin } from '../kernel/origin.ts'
import { uuidOf, type Id } from '../kernel/id.ts'
import { networkOf } from '../kernel/network.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Ports } from '../ports/index.ts'
import { tooManyAttempts } from './errors.ts'

/**
 * Failures are counted thrice: of an account from one network, of the account from
 * anywhere, and of the network whatever the account. Each has a number that is free,
 * then delays that double up to a longest one. That of an account from anywhere is
 * short, and does not hold where its user signed in of late: a stranger can slow its
 * owner down in a new place, but never lock them out.
 *
 * A call that came over no network, from within the process, is counted by account
 * alone: a network that everybody shares would let a stranger hold up everybody.
 */
interface Limit {
  readonly free: number
  /** Seconds. */
  readonly longestDelay: number
}

type Counted = 'pair' | 'account' | 'network'

/** The kinds of secrets that can be guessed. Each is counted separately: who knows the password does not get more tries at the second factor for it. */
const guessed = ['password', 'factor', 'proof', 'mailedCode', 'userCode'] as const
type Guessed = (typeof guessed)[number]

const usual: Readonly<Record<Counted, Limit>> = {
  pair: { free: 5, longestDelay: 15 * 60 },
  account: { free: 20, longestDelay: 60 },
  network: { free: 100, longestDelay: 15 * 60 },
}
/** Only who knows the password, or has the session, gets as far as these: no stranger. */
const strict = { ...usual, account: { free: 10, longestDelay: 60 * 60 } }

const limits: Readonly<Record<Guessed, Readonly<Record<Counted, Limit>>>> = {
  password: usual,
  factor: strict,
  proof: strict,
  mailedCode: usual,
  userCode: usual,
}

/** Milliseconds after the last failure when all is forgotten. */
const memory = 60 * 60 * 1000

/** Milliseconds that a network counts as one where the user has signed in. */
const acquaintance = 30 * 24 * 60 * 60 * 1000

/** The keys under which failures are counted. Names are personal data, so fingerprints are stored. */
export interface ThrottleKeys {
  readonly guessed: Guessed
  readonly account: string
  /** null: the call came over no network. */
  readonly pair: string | null
  readonly network: string | null
  /** Whose account it is, and from where they are called: whether they have signed in there. */
  readonly userId: Id<'usr'> | null
  readonly block: string | null
}

interface ThrottleTarget {
  readonly guessed?: Guessed
  /** Whose account that is, where somebody's: networks where they signed in of late are spared what strangers do elsewhere. */
  readonly userId?: Id<'usr'> | null
}

/**
 * @param account what is counted: the account's id; where there is no account, what was named, with its kind, in a form that no id has.
 */
export async function throttleKeys(
  { cipher }: Pick<Ports, 'cipher'>,
  { ip }: Pick<Origin, 'ip'>,
  account: string,
  aim: ThrottleTarget = {},
): Promise<ThrottleKeys> {
  const { guessed: at = 'password', userId = null } = aim
  const block = ip === null ? null : (networkOf(ip) ?? ip)
  const accountKey = await accountKeyOf({ cipher }, at, account)
  const network = block === null ? null : await cipher.fingerprint('throttle/network', block)
  return { guessed: at, account: accountKey, pair: network === null ? null : `${accountKey}/${network}`, network, userId, block }
}

function accountKeyOf({ cipher }: Pick<Ports, 'cipher'>, at: Guessed, account: string): Promise<string> {
  return cipher.fingerprint(`throttle/${at}`, account)
}

/** An empty key is nobody's. */
const none = ''

const findBlock = statement(
  'throttle_look',
  `select max(blocked_until) as until from throttles where key in (?, ?, ?) and (key <> ? or not exists (
      select 1 from sessions s where s.user_id = ?::uuid and s.impersonator_id is null and s.created_at > ?::timestamptz and s.ip <<= ?::inet))`,
)

const lockAccount = statement('throttle_lock', 'select 1 as locked from pg_advisory_xact_lock(hashtextextended(?, 0))')
const deleteFailures = statement('throttle_forget', 'delete from throttles where key in (?, ?)')

/** Seconds to wait before the next try; 0: now. Looks only: cheap enough to be asked before anything slow. */
export async function secondsToWait(em: SqlEntityManager, keys: ThrottleKeys, now: Date): Promise<number> {
  const { pair, account, network, userId, block } = keys
  const user = userId === null ? null : uuidOf(userId)
  const since = new Date(now.getTime() - acquaintance)
  const parameters = [pair ?? none, account, network ?? none, account, user, since, block]
  const [row] = await runStatement<{ until: Date | string | null }>(em, findBlock, parameters)
  return row === undefined || row.until === null ? 0 : secondsUntil(new Date(row.until), now)
}

/**
 * Seconds that a try has to wait; 0: it is let through. Whoever comes at the same
 * time for the same account waits here until this try has been counted: of any number
 * at once no more are answered than are free.
 */
export async function secondsUntilAdmitted({ em, now }: CommandContext, keys: ThrottleKeys): Promise<number> {
  // The lock and the look are two statements: the second has to see what whoever held the lock has written.
  await runStatement(em, lockAccount, [keys.account])
  return secondsToWait(em, keys, now)
}

/** Lets a try through, or refuses it, whether or not the guess was right. */
export async function admit(context: CommandContext, keys: ThrottleKeys): Promise<void> {
  const seconds = await secondsUntilAdmitted(context, keys)
  if (seconds > 0) context.refuse(tooManyAttempts({ retryAfter: seconds }))
}

/**
 * Tries a guess: refused while there were too many, counted when `check` says null,
 * and all forgotten when it does not. Whoever gets null refuses and does not throw,
 * so that the count stays.
 */
export async function guess<Proof>(context: CommandContext, keys: ThrottleKeys, check: () => Promise<Proof | null>): Promise<Proof | null> {
  await admit(context, keys)
  const proof = await check()
  await (proof === null ? countFailure(context, keys) : forgetFailures(context, keys))
  return proof
}

/** Counts a failure. To be committed, also when the call fails: refuse, do not throw. */
export async function countFailure({ em, now }: Pick<CommandContext, 'em' | 'now'>, keys: ThrottleKeys): Promise<void> {
  const forgotten = new Date(now.getTime() - memory)
  // The network comes last: what holds its row waits for nobody.
  for (const counted of ['account', 'pair', 'network'] as const) {
    const key = keys[counted]
    if (key === null) continue
    const { free, longestDelay } = limits[keys.guessed][counted]
    await em.execute(
      `insert into throttles as t (key, failures, last_failure_at) values (?, 1, ?)
        on conflict (key) do update set last_failure_at = excluded.last_failure_at,
          failures = case when t.last_failure_at < ? then 1 else t.failures + 1 end,
          blocked_until = case when t.last_failure_at < ? or t.failures + 1 < ? then null
            else excluded.last_failure_at + make_interval(secs => least(?, power(2, least(t.failures + 1 - ?, 30)))) end`,
      [key, now, forgotten, forgotten, free, longestDelay, free],
      'run',
    )
  }
}

/** Forgets the failures at an account, after it was proved whose it is. Those of the network stay: a stranger may have an account too. */
export async function forgetFailures({ em }: Pick<CommandContext, 'em'>, { pair, account }: ThrottleKeys): Promise<void> {
  await runStatement(em, deleteFailures, [pair ?? none, account])
}

/** Forgets all failures at an account, by whatever name and from whatever network, and says how many there were. */
export async function forgetAll({ em, ports }: Pick<CommandContext, 'em' | 'ports'>, names: readonly string[]): Promise<number> {
  const accounts = await Promise.all(guessed.flatMap((at) => names.map((name) => accountKeyOf(ports, at, name))))
  const forgotten = await em.execute<{ key: string; failures: number }[]>(
    `delete from throttles where split_part(key, '/', 1) = any(?::text[]) returning key, failures`,
    [`{${accounts.join(',')}}`],
  )
  return forgotten.reduce((sum, { key, failures }) => (key.includes('/') ? sum : sum + failures), 0)
}

function secondsUntil(until: Date, now: Date): number {
  return Math.max(0, Math.ceil((until.getTime() - now.getTime()) / 1000))
}
