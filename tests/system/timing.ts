import { newEmail } from '@denizen/core/testing'
import type { TestContext } from 'vitest'
import type { SystemDatabase } from '../database.ts'
import { expectKept, type Look } from './promise.ts'
import { batch, compared, looks, type Comparison, type Finding } from './sequential.ts'

/**
 * 25: whether an address has an account must not show in how long an answer takes. Equivalence is shown, not assumed:
 * the interval of the difference (sequential.ts), of pairs measured one right after the other, in random order, has to
 * lie within the margin. Every measurement also has to find a difference of `planted` milliseconds that is made on
 * purpose, or it proves nothing.
 */

/** Milliseconds. */
export const margin = 1
/** Milliseconds. */
export const planted = 2

/** Makes inserts into a table slower by `planted` where the condition holds, a SQL expression about `new`: what the measurement has to find. */
export async function plantDifference(database: SystemDatabase, table: string, condition: string): Promise<void> {
  await database.rows(`create function slower() returns trigger language plpgsql as $$ begin
    if ${condition} then perform pg_sleep(${planted / 1000}); end if; return new; end $$`)
  await database.rows(`create trigger slower before insert on ${table} for each row execute function slower()`)
}

/** Pairs at the beginning that do not count: connections are opened and statements prepared. */
const warmUp = 50
/** As many as one comparison may need of everything that can be used once. */
export const mostPairs = warmUp + looks * batch
/** Batches after which it is looked at the machine again: a comparison on a busy one takes minutes. */
const batchesBetweenLooks = 5

/** Two kinds of call, each with its own subject; every one is asked for once, by the number of its pair. */
export interface Pair<Subject> {
  readonly one: (index: number) => Subject
  readonly other: (index: number) => Subject
}

/** `one` takes as long as `other`, or longer: measured as a promise (promise.ts). */
export async function expectTimes<Subject>(
  context: TestContext,
  expected: Exclude<Finding, 'unsure'>,
  subjects: () => Promise<Pair<Subject>>,
  call: (subject: Subject) => Promise<unknown>,
): Promise<void> {
  const { name } = context.task
  await expectKept(
    context,
    name,
    async (look) => {
      const comparison = await difference(await subjects(), call, look)
      console.log(`${name}: ${told(comparison)}`)
      return comparison
    },
    (comparison) => (isAsExpected(comparison, expected) ? [] : [told(comparison)]),
  )
}

/** What takes longer is `one`: a difference the other way round is not the one that was planted. */
function isAsExpected({ finding, low }: Comparison, expected: Finding): boolean {
  return finding === expected && (expected === 'the same' || low > margin)
}

function told({ finding, low, high, pairs }: Comparison): string {
  return `${finding} within ${margin} ms: ${low.toFixed(3)} to ${high.toFixed(3)} ms longer, of ${pairs} pairs`
}

async function difference<Subject>(of: Pair<Subject>, call: (subject: Subject) => Promise<unknown>, look: Look): Promise<Comparison> {
  const timed = async (subject: Subject): Promise<number> => {
    const startedAt = performance.now()
    await call(subject)
    return performance.now() - startedAt
  }
  let index = 0
  const measure = async (pairs: number): Promise<number[]> => {
    const differences: number[] = []
    for (const end = index + pairs; index < end; index++) {
      const oneFirst = Math.random() < 0.5
      const first = await timed(oneFirst ? of.one(index) : of.other(index))
      const second = await timed(oneFirst ? of.other(index) : of.one(index))
      differences.push(oneFirst ? first - second : second - first)
    }
    return differences
  }
  await measure(warmUp)
  let batches = 0
  // Whoever is still unsure on a machine that is not quiet becomes sure too late, if ever: nothing can be said of it then.
  return compared(margin, measure, async () => ++batches % batchesBetweenLooks !== 0 || (await look()).length === 0)
}

/** How much longer a call takes with the address of an account than with one that nobody has. Every address is used once. */
export async function expectTimesByAccount(
  context: TestContext,
  expected: Exclude<Finding, 'unsure'>,
  database: SystemDatabase,
  call: (email: string) => Promise<unknown>,
): Promise<void> {
  const subjects = async () => {
    const known = await knownAddresses(database, mostPairs)
    return { one: (index: number) => known[index] ?? newEmail(), other: newEmail }
  }
  await expectTimes(context, expected, subjects, call)
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
