import { newEmail, password } from '@denizen/core/testing'
import { expect, it } from 'vitest'
import { useDatabases } from '../set-up.ts'
import { expectTimes, knownAddresses, margin, mostPairs, plantDifference, planted } from './timing.ts'

const database = useDatabases()

interface Attempt {
  readonly identifier: string
  readonly typed: string
}

/** Addresses that nobody has tried yet, all with the password of every test. */
async function accounts(status: 'active' | 'suspended' = 'active'): Promise<readonly string[]> {
  const addresses = await knownAddresses(database(), mostPairs, await database().ports.hasher.hash(password))
  await database().rows('update users set status = ? where email = any(?::text[]) returning 1', [status, `{${addresses.join(',')}}`])
  return addresses
}

/** Hashes are cheap here: a dear one takes as long for everybody, and would only drown what else takes time. */
async function signIn({ identifier, typed }: Attempt): Promise<void> {
  const { auth } = database().people.asAnonymous()
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

it(`25: a wrong password takes the same time for an imported user and for nobody, within ${margin} ms (S19)`, async (context) => {
  // Much longer than a hash of these tests, and of no password at all.
  const hash = `$pbkdf2-sha512$i=10000$${'A'.repeat(22)}$${'A'.repeat(86)}`
  const importedAndUnknown = async () => {
    const imported = await knownAddresses(database(), mostPairs, hash)
    return {
      one: (index: number) => ({ identifier: imported[index] ?? '', typed: 'wrong' }),
      other: () => ({ identifier: newEmail(), typed: 'wrong' }),
    }
  }
  await expectTimes(context, 'the same', importedAndUnknown, signIn)
})

it(`the measurement finds a difference of ${planted} ms: it can fail`, async (context) => {
  await plantDifference(database(), 'login_attempts', 'new.user_id is not null')
  await expectTimes(context, 'different', knownAndUnknown, signIn)
})
