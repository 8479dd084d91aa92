import { password } from '@denizen/core/testing'
import { it } from 'vitest'
import { useDatabases } from '../set-up.ts'
import { expectTimesByAccount, margin, plantDifference, planted } from './timing.ts'

const database = useDatabases()

const calls = {
  'signing up': (email: string) => database().people.asAnonymous().auth.signUp({ email, password }),
  'asking for a link to sign in': (email: string) => database().people.asAnonymous().auth.requestMagicLink({ email }),
  'asking for a code to sign in': (email: string) => database().people.asAnonymous().auth.requestEmailCode({ email }),
} as const

for (const [what, call] of Object.entries(calls))
  it(`25: ${what} takes the same time for an address with an account and one without, within ${margin} ms`, async (context) => {
    await expectTimesByAccount(context, 'the same', database(), call)
  })

it(`the measurement finds a difference of ${planted} ms: it can fail`, async (context) => {
  await plantDifference(database(), 'verifications', 'exists (select 1 from users where email = new.email)')
  await expectTimesByAccount(context, 'different', database(), calls['signing up'])
})
