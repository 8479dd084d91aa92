import { newEmail } from '@denizen/core/testing'
import type { SystemDatabase } from '../database.ts'

/**
 * 25: whether an address has an account must not show in how long an answer takes.
 * Equivalence is shown, not assumed: the 95 % interval of the difference (of pairs
 * measured one right after the other, in random order; the fifth of them at each end
 * cut off; bootstrapped) has to lie within the margin. Every measurement also has to
 * find a difference of `planted` milliseconds that is made on purpose, or it proves nothing.
 */
export const pairs = 1000
/** Enough to find what was planted: fewer make that harder, not easier. */
export const controlPairs = 300
/** Milliseconds. */
export const margin = 1
/** Milliseconds. */
export const planted = 2

/** Pairs at the beginning that do not count: connections are opened and statements prepared. */
const warmUp = 50

/** Milliseconds: where the difference lies, with a confidence of 95 %. */
export interface Interval {
  readonly low: number
  readonly high: number
}

/** How far from nothing the difference may be. */
export function farthest({ low, high }: Interval): number {
  return Math.max(Math.abs(low), Math.abs(high))
}

/** How much longer one kind of call takes than another, each with its own subject. Both are called once for every pair. */
export async function difference<Subject>(
  counted: number,
  of: { readonly one: (index: number) => Subject; readonly other: (index: number) => Subject },
  call: (subject: Subject) => Promise<unknown>,
): Promise<Interval> {
  const timed = async (subject: Subject): Promise<number> => {
    const startedAt = performance.now()
    await call(subject)
    return performance.now() - startedAt
  }
  const differences: number[] = []
  for (let index = 0; index < counted + warmUp; index++) {
    const oneFirst = Math.random() < 0.5
    const first = await timed(oneFirst ? of.one(index) : of.other(index))
    const second = await timed(oneFirst ? of.other(index) : of.one(index))
    differences.push(oneFirst ? first - second : second - first)
  }
  return intervalOf(differences.slice(warmUp))
}

/** How much longer a call takes with the address of an account than with one that nobody has. Every address is used once. */
export async function differenceByAccount(
  database: SystemDatabase,
  call: (email: string) => Promise<unknown>,
  counted = pairs,
): Promise<Interval> {
  const known = await knownAddresses(database, counted + warmUp)
  return difference(counted, { one: (index) => known[index] ?? newEmail(), other: newEmail }, call)
}

/** Addresses of accounts that are made past every rule, with proved addresses; all with the password whose hash is given, if one is. */
export async function knownAddresses(database: SystemDatabase, count: number, passwordHash: string | null = null): Promise<string[]> {
  const emails = Array.from({ length: count }, newEmail)
  const list = `{${emails.join(',')}}`
  await database.rows(
    `insert into users (id, username, email, email_verified, status, kind, preferences, version, created_at, updated_at)
      select gen_random_uuid(), replace(email, '@', '.'), email, true, 'active', 'human', '{}', 1, now(), now() from unnest(?::text[]) as email`,
    [list],
  )
  if (passwordHash !== null) {
    await database.rows(`insert into passwords (user_id, hash, changed_at) select id, ?, now() from users where email = any(?::text[])`, [
      passwordHash,
      list,
    ])
  }
  await database.rows('analyze users')
  return emails
}

function trimmedMean(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const cut = Math.floor(sorted.length / 5)
  const kept = sorted.slice(cut, sorted.length - cut)
  return kept.reduce((sum, value) => sum + value, 0) / kept.length
}

function intervalOf(differences: readonly number[]): Interval {
  const means = Array.from({ length: 1000 }, () =>
    trimmedMean(differences.map(() => differences[Math.floor(Math.random() * differences.length)] ?? 0)),
  ).toSorted((left, right) => left - right)
  return { low: means[24] ?? 0, high: means[974] ?? 0 }
}
