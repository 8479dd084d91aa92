import { newEmail, password } from '@denizen/core/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from '../database.ts'
import { controlPairs, difference, farthest, knownAddresses, margin, pairs, planted, type Interval } from './timing.ts'

let database: SystemDatabase
beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

interface Attempt {
  readonly identifier: string
  readonly typed: string
}

/** Addresses that nobody has tried yet, all with the password of every test. */
async function accounts(status: 'active' | 'suspended' = 'active'): Promise<readonly string[]> {
  const addresses = await knownAddresses(database, pairs + 50, await database.ports.hasher.hash(password))
  await database.rows('update users set status = ? where email = any(?::text[]) returning 1', [status, `{${addresses.join(',')}}`])
  return addresses
}

/** Hashes are cheap here: a dear one takes as long for everybody, and would only drown what else takes time. */
function measure(one: (index: number) => Attempt, other: (index: number) => Attempt, counted = pairs): Promise<Interval> {
  const { auth } = database.people.asAnonymous()
  return difference(counted, { one, other }, async ({ identifier, typed }) => {
    const error: unknown = await auth.signIn({ identifier, password: typed }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'auth.invalidCredentials' })
  })
}

it(`25: a wrong password takes the same time for a user that there is and for one that there is not, within ${margin} ms`, async () => {
  const known = await accounts()
  const interval = await measure(
    (index) => ({ identifier: known[index] ?? '', typed: 'wrong' }),
    () => ({ identifier: newEmail(), typed: 'wrong' }),
  )
  expect(farthest(interval), `${interval.low} to ${interval.high} ms`).toBeLessThan(margin)
}, 120_000)

it(`25: the right password of a suspended user takes as long as a wrong one, within ${margin} ms`, async () => {
  const [known, suspended] = [await accounts(), await accounts('suspended')]
  const interval = await measure(
    (index) => ({ identifier: suspended[index] ?? '', typed: password }),
    (index) => ({ identifier: known[index] ?? '', typed: 'wrong' }),
  )
  expect(farthest(interval), `${interval.low} to ${interval.high} ms`).toBeLessThan(margin)
}, 120_000)

it(`the measurement finds a difference of ${planted} ms: it can fail`, async () => {
  const known = await accounts()
  await database.rows(`create function slower() returns trigger language plpgsql as $$ begin
    if new.user_id is not null then perform pg_sleep(${planted / 1000}); end if; return new; end $$`)
  await database.rows('create trigger slower before insert on login_attempts for each row execute function slower()')
  const { low, high } = await measure(
    (index) => ({ identifier: known[index] ?? '', typed: 'wrong' }),
    () => ({ identifier: newEmail(), typed: 'wrong' }),
    controlPairs,
  )
  expect(low, `${low} to ${high} ms`).toBeGreaterThan(margin)
}, 120_000)
