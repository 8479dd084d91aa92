import { completed, newId, userActor, uuidOf } from '@denizen/core'
import { bothDatabases, databases, newEmail, type SignedInUser, TestProvider, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const google = TestProvider.configured('google')
const other = TestProvider.configured('other')
const settings = { identityProviders: [google, other] }

describe.each(databases)('identities.* on %s', (database) => {
  const world = useWorld({ database, settings })
  let provider: TestProvider
  beforeAll(async () => {
    provider = await TestProvider.open(world().ports, google)
    await TestProvider.open(world().ports, other)
  })

  const signIn = (token: string) => world().asAnonymous().auth.signInWithIdentity({ provider: 'google', token })

  /** Somebody who has nothing but an identity. */
  async function newcomer(claims: Readonly<Record<string, unknown>> = {}): Promise<SignedInUser> {
    const answer = completed(await signIn(await provider.sign({ sub: crypto.randomUUID(), ...claims })))
    const principal = await world().core.authenticate(answer.accessToken)
    if (principal === null) throw new Error('a new token opens nothing')
    const user = await world().asSystem().users.get({ userId: answer.user.id })
    return { user, token: answer.accessToken, principal, as: world().core.as(userActor(principal)) }
  }

  test('link: an identity belongs to one account, for which linking it again changes nothing', async () => {
    const [ada, bob] = [await world().signUp(), await world().signUp()]
    const token = await provider.sign({ sub: crypto.randomUUID() })
    const linked = await ada.as.identities.link({ provider: 'google', token })
    // Found by a stranger: it said that it was linked to an account already, as if that were another.
    expect(await ada.as.identities.link({ provider: 'google', token })).toEqual(linked)
    await expect(bob.as.identities.link({ provider: 'google', token })).rejects.toMatchObject({
      code: 'identities.taken',
      kind: 'conflict',
    })
  })

  test('link: wants a fresh proof, a token that counts, and somebody', async () => {
    const ada = await world().signUp()
    const token = await provider.sign({ sub: crypto.randomUUID() })
    for (const wrong of ['x', await provider.sign({ sub: 'x', aud: 'another' })])
      await expect(ada.as.identities.link({ provider: 'google', token: wrong })).rejects.toMatchObject({ code: 'auth.identityRefused' })
    await expect(ada.as.identities.link({ provider: 'nobody', token })).rejects.toMatchObject({ code: 'identities.unknownProvider' })
    await expect(world().asAnonymous().identities.link({ provider: 'google', token })).rejects.toMatchObject({
      code: 'request.unauthenticated',
    })
    world().clock.advance(5 * 60 * 1000)
    await expect(ada.as.identities.link({ provider: 'google', token: await provider.sign({ sub: 'x' }) })).rejects.toMatchObject({
      code: 'auth.freshProofRequired',
    })
    expect(await ada.as.identities.list()).toEqual({ items: [] })
  })

  test('unlink: takes the way in, and ends the other sessions', async () => {
    const ada = await world().signUp()
    const elsewhere = await world().signIn(ada.user)
    const sub = crypto.randomUUID()
    const { id } = await ada.as.identities.link({ provider: 'google', token: await provider.sign({ sub }) })
    expect(await ada.as.identities.unlink({ identityId: id })).toMatchObject({ identity: { id, provider: 'google' }, sessionsEnded: 1 })
    expect(await world().core.authenticate(elsewhere.token)).toBeNull()
    expect(await world().core.authenticate(ada.token)).not.toBeNull()
    expect(await ada.as.identities.list()).toEqual({ items: [] })
    expect(completed(await signIn(await provider.sign({ sub }))).user.id).not.toBe(ada.user.id)
    await expect(ada.as.identities.unlink({ identityId: id })).rejects.toMatchObject({ code: 'request.notFound' })
  })

  test('ABUSE 35: unlink: the last way in stays', async () => {
    const ada = await newcomer()
    const [identity] = (await ada.as.identities.list()).items
    if (identity === undefined) throw new Error('a newcomer has one')
    await expect(ada.as.identities.unlink({ identityId: identity.id })).rejects.toMatchObject({ code: 'users.lastWayIn', kind: 'conflict' })
    const second = await ada.as.identities.link({ provider: 'google', token: await provider.sign({ sub: crypto.randomUUID() }) })
    await ada.as.identities.unlink({ identityId: identity.id })
    await expect(ada.as.identities.unlink({ identityId: second.id })).rejects.toMatchObject({ code: 'users.lastWayIn' })
    const proved = await newcomer({ email: newEmail(), email_verified: true })
    const [only] = (await proved.as.identities.list()).items
    if (only === undefined) throw new Error('a newcomer has one')
    // Without mail nobody gets a link at the address.
    world().mailer.isConfigured = false
    await expect(proved.as.identities.unlink({ identityId: only.id })).rejects.toMatchObject({ code: 'users.lastWayIn' })
    world().mailer.isConfigured = true
    await proved.as.identities.unlink({ identityId: only.id })
  })

  test('unlink: keeps no provider out that speaks for the address: the next sign-in there links it again', async () => {
    const [sub, email] = [crypto.randomUUID(), newEmail()]
    const ada = await newcomer({ sub, email, email_verified: true })
    const [only] = (await ada.as.identities.list()).items
    await ada.as.identities.unlink({ identityId: only?.id ?? '' })
    const again = completed(await signIn(await provider.sign({ sub, email, email_verified: true })))
    expect(again.user.id).toBe(ada.user.id)
    expect(await ada.as.identities.list()).toMatchObject({ items: [{ subject: sub }] })
  })

  test('unlink: wants a fresh proof', async () => {
    const ada = await world().signUp()
    const { id } = await ada.as.identities.link({ provider: 'google', token: await provider.sign({ sub: crypto.randomUUID() }) })
    world().clock.advance(5 * 60 * 1000)
    await expect(ada.as.identities.unlink({ identityId: id })).rejects.toMatchObject({ code: 'auth.freshProofRequired' })
  })

  test('what is somebody else’s is not there; whoever may manage the account sees and unlinks it, unless they are below', async () => {
    const [ada, stranger, monitor] = [await world().signUp(), await world().signUp(), await world().asMonitor()]
    const { id } = await ada.as.identities.link({ provider: 'google', token: await provider.sign({ sub: crypto.randomUUID() }) })
    const nowhere = newId('idn', world().clock.now(), world().ports.random.bytes(10))
    for (const identityId of [id, nowhere])
      await expect(stranger.as.identities.unlink({ identityId })).rejects.toMatchObject({
        code: 'request.notFound',
        details: { type: 'identity' },
      })
    await expect(stranger.as.identities.list({ userId: ada.user.id })).rejects.toMatchObject({ code: 'request.notFound' })
    expect((await monitor.as.identities.list({ userId: ada.user.id })).items).toHaveLength(1)
    await expect(monitor.as.identities.unlink({ identityId: id })).rejects.toMatchObject({ code: 'request.denied' })
    const admin = await world().asSuperadmin()
    expect(await admin.as.identities.unlink({ identityId: id })).toMatchObject({ sessionsEnded: 1 })
    expect(await world().core.authenticate(ada.token)).toBeNull()
    expect(await world().rows('select 1 from identities where id = ?', [uuidOf(id)])).toEqual([])
  })

  test('an account that an organization manages does not walk away through a provider', async () => {
    const [home, domain] = [await world().newOrganization(), `d${crypto.randomUUID().slice(0, 8)}.example`]
    await world().ownDomain(home, domain)
    const admin = await world().asMember(home, 'admin')
    const ada = await world().signIn(await world().newUser({ organizationId: home, email: `ada@${domain}` }))
    await ada.as.users.updateCurrent({ email: null })
    const sub = crypto.randomUUID()
    await ada.as.identities.link({ provider: 'google', token: await provider.sign({ sub }) })
    const signInAs = async (email: string) => {
      completed(await signIn(await provider.sign({ sub, email, email_verified: true })))
      return admin.as.users.get({ userId: ada.user.id })
    }
    expect(await signInAs(newEmail())).toMatchObject({ email: null })
    expect(await signInAs(`new@${domain}`)).toMatchObject({ email: `new@${domain}`, emailVerified: true })
    await admin.as.users.setStatus({ userId: ada.user.id, status: 'suspended' })
  })

  test('an identity of a provider that is not configured any more is shown without its name', async () => {
    const ada = await newcomer()
    const core = world().another({ settings: { identityProviders: [other] } })
    expect((await core.as(userActor(ada.principal)).identities.list()).items).toMatchObject([{ provider: null, issuer: google.issuer }])
  })
})

describe.each(bothDatabases)('an identity as it is kept, on %s', (database) => {
  const world = useWorld({ database, settings })

  test('link: adds a way in, and list shows it to its user', async () => {
    const provider = await TestProvider.open(world().ports, google)
    const ada = await world().signUp()
    const sub = crypto.randomUUID()
    const identity = await ada.as.identities.link({
      provider: 'google',
      token: await provider.sign({ sub, email: 'Ada@Example.com', email_verified: true }),
    })
    const now = world().clock.now()
    expect(identity).toEqual({
      id: expect.stringMatching(/^idn_/),
      provider: 'google',
      issuer: google.issuer,
      subject: sub,
      email: 'ada@example.com',
      emailVerified: true,
      createdAt: now,
      lastUsedAt: null,
    })
    expect(await ada.as.identities.list()).toEqual({ items: [identity] })
    world().clock.advance(1000)
    expect(
      completed(
        await world()
          .asAnonymous()
          .auth.signInWithIdentity({ provider: 'google', token: await provider.sign({ sub }) }),
      ).user.id,
    ).toBe(ada.user.id)
    expect((await ada.as.identities.list()).items).toEqual([{ ...identity, lastUsedAt: world().clock.now() }])
    // The address of the account is its own.
    expect((await ada.as.users.current()).user.email).toBe(ada.user.email)
    const entries = await world().rows('select changes from audit_entries where action = ? and target_id = ?', [
      'identities.link',
      ada.user.id,
    ])
    expect(entries).toEqual([{ changes: { identityId: identity.id, provider: 'google' } }])
  })
})

describe('many at once', () => {
  const world = useWorld({ connections: 24, settings })

  test('one identity is linked to one of 20 accounts', async () => {
    const provider = await TestProvider.open(world().ports, google)
    const people = await world().crowd(20)
    const token = await provider.sign({ sub: 'wanted' })
    const results = await Promise.allSettled(people.map(({ as }) => as.identities.link({ provider: 'google', token })))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'identities.taken' })
  })

  test('ABUSE 35: of the last two ways in one stays, whoever unlinks them at once', async () => {
    const provider = await TestProvider.open({ ...world().ports, web: world().ports.web }, other)
    for (let round = 0; round < 10; round++) {
      const answer = completed(
        await world()
          .asAnonymous()
          .auth.signInWithIdentity({ provider: 'other', token: await provider.sign({ sub: `two-${round}` }) }),
      )
      const principal = await world().core.authenticate(answer.accessToken)
      if (principal === null) throw new Error('a new token opens nothing')
      const { identities } = world().core.as(userActor(principal))
      await identities.link({ provider: 'other', token: await provider.sign({ sub: `more-${round}` }) })
      const { items } = await identities.list()
      const results = await Promise.allSettled(items.map(({ id }) => identities.unlink({ identityId: id })))
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
      expect((await identities.list()).items).toHaveLength(1)
    }
  })
})
