import { completed } from '@denizen/core'
import { beginAt, newEmail, TestProvider, useWorld } from '@denizen/core/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const google = TestProvider.configured('google')
const evil = TestProvider.configured('evil')
const refused = { code: 'auth.identityRefused', kind: 'unauthenticated' }
const world = useWorld({ settings: { identityProviders: [google, evil] } })
let provider: TestProvider
beforeAll(async () => {
  provider = await TestProvider.open(world().ports, google)
})

const auth = () => world().asAnonymous().auth
const begin = (claims: Readonly<Record<string, unknown>>) => beginAt(provider, auth(), claims)

describe('ABUSE 70: an address and its proof come from one document', () => {
  const told = async (idToken: Readonly<Record<string, unknown>>, userInfo: Readonly<Record<string, unknown>>) => {
    const sub = crypto.randomUUID()
    provider.userInfo = { sub, ...userInfo }
    const { user } = completed(await auth().finishOAuth((await begin({ sub, ...idToken })).finish))
    const { email, emailVerified } = await world().asSystem().users.get({ userId: user.id })
    return { id: user.id, email, emailVerified }
  }

  it('S8: the flag of one document says nothing of the address in the other', async () => {
    const victim = await world().newUser({ emailVerified: true })
    for (const [idToken, userInfo] of [
      [{ email_verified: true }, { email: victim.email }],
      [{ email: victim.email }, { email_verified: true }],
      [{ email: victim.email }, { email: newEmail(), email_verified: false }],
      [
        { email: victim.email, email_verified: false },
        { email: victim.email, email_verified: true },
      ],
    ] as const)
      expect(await told(idToken, userInfo)).toMatchObject({ id: expect.not.stringMatching(victim.id), email: null })
  })

  it('S8: where the ID token says nothing of the flag, the userinfo endpoint is asked for both', async () => {
    const email = newEmail()
    expect(await told({ email }, { email, email_verified: true })).toMatchObject({ email, emailVerified: true })
    const [stale, fresh] = [newEmail(), newEmail()]
    expect(await told({ email: stale }, { email: fresh, email_verified: true })).toMatchObject({ email: fresh })
  })
})

describe('C7: a provider that is not quite as it should be', () => {
  const warned = (problem: string) => world().logger.lines.filter(({ fields }) => String(fields['problem']).includes(problem)).length
  const signIn = async (claims: Readonly<Record<string, unknown>>) => completed(await auth().finishOAuth((await begin(claims)).finish))
  const reset = () => {
    provider.answerUserInfo = null
    provider.header = {}
    provider.publish = (keys) => keys
    world().clock.advance(10 * 60 * 1000) // the keys are read again
  }
  beforeEach(reset)
  afterAll(reset)

  it('C7: whoever is known signs in while its userinfo endpoint fails; nobody gets a second account by that', async () => {
    const [known, unknown] = [crypto.randomUUID(), crypto.randomUUID()]
    const { user } = await signIn({ sub: known })
    provider.answerUserInfo = () => ({ status: 503, body: '' })
    const before = (await world().counts())['users']
    expect((await signIn({ sub: known })).user.id).toBe(user.id)
    await expect(signIn({ sub: unknown })).rejects.toMatchObject({ code: 'identities.providerUnavailable' })
    expect((await world().counts())['users']).toBe(before)
    expect(warned('does not answer')).toBe(1) // three times within the minute
    provider.answerUserInfo = () => ({ status: 403, body: '{"error":"insufficient_scope"}' })
    await signIn({ sub: unknown })
    expect(warned('refuses the access token (403)')).toBe(1)
  })

  it('C7: a signed answer of the userinfo endpoint is read, and one that is signed for somebody else is not', async () => {
    const answer = async (claims: Readonly<Record<string, unknown>>) => {
      const [sub, email] = [crypto.randomUUID(), newEmail()]
      const token = await provider.sign({ sub, email, email_verified: true, exp: undefined, ...claims })
      provider.answerUserInfo = () => ({ status: 200, body: token })
      const { user } = await signIn({ sub })
      return (await world().asSystem().users.get({ userId: user.id })).email === email
    }
    expect(await answer({})).toBe(true)
    for (const wrong of [{ aud: 'another' }, { iss: evil.issuer }, { aud: undefined }]) expect(await answer(wrong)).toBe(false)
  })

  it('C7: keys that are published twice, or without an id, are tried in turn', async () => {
    const stranger = TestProvider.configured('stranger')
    const { published } = await TestProvider.open(world().ports, stranger)
    const unnamed = ({ kid: _, ...key }: typeof published) => key
    for (const [publish, header] of [
      [(keys: readonly (typeof published)[]) => [...keys, ...keys], {}],
      [(keys: readonly (typeof published)[]) => [unnamed(published), ...keys.map(unnamed)], { kid: undefined }],
    ] as const) {
      Object.assign(provider, { publish, header })
      world().clock.advance(10 * 60 * 1000)
      await signIn({ sub: 'by-one-of-two-keys' })
    }
    provider.publish = () => [published, published]
    world().clock.advance(10 * 60 * 1000)
    await expect(signIn({ sub: 'by-neither' })).rejects.toMatchObject(refused)
    expect(warned('refused: signature verification failed')).toBe(1)
  })
})
