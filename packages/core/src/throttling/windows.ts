import type { CommandContext } from '../kernel/context.ts'
import { networkOf } from '../kernel/network.ts'
import { tooManyAttempts } from './errors.ts'
import { counterKey, type Counted } from './keys.ts'

const hour = 60 * 60 * 1000

/** Seconds that are left of the hour of the clock. */
export function secondsLeftOfHour(now: Date): number {
  return Math.ceil((hour - (now.getTime() % hour)) / 1000)
}

/**
 * What strangers may begin from one network in an hour: enough for a school or an office behind one address, too few for a flood. The rows
 * that they leave are cleaned up within a day, but for accounts, so these bound how many there are.
 */
const mostOfNetwork = {
  /** Accounts without a name. */
  anonymous: 200,
  /** Sign-ins of devices. */
  deviceLogin: 200,
  /** Sign-ins at providers; each costs a request to the database and one that is sealed. */
  oauth: 1000,
  /** Sign-ins with a passkey: pages begin one whenever they are shown. */
  passkeySignIn: 3000,
} as const

/**
 * Counts that a stranger begins something; throws when there was too much of it from their network. It is thrown, not refused, so that
 * what is too much leaves nothing behind.
 */
export async function admitFromNetwork(context: CommandContext, what: keyof typeof mostOfNetwork): Promise<void> {
  const { now, origin } = context
  if (origin.ip === null) return
  const begun = await countInHour(context, `begun/${what}/network`, [networkOf(origin.ip) ?? origin.ip])
  if (begun > mostOfNetwork[what]) throw tooManyAttempts({ retryAfter: secondsLeftOfHour(now) })
}

/**
 * Counts one more in the hour of the clock, and gives the number. Who counts the same at once waits: none is lost. Old rows go with
 * those of failures.
 */
export async function countInHour(
  { em, now, ports }: Pick<CommandContext, 'em' | 'now' | 'ports'>,
  counted: Counted,
  parts: readonly string[],
): Promise<number> {
  const key = await counterKey(ports, counted, [String(Math.floor(now.getTime() / hour)), ...parts])
  const [row] = await em.execute<[{ failures: number }]>(
    `insert into throttles as t (key, failures, last_failure_at) values (?, 1, ?)
      on conflict (key) do update set failures = t.failures + 1, last_failure_at = excluded.last_failure_at returning failures`,
    [key, now],
  )
  return row.failures
}
