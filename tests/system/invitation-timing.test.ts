import { afterEach, beforeEach, it } from 'vitest'
import { openDatabase, type SystemDatabase } from '../database.ts'
import { expectTimesByAccount, margin, planted } from './timing.ts'

let database: SystemDatabase
let invite: (email: string) => Promise<unknown>
beforeEach(async () => {
  database = await openDatabase()
  const organizationId = await database.people.newOrganization()
  const { organizations } = database.people.asSystem()
  invite = (email) => organizations.invite({ organizationId, email })
})
afterEach(() => database.close())

it(`25: inviting an address with an account and one without takes the same time, within ${margin} ms`, async (context) => {
  await expectTimesByAccount(context, 'the same', database, invite)
})

it(`the measurement finds a difference of ${planted} ms: it can fail`, async (context) => {
  await database.rows(`create function slower() returns trigger language plpgsql as $$ begin
    if exists (select 1 from users where email = new.email) then perform pg_sleep(${planted / 1000}); end if; return new; end $$`)
  await database.rows('create trigger slower before insert on invitations for each row execute function slower()')
  await expectTimesByAccount(context, 'different', database, invite)
})
