import type { CommandContext } from '../kernel/context.ts'

const hour = 60 * 60 * 1000

/** Which hour of the clock it is, counted from the epoch, and how many milliseconds of it are left. */
export function hourOf(now: Date): { readonly number: number; readonly left: number } {
  const number = Math.floor(now.getTime() / hour)
  return { number, left: (number + 1) * hour - now.getTime() }
}

/**
 * Counts one more under a name in the hour of the clock, and gives the number. Who counts under the same name at once waits:
 * none is lost. The row's key is a fingerprint (names are data about people); old rows go with those of other failures.
 * @param kind what is counted, for the fingerprint.
 */
export async function countInHour(
  { em, now, ports }: Pick<CommandContext, 'em' | 'now' | 'ports'>,
  kind: string,
  name: string,
): Promise<number> {
  const key = await ports.cipher.fingerprint(kind, name)
  const [row] = await em.execute<[{ failures: number }]>(
    `insert into throttles as t (key, failures, last_failure_at) values (?, 1, ?)
      on conflict (key) do update set failures = t.failures + 1, last_failure_at = excluded.last_failure_at returning failures`,
    [key, now],
  )
  return row.failures
}
