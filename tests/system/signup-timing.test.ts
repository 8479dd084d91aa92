import { password } from '@denizen/core/testing'
import { afterEach, beforeEach, it } from 'vitest'
import { openDatabase, type SystemDatabase } from '../database.ts'
import { expectTimesByAccount, margin, planted } from './timing.ts'

let database: SystemDatabase
beforeEach(async () => {
  database = await openDatabase()
})
afterEach(() => database.close())

const calls = {
  'signing up': (email: string) => database.people.asAnonymous().auth.signUp({ email, password }),
  'asking for a link to sign in': (email: string) => database.people.asAnonymous().auth.requestMagicLink({ email }),
  'asking for a code to sign in': (email: string) => database.people.asAnonymous().auth.requestEmailCode({ email }),
} as const

for (const [what, call] of Object.entries(calls))
  it(`25: ${what} takes the same time for an address with an account and one without, within ${margin} ms`, async (context) => {
    await expectTimesByAccount(context, 'the same', database, call)
  })

it(`the measurement finds a difference of ${planted} ms: it can fail`, async (context) => {
  await database.rows(`create function slower() returns trigger language plpgsql as $$ begin
    if exists (select 1 from users where email = new.email) then perform pg_sleep(${planted / 1000}); end if; return new; end $$`)
  await database.rows('create trigger slower before insert on verifications for each row execute function slower()')
  await expectTimesByAccount(context, 'different', database, calls['signing up'])
})
