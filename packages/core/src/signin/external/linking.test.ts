import { completed } from '@denizen/core'
import { newEmail, TestProvider, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, it } from 'vitest'

const google = TestProvider.configured('google')
/** It runs example.org, and nothing else. */
const limited = TestProvider.configured('limited', { domains: ['example.org'] })

describe('whose account a provider may open', () => {
  const world = useWorld({ settings: { identityProviders: [google, limited] } })
  let provider: TestProvider
  beforeAll(async () => {
    provider = await TestProvider.open(world().ports, google)
  })

  const subject = () => crypto.randomUUID()
  const signIn = (token: string, name = 'google') => world().asAnonymous().auth.signInWithIdentity({ provider: name, token })
  const userOf = (userId: `usr_${string}`) => world().asSystem().users.get({ userId })

  it('S25: a provider proves addresses of the domains that it speaks for, and no others', async () => {
    const third = await TestProvider.open(world().ports, limited)
    const [own, foreign] = [`${subject()}@example.org`, newEmail()]
    const users = await Promise.all([own, foreign].map((email) => world().newUser({ email, emailVerified: true })))
    const come = async (claims: object) => completed(await signIn(await third.sign({ email_verified: true, ...claims }), 'limited')).user.id
    expect(await come({ sub: subject(), email: own.toUpperCase() })).toBe(users[0]?.id)
    for (const email of [foreign, `${subject()}@sub.example.org`, `${subject()}@notexample.org`]) {
      const sub = subject()
      const made = await come({ sub, email })
      expect(users.map(({ id }) => id)).not.toContain(made)
      expect(await userOf(made)).toMatchObject({ email: null })
      await come({ sub, email: `${sub}@example.com` })
      expect(await userOf(made)).toMatchObject({ email: null }) // nor later
    }
  })

  it('S25: no provider’s word alone opens an account with powers; who has linked it signs in with it', async () => {
    const operator = await world().asSuperadmin()
    const owner = await world().signUp()
    await owner.as.organizations.create({ name: 'Lovelace', slug: subject() })
    for (const { user, as } of [operator, owner]) {
      await world().asSystem().users.update({ userId: user.id, emailVerified: true })
      const token = await provider.sign({ sub: subject(), email: user.email, email_verified: true })
      await expect(signIn(token)).rejects.toMatchObject({ code: 'identities.signInToLink' })
      expect((await world().asSystem().identities.list({ userId: user.id })).items).toEqual([])
      await as.identities.link({ provider: 'google', token })
      expect(completed(await signIn(token)).user.id).toBe(user.id)
    }
    const member = await world().newUser({ emailVerified: true })
    await owner.as.organizations.list({})
    expect(completed(await signIn(await provider.sign({ sub: subject(), email: member.email, email_verified: true }))).user.id).toBe(
      member.id,
    )
  })
})
