import { newEmail, password } from '@denizen/core/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from '../database.ts'
import { expectTimes, knownAddresses, margin, mostPairs, planted } from './timing.ts'

let database: SystemDatabase
beforeEach(async () => {
  database = await openDatabase()
})
afterEach(() => database.close())

interface Attempt {
  readonly identifier: string
  readonly typed: string
}

/** Addresses that nobody has tried yet, all with the password of every test. */
async function accounts(status: 'active' | 'suspended' = 'active'): Promise<readonly string[]> {
  const addresses = await knownAddresses(database, mostPairs, await database.ports.hasher.hash(password))
  await database.rows('update users set status = ? where email = any(?::text[]) returning 1', [status, `{${addresses.join(',')}}`])
  return addresses
}

/** Hashes are cheap here: a dear one takes as long for everybody, and would only drown what else takes time. */
async function signIn({ identifier, typed }: Attempt): Promise<void> {
  const { auth } = database.people.asAnonymous()
  const error: unknown = await auth.signIn({ identifier, password: typed }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'auth.invalidCredentials' })
}

/** A wrong password, of somebody who is there and of somebody who is not. */
async function knownAndUnknown() {
  const known = await accounts()
  return {
    one: (index: number) => ({ identifier: known[index] ?? '', typed: 'wrong' }),
    other: () => ({ identifier: newEmail(), typed: 'wrong' }),
  }
}

it(`25: a wrong password takes the same time for a user that there is and for one that there is not, within ${margin} ms`, async (context) => {
  await expectTimes(context, 'the same', knownAndUnknown, signIn)
})

it(`25: the right password of a suspended user takes as long as a wrong one, within ${margin} ms`, async (context) => {
  const suspendedAndWrong = async () => {
    const [known, suspended] = [await accounts(), await accounts('suspended')]
    return {
      one: (index: number) => ({ identifier: suspended[index] ?? '', typed: password }),
      other: (index: number) => ({ identifier: known[index] ?? '', typed: 'wrong' }),
    }
  }
  await expectTimes(context, 'the same', suspendedAndWrong, signIn)
})

it(`the measurement finds a difference of ${planted} ms: it can fail`, async (context) => {
  await database.rows(`create function slower() returns trigger language plpgsql as $$ begin
    if new.user_id is not null then perform pg_sleep(${planted / 1000}); end if; return new; end $$`)
  await database.rows('create trigger slower before insert on login_attempts for each row execute function slower()')
  await expectTimes(context, 'different', knownAndUnknown, signIn)
})
