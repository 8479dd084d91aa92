import { it } from 'vitest'
import { useDatabases } from '../set-up.ts'
import { expectTimesByAccount, margin, plantDifference, planted } from './timing.ts'

const database = useDatabases()

const requestReset = (email: string) => database().people.asAnonymous().auth.requestPasswordReset({ email })

it(`25: asking for a new password takes the same time for an address with an account and one without, within ${margin} ms`, async (context) => {
  await expectTimesByAccount(context, 'the same', database(), requestReset)
})

it(`the measurement finds a difference of ${planted} ms: it can fail`, async (context) => {
  await plantDifference(database(), 'verifications', 'new.user_id is not null')
  await expectTimesByAccount(context, 'different', database(), requestReset)
})
