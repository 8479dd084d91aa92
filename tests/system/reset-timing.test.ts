import { afterEach, beforeEach, it } from 'vitest'
import { openDatabase, type SystemDatabase } from '../database.ts'
import { expectTimesByAccount, margin, planted } from './timing.ts'

let database: SystemDatabase
beforeEach(async () => {
  database = await openDatabase()
})
afterEach(() => database.close())

const requestReset = (email: string) => database.people.asAnonymous().auth.requestPasswordReset({ email })

it(`25: asking for a new password takes the same time for an address with an account and one without, within ${margin} ms`, async (context) => {
  await expectTimesByAccount(context, 'the same', database, requestReset)
})

it(`the measurement finds a difference of ${planted} ms: it can fail`, async (context) => {
  await database.rows(`create function slower() returns trigger language plpgsql as $$ begin
    if new.user_id is not null then perform pg_sleep(${planted / 1000}); end if; return new; end $$`)
  await database.rows('create trigger slower before insert on verifications for each row execute function slower()')
  await expectTimesByAccount(context, 'different', database, requestReset)
})
