import { newEmail } from '@denizen/core/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from './database.ts'

/**
 * 25: whether an address has an account must not show in how long inviting it takes.
 * Equivalence is shown, not assumed: the 95 % interval of the difference (of pairs
 * measured one right after the other, in random order; the fifth of them at each end
 * cut off; bootstrapped) has to lie within the margin. The same measurement has to
 * find a difference of 2 ms that is planted where a look at the account would cost it.
 */
const pairs = 1000
const margin = 1
const planted = 2

let database: SystemDatabase
beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

interface Interval {
  readonly low: number
  readonly high: number
}

async function measure(): Promise<Interval> {
  const organizationId = await database.people.newOrganization()
  const { organizations } = database.people.asSystem()
  const known = Array.from({ length: pairs + 50 }, newEmail)
  await database.rows(
    `insert into users (id, username, email, email_verified, status, kind, preferences, version, created_at, updated_at)
      select gen_random_uuid(), replace(email, '@', '.'), email, true, 'active', 'human', '{}', 1, now(), now() from unnest(?::text[]) as email`,
    [`{${known.join(',')}}`],
  )
  await database.rows('analyze users')
  const timed = async (email: string): Promise<number> => {
    const startedAt = performance.now()
    await organizations.invite({ organizationId, email })
    return performance.now() - startedAt
  }
  const differences: number[] = []
  for (const email of known) {
    const knownFirst = Math.random() < 0.5
    const first = await timed(knownFirst ? email : newEmail())
    const second = await timed(knownFirst ? newEmail() : email)
    differences.push(knownFirst ? first - second : second - first)
  }
  return intervalOf(differences.slice(50))
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

it(`inviting an address with an account and one without takes the same time, within ${margin} ms`, async () => {
  const { low, high } = await measure()
  expect(Math.max(Math.abs(low), Math.abs(high)), `${low} to ${high} ms`).toBeLessThan(margin)
}, 60_000)

it(`the measurement finds a difference of ${planted} ms: it can fail`, async () => {
  await database.rows(`create function slower() returns trigger language plpgsql as $$ begin
    if exists (select 1 from users where email = new.email) then perform pg_sleep(${planted / 1000}); end if; return new; end $$`)
  await database.rows('create trigger slower before insert on invitations for each row execute function slower()')
  const { low, high } = await measure()
  expect(low, `${low} to ${high} ms`).toBeGreaterThan(margin)
}, 60_000)
