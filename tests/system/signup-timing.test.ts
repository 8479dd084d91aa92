import { password } from '@denizen/core/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from '../database.ts'
import { controlPairs, differenceByAccount, farthest, margin, planted, type Interval } from './timing.ts'

let database: SystemDatabase
beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

const calls = {
  'signing up': (email: string) => database.people.asAnonymous().auth.signUp({ email, password }),
  'asking for a link to sign in': (email: string) => database.people.asAnonymous().auth.requestMagicLink({ email }),
  'asking for a code to sign in': (email: string) => database.people.asAnonymous().auth.requestEmailCode({ email }),
} as const

function measure(what: keyof typeof calls, counted?: number): Promise<Interval> {
  return differenceByAccount(database, calls[what], counted)
}

it.each(Object.keys(calls) as (keyof typeof calls)[])(
  `25: %s takes the same time for an address with an account and one without, within ${margin} ms`,
  async (what) => {
    const interval = await measure(what)
    expect(farthest(interval), `${interval.low} to ${interval.high} ms`).toBeLessThan(margin)
  },
  120_000,
)

it(`the measurement finds a difference of ${planted} ms: it can fail`, async () => {
  await database.rows(`create function slower() returns trigger language plpgsql as $$ begin
    if exists (select 1 from users where email = new.email) then perform pg_sleep(${planted / 1000}); end if; return new; end $$`)
  await database.rows('create trigger slower before insert on verifications for each row execute function slower()')
  const { low, high } = await measure('signing up', controlPairs)
  expect(low, `${low} to ${high} ms`).toBeGreaterThan(margin)
}, 120_000)
