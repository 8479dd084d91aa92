import type { CommandContext } from '../kernel/context.ts'
import type { Origin } from '../kernel/origin.ts'
import { uuidOrNull, type Id } from '../kernel/id.ts'
import { exclusiveLockNames, takeLock } from '../kernel/locks.ts'
import { networkOf } from '../kernel/network.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import { sql, type SqlEntityManager } from '@mikro-orm/sql'
import type { Ports } from '../ports/index.ts'
import { tooManyAttempts } from './errors.ts'
import { counterKey, type Guessed } from './keys.ts'

/**
 * Failures are counted thrice: at a name from one network, at the name from
 * anywhere, and of the network whatever the name. Each has a number that is free,
 * then delays that double up to a longest one. That of a name from anywhere is
 * short, and does not hold where its user signed in of late: a stranger can slow its
 * owner down in a new place, but never lock them out.
 *
 * A call that came over no network, from within the process, is counted by name
 * alone: a network that everybody shares would let a stranger hold up everybody.
 *
 * Passwords are counted by the account behind the name as well, so that all of its names have one budget (NIST SP 800-63B-4: 3.2.2).
 * Nobody is told to wait for that: whoever sees one name wait for what was tried at another learns that both are one's. Guesses
 * above it are wrong, whatever they are.
 *
 * Two other waits are not for counting: `passwords/refusal-time.ts` keeps the time of a refusal from telling who exists, and
 * `passwords/turns.ts` compares one password at a time for a name.
 */
interface Limit {
  readonly free: number
  /** Seconds. */
  readonly longestDelay: number
}

type Budget = 'pair' | 'name' | 'account' | 'network'

const usual: Readonly<Record<Budget, Limit>> = {
  pair: { free: 5, longestDelay: 15 * 60 },
  name: { free: 20, longestDelay: 60 },
  account: { free: 20, longestDelay: 60 },
  network: { free: 100, longestDelay: 15 * 60 },
}
/** Only who knows the password, or has the session, gets as far as these: no stranger. */
const strict = { ...usual, name: { free: 10, longestDelay: 60 * 60 } }

const limits: Readonly<Record<Guessed, Readonly<Record<Budget, Limit>>>> = {
  password: usual,
  passkey: usual,
  identityToken: usual,
  factor: strict,
  proof: strict,
  mailedCode: usual,
  userCode: usual,
}

/** Milliseconds after the last failure when all is forgotten. */
const memory = 60 * 60 * 1000

/** Milliseconds that a network counts as one where the user has signed in. */
export const acquaintance = 30 * 24 * 60 * 60 * 1000

/** The keys under which failures are counted. Names are personal data, so fingerprints are stored. */
export interface ThrottleKeys {
  readonly guessed: Guessed
  readonly name: string
  /** Of a password: the account behind the name; null: it is named by its id, or nothing else names it. */
  readonly account: string | null
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
 * @param name what names the account, normalised as it was typed: in parts, of which the first says what kind of name it is. Counted
 * the same whether or not there is such an account.
 */
export async function throttleKeys(
  ports: Pick<Ports, 'cipher'>,
  { ip }: Pick<Origin, 'ip'>,
  name: readonly string[],
  aim: ThrottleTarget = {},
): Promise<ThrottleKeys> {
  const { guessed = 'password', userId = null } = aim
  const block = ip === null ? null : (networkOf(ip) ?? ip)
  const nameKey = await counterKey(ports, `failures/${guessed}/name`, name)
  const network = block === null ? null : await counterKey(ports, `failures/${guessed}/network`, [block])
  const account = guessed === 'password' ? await accountKeyOf(ports, userId, name) : null
  return { guessed, name: nameKey, account, pair: network === null ? null : `${nameKey}/${network}`, network, userId, block }
}

/** Where there is no account, every name has a key of its own: whoever guesses at one waits for nobody else. */
function accountKeyOf(ports: Pick<Ports, 'cipher'>, userId: Id<'usr'> | null, name: readonly string[]): Promise<string> {
  return counterKey(ports, 'failures/password/account', userId === null ? ['nobody', ...name] : ['user', userId])
}

/** An empty key is nobody's. */
const none = ''

/** SQL: a user has signed in themselves in a network of late. Parameters: the user, since when (see `acquaintance`), and the network. */
export const hasSignedInThere =
  'exists (select 1 from sessions s where s.user_id = ?::uuid and s.impersonator_id is null and s.created_at > ?::timestamptz and s.ip <<= ?::inet)'

const findBlock = statement(
  'throttle_look',
  `select max(blocked_until) as until from throttles where key in (?, ?, ?) and (key <> ? or not ${hasSignedInThere})`,
)

const deleteFailures = statement('throttle_forget', 'delete from throttles where key in (?, ?, ?)')

/** Seconds to wait before the next try; 0: now. Looks only: cheap enough to be asked before anything slow. */
export async function secondsToWait(em: SqlEntityManager, keys: ThrottleKeys, now: Date): Promise<number> {
  const { pair, name, network } = keys
  return secondsBlocked(em, keys, { all: [pair ?? none, name, network ?? none], spared: name }, now)
}

async function secondsBlocked(
  em: SqlEntityManager,
  { userId, block }: ThrottleKeys,
  { all, spared }: { readonly all: readonly [string, string, string]; readonly spared: string },
  now: Date,
): Promise<number> {
  const user = uuidOrNull(userId)
  const since = new Date(now.getTime() - acquaintance)
  const [row] = await runStatement<{ until: Date | string | null }>(em, findBlock, [...all, spared, user, since, block])
  return row === undefined || row.until === null ? 0 : secondsUntil(new Date(row.until), now)
}

/**
 * Whether the account behind the name has had too many wrong guesses, by whatever names. To be asked after `secondsUntilAdmitted`;
 * the guess is then wrong, and the answer that for a wrong one. Whoever comes at the same time waits here, too.
 */
export async function isOverBudget({ em, now }: Pick<CommandContext, 'em' | 'now'>, keys: ThrottleKeys): Promise<boolean> {
  const { account } = keys
  if (account === null) return false
  await takeLock(em, exclusiveLockNames.attempts(account))
  return (await secondsBlocked(em, keys, { all: [account, none, none], spared: account }, now)) > 0
}

/**
 * Seconds that a try has to wait; 0: it is let through. Whoever comes at the same
 * time for the same account waits here until this try has been counted: of any number
 * at once no more are answered than are free.
 */
export async function secondsUntilAdmitted({ em, now }: CommandContext, keys: ThrottleKeys): Promise<number> {
  // The lock and the look are two statements: the second has to see what whoever held the lock has written.
  await takeLock(em, exclusiveLockNames.attempts(keys.name))
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
  const proof = (await isOverBudget(context, keys)) ? null : await check()
  await (proof === null ? countFailure(context, keys) : forgetFailures(context, keys))
  return proof
}

/** Counts a failure. To be committed, also when the call fails: refuse, do not throw. */
export async function countFailure({ em, now }: Pick<CommandContext, 'em' | 'now'>, keys: ThrottleKeys): Promise<void> {
  const forgotten = new Date(now.getTime() - memory)
  // The network comes last: what holds its row waits for nobody.
  for (const counted of ['name', 'account', 'pair', 'network'] as const) {
    const key = keys[counted]
    if (key === null) continue
    const { free, longestDelay } = limits[keys.guessed][counted]
    await em.execute(
      sql`insert into throttles as t (key, failures, last_failure_at) values (${key}, 1, ${now})
        on conflict (key) do update set last_failure_at = excluded.last_failure_at,
          failures = case when t.last_failure_at < ${forgotten} then 1 else t.failures + 1 end,
          blocked_until = case when t.last_failure_at < ${forgotten} or t.failures + 1 < ${free} then null
            else excluded.last_failure_at + make_interval(secs => least(${longestDelay}, power(2, least(t.failures + 1 - ${free}, 30)))) end`,
      [],
      'run',
    )
  }
}

/** Forgets the failures at an account, after it was proved whose it is. Those of the network stay: a stranger may have an account too. */
export async function forgetFailures({ em }: Pick<CommandContext, 'em'>, { pair, name, account }: ThrottleKeys): Promise<void> {
  await runStatement(em, deleteFailures, [pair ?? none, name, account ?? none])
}

/** Forgets all failures at secrets of an account, by whatever name and from whatever network, and says how many there were. */
export async function forgetAll(
  { em, ports }: Pick<CommandContext, 'em' | 'ports'>,
  userId: Id<'usr'>,
  names: readonly (readonly string[])[],
): Promise<number> {
  const kinds = ['password', 'factor', 'proof', 'mailedCode'] as const
  const keys = await Promise.all(kinds.flatMap((kind) => names.map((name) => counterKey(ports, `failures/${kind}/name`, name))))
  const account = await accountKeyOf(ports, userId, [])
  const forgotten = await em.execute<{ key: string; failures: number }[]>(
    `delete from throttles where split_part(key, '/', 1) = any(?::text[]) returning key, failures`,
    [`{${[...keys, account].join(',')}}`],
  )
  return forgotten.reduce((sum, { key, failures }) => (key.includes('/') || key === account ? sum : sum + failures), 0)
}

function secondsUntil(until: Date, now: Date): number {
  return Math.max(0, Math.ceil((until.getTime() - now.getTime()) / 1000))
}
