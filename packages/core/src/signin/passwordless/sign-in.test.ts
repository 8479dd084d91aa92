import { completed, uuidOf } from '@denizen/core'
import { databases, newEmail, password, useWorld, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const codeFor = ({ mailer }: World, email: string): string => {
  const code = /^(\d{4} \d{4})$/m.exec(mailer.sent.findLast(({ to }) => to === email)?.text ?? '')?.[1]
  if (code === undefined) throw new Error(`no code was mailed to ${email}`)
  return code
}

async function link(world: World, email: string) {
  const { binding } = await world.asAnonymous().auth.requestMagicLink({ email })
  await world.work()
  return { binding, token: world.mailer.tokenFor(email) }
}

async function code(world: World, email: string) {
  const { binding } = await world.asAnonymous().auth.requestEmailCode({ email })
  await world.work()
  return { binding, code: codeFor(world, email) }
}

/** Both ways, each as the same calls. */
const ways = {
  'a link': async (world: World, email: string) => {
    const asked = await link(world, email)
    return {
      ...asked,
      use: (binding = asked.binding) => world.asAnonymous().auth.signInWithMagicLink({ ...asked, binding }),
      wrong: 'auth.linkInvalid',
      lasts: 15,
    }
  },
  'a code': async (world: World, email: string) => {
    const asked = await code(world, email)
    return {
      ...asked,
      use: (binding = asked.binding) => world.asAnonymous().auth.signInWithEmailCode({ ...asked, binding }),
      wrong: 'auth.codeInvalid',
      lasts: 10,
    }
  },
} as const

describe.each(databases)('signing in by mail on %s', (database) => {
  const world = useWorld({ database })

  describe.each(Object.entries(ways))('with %s', (_name, way) => {
    test('works once, where it was asked for, and is in the login history', async () => {
      const user = await world().newUser({ emailVerified: true })
      const { use, wrong } = await way(world(), user.email ?? '')
      const elsewhere = await way(world(), user.email ?? '')
      await expect(use(elsewhere.binding)).rejects.toMatchObject({ code: wrong })
      const answer = completed(await use())
      expect(answer.user.id).toBe(user.id)
      expect(await world().core.authenticate(answer.accessToken)).toMatchObject({ userId: user.id, assurance: 'aal1' })
      await expect(use()).rejects.toMatchObject({ code: wrong })
      const history = await world().rows<{ outcome: string }>('select outcome from login_attempts where user_id = ? order by id', [
        uuidOf(user.id),
      ])
      expect(history.map(({ outcome }) => outcome)).toContain('succeeded')
      expect(history.map(({ outcome }) => outcome)).toContain('wrongCode')
      await expect(world().signIn(user)).resolves.toBeDefined()
    })

    test('is over after some minutes', async () => {
      const { use, wrong, lasts } = await way(world(), (await world().newUser({ emailVerified: true })).email ?? '')
      world().clock.advance(lasts * 60_000)
      await expect(use()).rejects.toMatchObject({ code: wrong })
    })

    test('asks for the second factor', async () => {
      const user = await world().newUser({ emailVerified: true })
      const now = world().clock.now()
      await world().rows(
        'insert into totp_factors (user_id, id, sealed_key, created_at, activated_at) values (?, gen_random_uuid(), ?, ?, ?) returning 1',
        [uuidOf(user.id), 'x', now, now],
      )
      const { use } = await way(world(), user.email ?? '')
      expect(await use()).toMatchObject({ status: 'factorRequired', methods: ['totp'] })
      expect(await world().rows('select 1 from sessions where user_id = ?', [uuidOf(user.id)])).toEqual([])
    })

    test('26: proves the address, and clears a password that nobody has proved', async () => {
      const owned = await world().signUp()
      const { use } = await way(world(), owned.user.email ?? '')
      expect(completed(await use()).user.id).toBe(owned.user.id)
      expect(await world().core.authenticate(owned.token)).toBeNull()
      await expect(world().signIn(owned.user)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
      expect(await world().asSystem().users.get({ userId: owned.user.id })).toMatchObject({ emailVerified: true })
    })

    test('is not for an account with more rights whose address nobody has proved', async () => {
      const owned = await world().asMonitor()
      const { use } = await way(world(), owned.user.email ?? '')
      await expect(use()).rejects.toMatchObject({ code: 'auth.signInFirst' })
      await expect(world().signIn(owned.user)).resolves.toBeDefined()
    })

    test.each([
      ['suspended', `status = 'suspended'`],
      ['archived', `status = 'archived', archived_at = now()`],
      ['not allowed from here', `allowed_ips = '{203.0.113.0/24}'`],
      ['of another address', `email = 'moved-' || email`],
    ])('is not for a user who is %s by then', async (_state, change) => {
      const user = await world().newUser({ emailVerified: true })
      const asked = await link(world(), user.email ?? '')
      const typed = await code(world(), user.email ?? '')
      await world().rows(`update users set ${change} where id = ? returning 1`, [uuidOf(user.id)])
      const remote = world().core.as({ kind: 'anonymous' }, { requestId: 'r', ip: '192.0.2.1', userAgent: null, remote: true })
      await expect(remote.auth.signInWithMagicLink(asked)).rejects.toMatchObject({ code: 'auth.linkInvalid' })
      await expect(remote.auth.signInWithEmailCode(typed)).rejects.toMatchObject({ code: 'auth.codeInvalid' })
    })
  })

  test('9: restoring a user revives no link and no code', async () => {
    const user = await world().newUser({ emailVerified: true })
    const asked = await link(world(), user.email ?? '')
    const typed = await code(world(), user.email ?? '')
    for (const status of ['suspended', 'active'] as const)
      await world().asSystem().users.setStatus({ userId: user.id, status, reason: 'test' })
    await expect(world().asAnonymous().auth.signInWithMagicLink(asked)).rejects.toMatchObject({ code: 'auth.linkInvalid' })
    await expect(world().asAnonymous().auth.signInWithEmailCode(typed)).rejects.toMatchObject({ code: 'auth.codeInvalid' })
    await expect(world().signIn(user)).resolves.toBeDefined()
  })

  test('25: unknown addresses, and users who may not act, get the same answer and no mail', async () => {
    const suspended = await world().newUser()
    await world().rows(`update users set status = 'suspended' where id = ? returning 1`, [uuidOf(suspended.id)])
    const service = await world().newUser({ kind: 'service' })
    await world().work() // what others have asked for
    for (const email of [newEmail(), suspended.email ?? '', service.email ?? '']) {
      const before = world().mailer.sent.length
      for (const answer of [
        await world().asAnonymous().auth.requestMagicLink({ email }),
        await world().asAnonymous().auth.requestEmailCode({ email }),
      ])
        expect(answer).toEqual({ status: 'verificationSent', binding: expect.stringMatching(/^dnz_verify_/), expiresAt: expect.any(Date) })
      await world().work()
      expect(world().mailer.sent.length).toBe(before)
    }
  })

  test('25: a code that was asked for an unknown address fails and waits as any other', async () => {
    const known = await world().newUser({ emailVerified: true })
    const outcomes = async (email: string) => {
      const origin = { requestId: 'r', ip: '198.51.100.9', userAgent: null, remote: true as const }
      const codes: string[] = []
      for (let count = 0; count < 8; count++) {
        const { binding } = await world().asAnonymous().auth.requestEmailCode({ email })
        const call = world().core.as({ kind: 'anonymous' }, origin).auth.signInWithEmailCode({ binding, code: '0000 0000' })
        codes.push(
          await call.then(
            () => 'in',
            (error: { code: string }) => error.code,
          ),
        )
      }
      return codes
    }
    const reference = await outcomes(newEmail())
    expect(reference.slice(0, 5)).toEqual(Array(5).fill('auth.codeInvalid'))
    expect(reference[5]).toBe('auth.tooManyAttempts')
    expect(await outcomes(known.email ?? '')).toEqual(reference)
  })

  test('codes are taken with spaces and without, and after five wrong ones not at all', async () => {
    const email = (await world().newUser({ emailVerified: true })).email ?? ''
    const spaced = await code(world(), email)
    expect(spaced.code).toMatch(/^\d{4} \d{4}$/)
    expect(
      completed(
        await world()
          .asAnonymous()
          .auth.signInWithEmailCode({ ...spaced, code: spaced.code.replace(' ', '') }),
      ).status,
    ).toBe('signedIn')
    const guessed = await code(world(), email)
    const wrong = guessed.code === '0000 0000' ? '1111 1111' : '0000 0000'
    for (let count = 0; count < 5; count++)
      await expect(
        world()
          .asAnonymous()
          .auth.signInWithEmailCode({ ...guessed, code: wrong }),
      ).rejects.toMatchObject({ code: 'auth.codeInvalid' })
    await expect(world().asAnonymous().auth.signInWithEmailCode(guessed)).rejects.toMatchObject({ code: 'auth.codeInvalid' })
  })

  test('4: an address gets so many mails an hour, and whoever asks for more is not told', async () => {
    const email = (await world().newUser({ emailVerified: true })).email ?? ''
    const from = (ip: string) => world().core.as({ kind: 'anonymous' }, { requestId: 'r', ip, userAgent: null, remote: true })
    const mails = () => world().mailer.sent.filter(({ to }) => to === email).length
    const ask = async (ip: string, times: number) => {
      for (let count = 0; count < times; count++) await from(ip).auth.requestMagicLink({ email })
      await world().work()
    }
    world().clock.advance(3_600_000 - (world().clock.now().getTime() % 3_600_000))
    await ask('192.0.2.1', 7)
    expect(mails()).toBe(5)
    await ask('192.0.2.2', 7)
    expect(mails()).toBe(10)
    await ask('192.0.2.3', 7)
    expect(mails()).toBe(11)
    // Another neighbourhood's first one, and another kind of mail.
    await ask('198.51.100.1', 7)
    await from('192.0.2.1').auth.signUp({ email, password })
    await world().work()
    expect(mails()).toBe(13)
    // What only its owner can ask for is counted apart.
    const user = await world().asSystem().users.find({ identifier: email })
    if (user === null) throw new Error('there is a user')
    const { as } = await world().signIn(user)
    await as.auth.requestEmailCode({ purpose: 'reauthenticate' })
    await world().work()
    expect(mails()).toBe(14)
    world().clock.advance(3_600_000)
    await ask('192.0.2.1', 1)
    expect(mails()).toBe(15)
  })
})
