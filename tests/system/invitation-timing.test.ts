import { beforeEach, it } from 'vitest'
import { useDatabases } from '../set-up.ts'
import { expectTimesByAccount, margin, plantDifference, planted } from './timing.ts'

const database = useDatabases()
let invite: (email: string) => Promise<unknown>
beforeEach(async () => {
  const organizationId = await database().people.newOrganization()
  const { organizations } = database().people.asSystem()
  invite = (email) => organizations.invite({ organizationId, email })
})

it(`25: inviting an address with an account and one without takes the same time, within ${margin} ms`, async (context) => {
  await expectTimesByAccount(context, 'the same', database(), invite)
})

it(`the measurement finds a difference of ${planted} ms: it can fail`, async (context) => {
  await plantDifference(database(), 'invitations', 'exists (select 1 from users where email = new.email)')
  await expectTimesByAccount(context, 'different', database(), invite)
})
