import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext, Origin } from '../kernel/context.ts'
import { networkOf } from '../kernel/network.ts'
import type { Ports } from '../ports/index.ts'
import { tooManyAttempts } from './errors.ts'

/**
 * Failures are counted thrice: of an account from one network, of the account from
 * anywhere, and of the network whatever the account. Each has a number that is free,
 * then delays that double up to a longest one. That of an account from anywhere is
 * short: a stranger can slow its owner down, but never lock them out.
 */
interface Limit {
  readonly free: number
  /** Seconds. */
  readonly longestDelay: number
}

const limits = {
  pair: { free: 5, longestDelay: 15 * 60 },
  account: { free: 20, longestDelay: 60 },
  network: { free: 100, longestDelay: 15 * 60 },
} satisfies Readonly<Record<string, Limit>>

/** Milliseconds after the last failure when all is forgotten. */
const memory = 60 * 60 * 1000

/** What the failures of one caller at one account are counted under. Names are data about people: what is kept is a fingerprint. */
export interface ThrottleKeys {
  readonly pair: string
  readonly account: string
  readonly network: string
}

/** @param account what names it: an id where there is one, else what was typed, normalised. */
export async function throttleKeys({ cipher }: Ports, { ip }: Origin, account: string): Promise<ThrottleKeys> {
  const network = ip === null ? 'none' : (networkOf(ip) ?? ip)
  const key = (kind: keyof typeof limits, text: string) => cipher.fingerprint(`throttle/${kind}`, text)
  return {
    pair: await key('pair', `${account}\n${network}`),
    account: await key('account', account),
    network: await key('network', network),
  }
}

/** Seconds to wait before the next try; 0: now. Looks only: cheap enough to be asked before anything slow. */
export async function secondsToWait(em: SqlEntityManager, { pair, account, network }: ThrottleKeys, now: Date): Promise<number> {
  const [row] = await em.execute<[{ until: Date | string | null }]>(
    'select max(blocked_until) as until from throttles where key in (?, ?, ?)',
    [pair, account, network],
  )
  return row.until === null ? 0 : secondsUntil(new Date(row.until), now)
}

/**
 * Lets a try through, or refuses it. Whoever comes at the same time for the same
 * account waits until this try has been counted: of any number at once no more are
 * answered than are free. Refuses whether or not the guess was right.
 */
export async function admit(context: CommandContext, keys: ThrottleKeys): Promise<void> {
  const { em, now } = context
  for (const key of [keys.account, keys.pair]) {
    await em.execute(
      `insert into throttles (key, failures, last_failure_at) values (?, 0, ?) on conflict (key) do update set key = excluded.key`,
      [key, now],
      'run',
    )
  }
  const seconds = await secondsToWait(em, keys, now)
  if (seconds > 0) context.refuse(tooManyAttempts({ retryAfter: seconds }))
}

/** Counts a failure. To be committed, also when the call fails: refuse, do not throw. */
export async function countFailure({ em, now }: Pick<CommandContext, 'em' | 'now'>, keys: ThrottleKeys): Promise<void> {
  for (const kind of ['account', 'pair', 'network'] as const) {
    const { free, longestDelay } = limits[kind]
    await em.execute(
      `insert into throttles as t (key, failures, last_failure_at) values (?, 1, ?)
        on conflict (key) do update set last_failure_at = excluded.last_failure_at,
          failures = case when t.last_failure_at < ? then 1 else t.failures + 1 end,
          blocked_until = case when t.last_failure_at < ? or t.failures + 1 < ? then null
            else excluded.last_failure_at + make_interval(secs => least(?, power(2, least(t.failures + 1 - ?, 30)))) end`,
      [keys[kind], now, new Date(now.getTime() - memory), new Date(now.getTime() - memory), free, longestDelay, free],
      'run',
    )
  }
}

/** Forgets the failures at an account, after it was proved whose it is. Those of the network stay: a stranger may have an account too. */
export async function forgetFailures({ em }: Pick<CommandContext, 'em'>, { pair, account }: ThrottleKeys): Promise<void> {
  await em.execute('delete from throttles where key in (?, ?)', [pair, account], 'run')
}

function secondsUntil(until: Date, now: Date): number {
  return Math.max(0, Math.ceil((until.getTime() - now.getTime()) / 1000))
}
