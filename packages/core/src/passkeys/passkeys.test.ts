import { systemActor, userActor, type InputOf, type Signatures } from '@denizen/core'
import {
  bothDatabases,
  databases,
  type Lapses,
  password,
  type SignedInUser,
  SoftAuthenticator,
  useWorld,
  type World,
} from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { uuidOf } from '../kernel/id.ts'

const origin = 'http://localhost:4000'
const elsewhere = 'https://app.example.com'
const invalid = { code: 'auth.invalidCredentials', kind: 'unauthenticated' }

const authenticator = (counts = true) => new SoftAuthenticator({ origin, counts })

function using(world: () => World) {
  async function register(ada: SignedInUser, key = authenticator(), name?: string) {
    const { challenge, options } = await ada.as.passkeys.beginRegistration({})
    const response = await key.create(options)
    return { key, ...(await ada.as.passkeys.finishRegistration({ challenge, response, ...(name !== undefined && { name }) })) }
  }
  async function signIn(key: SoftAuthenticator, lapses: Lapses = {}, from = { ip: '192.0.2.9', userAgent: 'a browser' }) {
    const anybody = world().core.as({ kind: 'anonymous' }, from)
    const { challenge, options } = await anybody.passkeys.beginSignIn({})
    return anybody.passkeys.finishSignIn({ challenge, response: await key.get(options, lapses) })
  }
  return { register, signIn }
}

describe.each(databases)('on %s', (database) => {
  const world = useWorld({ database, settings: { allowedOrigins: [elsewhere] } })
  const { register, signIn } = using(world)

  test('passkeys.beginSignIn says nothing of anybody', async () => {
    const { options } = await world().asAnonymous().passkeys.beginSignIn({})
    expect(Object.keys(options).toSorted()).toEqual(['challenge', 'rpId', 'timeout', 'userVerification'])
    expect(options).toMatchObject({ rpId: 'localhost', userVerification: 'required' })
    expect(options.challenge).toMatch(/^[\w-]{43}$/)
  })

  test.each<[string, Lapses]>([
    ['of a page elsewhere', { origin: 'https://evil.example' }],
    ['of the same host on another port', { origin: 'http://localhost:4001' }],
    ['of another challenge', { challenge: 'A'.repeat(43) }],
    ['for another host', { rpId: 'evil.example' }],
    ['that nobody was checked for', { unverified: true }],
    ['that counts backwards', { counter: 1 }],
    ['of another user', { userHandle: 'dXNyX2V2ZQ' }],
    ['that does not say whose it is', { userHandle: null }],
    ['that is a registration', { type: 'webauthn.create' }],
  ])('an assertion %s is refused like any other, noted, and the next good one works', async (_what, lapses) => {
    const ada = await world().signUp()
    const { key } = await register(ada)
    await signIn(key)
    await expect(signIn(key, lapses)).rejects.toMatchObject(invalid)
    const tried = `select outcome from login_attempts where user_id = ? and method = 'passkey' order by outcome`
    expect(await world().rows(tried, [uuidOf(ada.user.id)])).toEqual([{ outcome: 'succeeded' }, { outcome: 'wrongFactor' }])
    expect((await signIn(key)).user.id).toBe(ada.user.id)
  })

  test('a page that is allowed may use it, and a forged signature and an unknown passkey are answered alike', async () => {
    const ada = await world().signUp()
    const { key } = await register(ada)
    expect((await signIn(key, { origin: elsewhere })).user.id).toBe(ada.user.id)
    const anybody = world().asAnonymous()
    for (const forge of [
      (response: Assertion) => ({
        ...response,
        response: { ...response.response, signature: response.response.signature.replace(/.{8}$/, 'AAAAAAAA') },
      }),
      (response: Assertion) => ({ ...response, id: 'bm9ib2R5', rawId: 'bm9ib2R5' }),
      (response: Assertion) => ({ ...response, response: { ...response.response, clientDataJSON: 'e30' } }),
      (response: Assertion) => ({ ...response, response: { ...response.response, authenticatorData: '' } }),
    ]) {
      const { challenge, options } = await anybody.passkeys.beginSignIn({})
      const call = anybody.passkeys.finishSignIn({ challenge, response: forge(await key.get(options)) })
      await expect(call).rejects.toMatchObject({ ...invalid, message: 'The user or the password is wrong.' })
    }
  })

  test('an authenticator that does not count works again and again; a challenge once, and ten minutes', async () => {
    const ada = await world().signUp()
    const { key } = await register(ada, authenticator(false))
    for (let round = 0; round < 3; round++) expect((await signIn(key)).user.id).toBe(ada.user.id)
    const anybody = world().asAnonymous()
    const { challenge, options } = await anybody.passkeys.beginSignIn({})
    const response = await key.get(options)
    await anybody.passkeys.finishSignIn({ challenge, response })
    await expect(anybody.passkeys.finishSignIn({ challenge, response })).rejects.toMatchObject({ code: 'auth.challengeOver' })
    const late = await anybody.passkeys.beginSignIn({})
    world().clock.advance(10 * 60_000)
    const call = anybody.passkeys.finishSignIn({ challenge: late.challenge, response: await key.get(late.options) })
    await expect(call).rejects.toMatchObject({ code: 'auth.challengeOver' })
  })

  test('whoever may not act, or not from there, is not let in by a passkey', async () => {
    const ada = await world().signUp()
    const { key } = await register(ada)
    await world().rows(`update users set allowed_ips = '{198.51.100.0/24}' where email = ? returning 1`, [ada.user.email])
    await expect(signIn(key)).rejects.toMatchObject(invalid)
    expect((await signIn(key, {}, { ip: '198.51.100.7', userAgent: 'a browser' })).user.id).toBe(ada.user.id)
    await world().asSystem().users.setStatus({ userId: ada.user.id, status: 'suspended' })
    await expect(signIn(key, {}, { ip: '198.51.100.7', userAgent: 'a browser' })).rejects.toMatchObject(invalid)
    const tried = `select outcome from login_attempts where user_id = ? and method = 'passkey' and outcome <> 'succeeded' order by outcome`
    expect(await world().rows(tried, [uuidOf(ada.user.id)])).toEqual([{ outcome: 'addressNotAllowed' }, { outcome: 'notActive' }])
  })

  test('a registration belongs to who began it, is finished once, and takes nothing that was not checked', async () => {
    const [ada, eve] = [await world().signUp(), await world().signUp()]
    const key = authenticator()
    const { challenge, options } = await ada.as.passkeys.beginRegistration({})
    const good = await key.create(options)
    await expect(eve.as.passkeys.finishRegistration({ challenge, response: good })).rejects.toMatchObject({
      code: 'passkeys.registrationOver',
    })
    const bad = [{ unverified: true }, { origin: 'https://evil.example' }, { challenge: 'A'.repeat(43) }] as const
    for (const lapses of bad) {
      const response = await authenticator().create(options, lapses)
      await expect(ada.as.passkeys.finishRegistration({ challenge, response })).rejects.toMatchObject({
        code: 'passkeys.registrationFailed',
      })
    }
    await ada.as.passkeys.finishRegistration({ challenge, response: good })
    await expect(ada.as.passkeys.finishRegistration({ challenge, response: good })).rejects.toMatchObject({
      code: 'passkeys.registrationOver',
    })
    const again = await ada.as.passkeys.beginRegistration({})
    expect(again.options.excludeCredentials.map(({ id }) => id)).toEqual(key.credentials.map(({ id }) => id))
    await expect(key.create(again.options)).rejects.toThrow('InvalidStateError')
    expect(again.options.user.id).toBe(options.user.id)
  })

  test('changes want a fresh proof', async () => {
    const ada = await world().signUp()
    const { challenge, options } = await ada.as.passkeys.beginRegistration({})
    const { passkey } = await register(ada)
    world().clock.advance(5 * 60_000)
    const response = await authenticator().create({ ...options, excludeCredentials: [] })
    for (const change of [
      () => ada.as.passkeys.beginRegistration({}),
      () => ada.as.passkeys.finishRegistration({ challenge, response }),
      () => ada.as.passkeys.remove({ passkeyId: passkey.id }),
    ])
      await expect(change()).rejects.toMatchObject({ code: 'auth.freshProofRequired' })
    await expect(world().core.as(systemActor('test')).passkeys.beginRegistration({})).rejects.toMatchObject({
      code: 'request.unauthenticated',
    })
  })

  test('passkeys.remove ends other sessions, is for its owner, and does not take the last way in', async () => {
    const [ada, eve] = [await world().signUp(), await world().signUp()]
    const { key, passkey } = await register(ada)
    await expect(eve.as.passkeys.remove({ passkeyId: passkey.id })).rejects.toMatchObject({ code: 'request.notFound' })
    await expect(eve.as.passkeys.list({ userId: ada.user.id })).rejects.toMatchObject({ code: 'request.notFound' })
    const monitor = await world().asMonitor()
    expect((await monitor.as.passkeys.list({ userId: ada.user.id })).passkeys).toHaveLength(1)
    await world().rows('delete from passwords where user_id = ? returning 1', [uuidOf(ada.user.id)])
    await expect(ada.as.passkeys.remove({ passkeyId: passkey.id })).rejects.toMatchObject({ code: 'users.lastWayIn', kind: 'conflict' })
    const { accessToken } = await signIn(key)
    await world().rows('update users set email_verified = true where email = ? returning 1', [ada.user.email])
    expect(await ada.as.passkeys.remove({ passkeyId: passkey.id })).toEqual({ sessionsEnded: 1 })
    expect(await world().core.authenticate(accessToken)).toBeNull()
    await expect(signIn(key)).rejects.toMatchObject(invalid)
    await expect(ada.as.passkeys.remove({ passkeyId: passkey.id })).rejects.toMatchObject({ code: 'request.notFound' })
  })

  test('factors.reset takes passkeys too', async () => {
    const ada = await world().signUp()
    const { key } = await register(ada)
    expect(await world().asSystem().factors.reset({ userId: ada.user.id })).toMatchObject({ totp: false, passkeys: 1 })
    await expect(signIn(key)).rejects.toMatchObject(invalid)
  })

  test('where a second factor is required, a passkey is one, and the last stays', async () => {
    const core = world().another({ settings: { requireFactor: 'everybody', allowedOrigins: [elsewhere] } })
    const ada = await world().signUp()
    const now = async () => {
      const principal = await core.authenticate(ada.token)
      if (principal === null) throw new Error('the session is over')
      return { steps: principal.pendingSteps, as: core.as(userActor(principal)) }
    }
    const owing = await now()
    expect(owing.steps).toEqual(['enrolFactor'])
    const { passkey } = await register({ ...ada, as: owing.as })
    const freed = await now()
    expect(freed.steps).toEqual([])
    await expect(freed.as.passkeys.remove({ passkeyId: passkey.id })).rejects.toMatchObject({ code: 'factors.lastRequired' })
  })
})

type Assertion = InputOf<Signatures['passkeys']['finishSignIn']>['response']

describe.each(bothDatabases)('passkeys as they are kept, on %s', (database) => {
  const world = useWorld({ database })
  const { register, signIn } = using(world)

  test('a passkey is registered, and signs in by itself with both factors', async () => {
    const ada = await world().signUp()
    const other = await world().signIn(ada.user)
    const { key, passkey, sessionsEnded } = await register(ada, authenticator(), ' Laptop ')
    expect([passkey.name, passkey.lastUsedAt, passkey.backedUp, passkey.aaguid, sessionsEnded]).toEqual(['Laptop', null, false, null, 1])
    expect(await world().core.authenticate(other.token)).toBeNull()
    const { user, accessToken, session } = await signIn(key)
    expect(user.id).toBe(ada.user.id)
    expect(await world().core.authenticate(accessToken)).toMatchObject({ userId: ada.user.id, sessionId: session.id, assurance: 'aal2' })
    const [row] = await world().rows('select auth_methods from sessions where id = ?', [uuidOf(session.id)])
    expect(row).toEqual({ auth_methods: ['hwk', 'user'] })
    const { passkeys } = await ada.as.passkeys.list({})
    expect(passkeys).toEqual([{ ...passkey, lastUsedAt: world().clock.now() }])
    const history = 'select outcome, method, host(ip) as ip from login_attempts where user_id = ? and session_id = ?'
    expect(await world().rows(history, [uuidOf(ada.user.id), uuidOf(session.id)])).toEqual([
      { outcome: 'succeeded', method: 'passkey', ip: '192.0.2.9' },
    ])
    expect((await ada.as.factors.list({})).passkeys).toBe(1)
    const answer = await world().asAnonymous().auth.signIn({ identifier: ada.user.id, password })
    expect(answer).toMatchObject({ status: 'factorRequired', methods: ['passkey'] })
  })

  test('a passkey is one user’s, and a user has at most twenty', async () => {
    const [ada, eve] = [await world().signUp(), await world().signUp()]
    const { key, passkey } = await register(ada)
    const stolen = await eve.as.passkeys.beginRegistration({})
    const response = await authenticator().create(stolen.options)
    await world().rows('update passkeys set credential_id = ? where id = ? returning 1', [response.id, uuidOf(passkey.id)])
    await expect(eve.as.passkeys.finishRegistration({ challenge: stolen.challenge, response })).rejects.toMatchObject({
      code: 'passkeys.alreadyRegistered',
    })
    expect(key.credentials).toHaveLength(1)
    await world().rows(
      `insert into passkeys (id, user_id, credential_id, public_key, counter, transports, name, backed_up, created_at)
        select gen_random_uuid(), ?, gen_random_uuid()::text, 'x', 0, '{}', 'x', false, now() from generate_series(1, 19) returning 1`,
      [uuidOf(ada.user.id)],
    )
    await expect(ada.as.passkeys.beginRegistration({})).rejects.toMatchObject({ code: 'passkeys.tooMany', details: { most: 20 } })
  })
})
