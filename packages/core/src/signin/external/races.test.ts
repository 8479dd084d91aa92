import { completed } from '@denizen/core'
import { newEmail, TestProvider, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const google = TestProvider.configured('google')
const other = TestProvider.configured('other')
const settings = { identityProviders: [google, other] }

describe('many at once', () => {
  const world = useWorld({ connections: 24, settings })
  let one: TestProvider
  let two: TestProvider
  beforeAll(async () => {
    one = await TestProvider.open(world().ports, google)
    two = await TestProvider.open(world().ports, other)
  })

  test('ABUSE 27: 50 first sign-ins of one subject make one user, and all of them are let in', async () => {
    const count = async () => {
      const [users] = await world().rows<{ users: number; events: number }>(
        `select (select count(*)::int from users) as users, (select count(*)::int from events where type = 'users.created') as events`,
      )
      return users ?? { users: 0, events: 0 }
    }
    const before = await count()
    for (const claims of [{ sub: 'with-address', email: newEmail(), email_verified: true }, { sub: 'without-address' }]) {
      const token = await one.sign(claims)
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => world().asAnonymous().auth.signInWithIdentity({ provider: 'google', token })),
      )
      expect(new Set(answers.map((answer) => completed(answer).user.id)).size).toBe(1)
      expect(new Set(answers.map((answer) => completed(answer).session.id)).size).toBe(50)
      expect(await world().rows('select 1 from identities where subject = ?', [claims.sub])).toHaveLength(1)
    }
    expect(await count()).toEqual({ users: before.users + 2, events: before.events + 2 })
  })

  test('two subjects with one verified address come to one user, however they race', async () => {
    const email = newEmail()
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const [from, name] = index % 2 === 0 ? [one, 'google'] : [two, 'other']
        return world()
          .asAnonymous()
          .auth.signInWithIdentity({ provider: name, token: await from.sign({ sub: `s-${index}`, email, email_verified: true }) })
      }),
    )
    expect(new Set(answers.map((answer) => completed(answer).user.id)).size).toBe(1)
  })
})
