import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from '../database.ts'
import { controlPairs, differenceByAccount, farthest, margin, planted, type Interval } from './timing.ts'

let database: SystemDatabase
beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

async function measure(counted?: number): Promise<Interval> {
  const organizationId = await database.people.newOrganization()
  const { organizations } = database.people.asSystem()
  return differenceByAccount(database, (email) => organizations.invite({ organizationId, email }), counted)
}

it(`25: inviting an address with an account and one without takes the same time, within ${margin} ms`, async () => {
  const interval = await measure()
  expect(farthest(interval), `${interval.low} to ${interval.high} ms`).toBeLessThan(margin)
}, 60_000)

it(`the measurement finds a difference of ${planted} ms: it can fail`, async () => {
  await database.rows(`create function slower() returns trigger language plpgsql as $$ begin
    if exists (select 1 from users where email = new.email) then perform pg_sleep(${planted / 1000}); end if; return new; end $$`)
  await database.rows('create trigger slower before insert on invitations for each row execute function slower()')
  const { low, high } = await measure(controlPairs)
  expect(low, `${low} to ${high} ms`).toBeGreaterThan(margin)
}, 60_000)
