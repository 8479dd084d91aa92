import { completed, newRequestId, userActor } from '@denizen/core'
import { databases, newEmail, TestProvider, useWorld } from '@denizen/core/testing'
import { Webhook } from 'standardwebhooks'
import { beforeAll, describe, expect, test } from 'vitest'

const secret = `whsec_${btoa('a secret of thirty-two bytes, yes')}`
const clerk = TestProvider.configured('clerk', { kind: 'clerk', audiences: ['https://app.example.com'], webhookSecret: secret })
const unhooked = TestProvider.configured('unhooked', { kind: 'clerk', webhookSecret: null })
const settings = { identityProviders: [unhooked, clerk] }

describe.each(databases)('webhooks of Clerk on %s', (database) => {
  const world = useWorld({ database, settings })
  let provider: TestProvider
  beforeAll(async () => {
    provider = await TestProvider.open(world().ports, clerk)
  })

  const newSubject = () => `user_${crypto.randomUUID()}`
  const receive = (webhook: { id: string; timestamp: string; signature: string; body: string }, core = world().core) =>
    core.receiveWebhook(webhook, { requestId: newRequestId(world().ports), ip: '192.0.2.1', userAgent: 'Svix', remote: true })

  function signed(event: object, id = `msg_${crypto.randomUUID()}`, at = world().clock.now()) {
    const body = JSON.stringify(event)
    return { id, timestamp: String(Math.floor(at.getTime() / 1000)), signature: new Webhook(secret).sign(id, at, body), body }
  }

  function user(id: string, address: string, changes: object = {}) {
    const email = { id: 'idn_1', email_address: address, verification: { status: 'verified' } }
    return {
      id,
      first_name: 'Ada',
      last_name: 'Lovelace',
      username: null,
      image_url: 'https://img.clerk.com/a.png',
      has_image: true,
      primary_email_address_id: 'idn_1',
      email_addresses: [email],
      updated_at: world().clock.now().getTime(),
      ...changes,
    }
  }

  const userWith = (address: string) => world().asSystem().users.find({ identifier: address })
  const token = (sub: string) => provider.sign({ sub, aud: undefined, azp: 'https://app.example.com' })
  const signIn = async (sub: string) =>
    world()
      .asAnonymous()
      .auth.signInWithIdentity({ provider: 'clerk', token: await token(sub) })

  test('user.created makes a user, whom Clerk’s token then signs in', async () => {
    const [id, address] = [newSubject(), newEmail()]
    await receive(signed({ type: 'user.created', data: user(id, address) }))
    const made = await userWith(address)
    expect(made).toMatchObject({
      email: address,
      emailVerified: true,
      fullName: 'Ada Lovelace',
      avatarUrl: 'https://img.clerk.com/a.png',
      kind: 'human',
    })
    expect(
      await world()
        .asSystem()
        .identities.list({ userId: made?.id ?? 'usr_' }),
    ).toMatchObject({ items: [{ provider: 'clerk', subject: id, lastUsedAt: null }] })
    expect(completed(await signIn(id)).user.id).toBe(made?.id)
    const entries = await world().rows('select actor_kind, outcome, changes from audit_entries where target_id = ? and action = ?', [
      made?.id,
      'identities.receiveWebhook',
    ])
    expect(entries).toMatchObject([{ actor_kind: 'system', outcome: 'succeeded', changes: { provider: 'clerk', type: 'user.created' } }])
  })

  test('user.updated brings the profile up to date, and an address to whoever had none', async () => {
    const [id, address] = [newSubject(), newEmail()]
    const { user: made } = completed(await signIn(id))
    world().clock.advance(1000)
    await receive(signed({ type: 'user.updated', data: user(id, address, { first_name: 'Grace', last_name: 'Hopper', has_image: false }) }))
    expect(await world().asSystem().users.get({ userId: made.id })).toMatchObject({
      email: address,
      emailVerified: true,
      fullName: 'Grace Hopper',
      avatarUrl: null,
    })
    // An address that the account has is its own.
    world().clock.advance(1000)
    await receive(signed({ type: 'user.updated', data: user(id, newEmail()) }))
    expect(await world().asSystem().users.get({ userId: made.id })).toMatchObject({ email: address, fullName: 'Ada Lovelace' })
  })

  test('what is older than what is known changes nothing', async () => {
    const [id, address] = [newSubject(), newEmail()]
    const early = user(id, address, { first_name: 'Early' })
    world().clock.advance(1000)
    await receive(signed({ type: 'user.updated', data: user(id, address, { first_name: 'Late' }) }))
    await receive(signed({ type: 'user.created', data: early }))
    expect(await userWith(address)).toMatchObject({ fullName: 'Late Lovelace' })
  })

  test('what was taken in is not taken in again', async () => {
    const [id, address] = [newSubject(), newEmail()]
    const webhook = signed({ type: 'user.created', data: user(id, address) })
    await receive(webhook)
    const made = await userWith(address)
    await world()
      .asSystem()
      .users.update({ userId: made?.id ?? 'usr_', fullName: null })
    await receive(webhook)
    expect(await userWith(address)).toMatchObject({ fullName: null })
    expect(await world().rows('select 1 from provider_events where event_id = ?', [webhook.id])).toHaveLength(1)
  })

  test('user.deleted suspends whoever had no other way in, and deletes nothing', async () => {
    const id = newSubject()
    const answer = completed(await signIn(id))
    await receive(signed({ type: 'user.deleted', data: { id, object: 'user', deleted: true } }))
    expect(await world().core.authenticate(answer.accessToken)).toBeNull()
    expect(await world().asSystem().users.get({ userId: answer.user.id })).toMatchObject({
      status: 'suspended',
      statusReason: 'deleted at the identity provider',
    })
    expect(await world().asSystem().identities.list({ userId: answer.user.id })).toEqual({ items: [] })
    // A token that was signed before, and news that come late, bring nobody back.
    await expect(signIn(id)).rejects.toMatchObject({ code: 'auth.identityRefused' })
    const address = newEmail()
    await receive(signed({ type: 'user.created', data: user(id, address) }))
    expect(await userWith(address)).toBeNull()
  })

  test('user.deleted ends the sessions of whoever has another way in', async () => {
    const ada = await world().signUp()
    const id = newSubject()
    await ada.as.identities.link({ provider: 'clerk', token: await token(id) })
    await receive(signed({ type: 'user.deleted', data: { id } }))
    expect(await world().core.authenticate(ada.token)).toBeNull()
    const again = await world().signIn(ada.user)
    expect(await again.as.identities.list()).toEqual({ items: [] })
    await expect(again.as.identities.link({ provider: 'clerk', token: await token(id) })).rejects.toMatchObject({
      code: 'auth.identityRefused',
    })
  })

  test('user.deleted before anything else was heard: nobody comes of it', async () => {
    const [id, address] = [newSubject(), newEmail()]
    await receive(signed({ type: 'user.deleted', data: { id } }))
    await receive(signed({ type: 'user.created', data: user(id, address) }))
    expect(await userWith(address)).toBeNull()
  })

  test('ABUSE 26: an address that Clerk did not verify is nobody’s, and an account of our own with roles is not handed over', async () => {
    const victim = await world().newUser({ emailVerified: true })
    const unverified = { id: 'idn_1', email_address: victim.email, verification: { status: 'unverified' } }
    await receive(signed({ type: 'user.created', data: user(newSubject(), '', { email_addresses: [unverified] }) }))
    const secondary = [{ id: 'idn_2', email_address: victim.email, verification: { status: 'verified' } }]
    await receive(signed({ type: 'user.created', data: user(newSubject(), '', { email_addresses: secondary }) }))
    expect(await world().asSystem().identities.list({ userId: victim.id })).toEqual({ items: [] })
    const admin = await world().asSuperadmin()
    await receive(signed({ type: 'user.created', data: user(newSubject(), admin.user.email ?? '') }))
    expect(await world().core.authenticate(admin.token)).not.toBeNull()
    expect(await world().asSystem().identities.list({ userId: admin.user.id })).toEqual({ items: [] })
  })

  test('where nobody may sign up, Clerk makes nobody', async () => {
    const address = newEmail()
    await receive(
      signed({ type: 'user.created', data: user(newSubject(), address) }),
      world().another({ settings: { ...settings, signUp: 'closed' } }),
    )
    expect(await userWith(address)).toBeNull()
  })

  test('events that are about something else are taken in, and change nothing', async () => {
    const before = await world().counts()
    for (const event of [
      { type: 'session.created', data: { id: 'sess_1' } },
      { type: 'user.created', data: { id: 7 } },
      {},
      [],
      'x',
    ] as object[])
      await receive(signed(event))
    const after = await world().counts()
    expect({ ...after, audit_entries: 0, provider_events: 0 }).toEqual({ ...before, audit_entries: 0, provider_events: 0 })
  })

  test('ABUSE 49: what is not signed, signed by somebody else, changed, or a recording, is refused and changes nothing', async () => {
    const event = { type: 'user.created', data: user(newSubject(), newEmail()) }
    const good = signed(event)
    const at = (seconds: number) => signed(event, good.id, new Date(world().clock.now().getTime() + seconds * 1000))
    const forged = new Webhook(btoa('another secret')).sign(good.id, world().clock.now(), good.body)
    const before = await world().counts()
    for (const wrong of [
      { ...good, signature: '' },
      { ...good, signature: 'v1,' },
      { ...good, signature: forged },
      { ...good, signature: good.signature.replace('v1,', 'v1a,') },
      { ...good, signature: good.signature.slice(0, -1) },
      { ...good, body: `${good.body} ` },
      { ...good, id: 'msg_other' },
      { ...good, timestamp: String(Number(good.timestamp) + 1) },
      { ...good, timestamp: '' },
      { ...good, timestamp: `${good.timestamp}.0` },
      at(-301),
      at(301),
    ])
      await expect(receive(wrong)).rejects.toMatchObject({ code: 'identities.webhookRefused', kind: 'unauthenticated', details: {} })
    const after = await world().counts()
    expect({ ...after, audit_entries: 0 }).toEqual({ ...before, audit_entries: 0 })
    await receive({ ...good, signature: `${forged} ${good.signature}` })
    for (const fresh of [-299, 299])
      await receive(signed({ type: 'x', data: {} }, undefined, new Date(world().clock.now().getTime() + fresh * 1000)))
    await expect(receive(good, world().another({ settings: { identityProviders: [unhooked] } }))).rejects.toMatchObject({
      code: 'identities.webhookRefused',
    })
  })

  test('nobody can call it as an action', async () => {
    const admin = await world().asSuperadmin()
    const call = { actor: userActor(admin.principal), origin: { requestId: 'r', ip: null, userAgent: null } }
    await expect(world().core.run('identities.receiveWebhook', signed({}), call)).rejects.toMatchObject({ code: 'request.unknownAction' })
  })
})

describe('many at once', () => {
  const world = useWorld({ connections: 24, settings })

  test('50 deliveries of one event, and sign-ins of its subject meanwhile, make one user', async () => {
    const provider = await TestProvider.open(world().ports, clerk)
    const now = world().clock.now()
    const email = { id: 'idn_1', email_address: newEmail(), verification: { status: 'verified' } }
    const body = JSON.stringify({
      type: 'user.created',
      data: { id: 'user_raced', primary_email_address_id: 'idn_1', email_addresses: [email], updated_at: now.getTime() },
    })
    const webhook = {
      id: 'msg_1',
      timestamp: String(Math.floor(now.getTime() / 1000)),
      signature: new Webhook(secret).sign('msg_1', now, body),
      body,
    }
    const token = await provider.sign({ sub: 'user_raced', aud: undefined, azp: 'https://app.example.com' })
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        index % 2 === 0
          ? world().core.receiveWebhook(webhook, { requestId: `r-${index}`, ip: null, userAgent: null })
          : world().asAnonymous().auth.signInWithIdentity({ provider: 'clerk', token }),
      ),
    )
    expect(await world().rows('select 1 from users')).toHaveLength(1)
    expect(await world().rows('select 1 from identities')).toHaveLength(1)
    expect(await world().rows('select email from users')).toEqual([{ email: email.email_address }])
  })
})
