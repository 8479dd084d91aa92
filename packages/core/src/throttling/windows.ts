import type { CommandContext } from '../kernel/context.ts'
import { counterKey, type Counted } from './keys.ts'

const hour = 60 * 60 * 1000

/** Seconds that are left of the hour of the clock. */
export function secondsLeftOfHour(now: Date): number {
  return Math.ceil((hour - (now.getTime() % hour)) / 1000)
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
