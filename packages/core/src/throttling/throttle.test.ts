import { completed, DenizenError, uuidOf } from '@denizen/core'
import { databases, password, TestProvider, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { counterKey } from './keys.ts'

const minute = 60_000
const hour = 60 * minute

describe.each(databases)('the throttle on %s', (database) => {
  const world = useWorld({ database, settings: { identityProviders: [TestProvider.configured('google')] } })
  /** The code, or the seconds to wait; null: signed in. */
  async function attempt(identifier: string, typed: string, ip: string | null): Promise<string | number | null> {
    try {
      completed(await world().core.as({ kind: 'anonymous' }, { ip }).auth.signIn({ identifier, password: typed }))
      return null
    } catch (error) {
      if (!(error instanceof DenizenError)) throw error
      return error.code === 'auth.tooManyAttempts' ? Number(error.details['retryAfter']) : error.code
    }
  }
  const wrong = 'auth.invalidCredentials'
  let network = 0
  /** An address in a network of its own. */
  const elsewhere = () => `10.${Math.floor(++network / 256)}.${network % 256}.1`

  test('lets five wrong passwords through, then makes each wait twice as long, up to a quarter of an hour', async () => {
    const [{ email }, ip] = [await world().newUser(), elsewhere()]
    for (let count = 0; count < 5; count++) expect(await attempt(email ?? '', 'wrong', ip)).toBe(wrong)
    for (const delay of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]) {
      expect(await attempt(email ?? '', 'wrong', ip)).toBe(delay)
      world().clock.advance((delay - 1) * 1000)
      expect(await attempt(email ?? '', password, ip)).toBe(1) // also the right one waits: an early answer would be a free guess
      world().clock.advance(1000)
      expect(await attempt(email ?? '', 'wrong', ip)).toBe(wrong)
    }
    world().clock.advance(900_000)
    expect(await attempt(email ?? '', password, ip)).toBeNull()
  })

  test('forgets when the password was right, and an hour after the last failure', async () => {
    const [{ email }, ip] = [await world().newUser(), elsewhere()]
    for (let round = 0; round < 3; round++) {
      for (let count = 0; count < 4; count++) expect(await attempt(email ?? '', 'wrong', ip)).toBe(wrong)
      expect(await attempt(email ?? '', password, ip)).toBeNull()
    }
    for (let count = 0; count < 5; count++) await attempt(email ?? '', 'wrong', ip)
    world().clock.advance(hour + 1)
    for (let count = 0; count < 5; count++) expect(await attempt(email ?? '', 'wrong', ip)).toBe(wrong)
    expect(await attempt(email ?? '', 'wrong', ip)).toBe(1)
  })

  test('25: does the same for names that nobody has, however they are spelt', async () => {
    const user = await world().newUser({ username: `known-${database}` })
    for (const name of [user.username, `unknown-${database}`]) {
      const ip = elsewhere()
      const spellings = [name, name.toUpperCase(), ` ${name}`, `${name} `, name]
      for (const spelling of spellings) expect(await attempt(spelling, 'wrong', ip)).toBe(wrong)
      for (const spelling of spellings) expect(await attempt(spelling, 'wrong', ip)).toBe(1)
    }
  })

  test('S10: what is counted for one thing is no name of another: wrong tokens of a provider, passkeys, networks', async () => {
    const ip = elsewhere()
    for (const name of [`identity provider\n${ip}/32`, `passkey/abc`, `${ip}/32`, `["${ip}/32"]`, 'none'])
      for (let count = 0; count < 6; count++) await attempt(name, 'wrong', elsewhere())
    const from = world().core.as({ kind: 'anonymous' }, { ip, remote: true })
    await expect(from.auth.signInWithIdentity({ provider: 'google', token: 'x.y.z' })).rejects.toMatchObject({
      code: 'auth.identityRefused',
    })
    const keys = ['failures/password/name', 'failures/passkey/name', 'failures/identityToken/name', 'failures/password/account'] as const
    const made = await Promise.all(keys.map((counted) => counterKey(world().ports, counted, [ip])))
    expect(new Set(made).size).toBe(keys.length)
    const parts = [['a', 'b'], ['a\nb'], ['ab'], ['a', '', 'b'], ['["a","b"]']]
    expect(new Set(await Promise.all(parts.map((part) => counterKey(world().ports, 'mails/network', part)))).size).toBe(parts.length)
  })

  test('S25: an account has one budget, by whichever of its names; that they are one’s does not show', async () => {
    const { id, email, username } = await world().newUser({ username: `three-${database}` })
    const home = elsewhere()
    expect(await attempt(username, password, home)).toBeNull()
    const names = [id, email ?? '', username]
    let guesses = 0
    for (; guesses < 20; guesses++) expect(await attempt(names[guesses % 3] ?? '', 'wrong', elsewhere())).toBe(wrong)
    // The 21st is not answered: the right password is as wrong as any, and nobody is told to wait.
    for (const name of names) expect(await attempt(name, password, elsewhere())).toBe(wrong)
    expect(await attempt(`nobody-${database}@example.com`, 'wrong', elsewhere())).toBe(wrong)
    const [last] = await world().rows<{ outcome: string }>(
      'select outcome from login_attempts where user_id = ? order by xmin::text::bigint desc limit 1',
      [uuidOf(id)],
    )
    expect(last?.outcome).toBe('locked')
    // Where the owner signed in of late, they do; and everywhere when the minute is over.
    expect(await attempt(email ?? '', password, home)).toBeNull()
    for (let count = 0; count < 21; count++) await attempt(names[count % 3] ?? '', 'wrong', elsewhere())
    world().clock.advance(minute)
    expect(await attempt(username, password, elsewhere())).toBeNull()
  })

  test('36: counts an IPv6 network of 64 bits as one, and an IPv4 address the same in either spelling', async () => {
    const [{ email }, { email: other }] = [await world().newUser(), await world().newUser()]
    for (let host = 1; host <= 5; host++) expect(await attempt(email ?? '', 'wrong', `2001:db8:1:2::${host}`)).toBe(wrong)
    expect(await attempt(email ?? '', 'wrong', '2001:0db8:0001:0002:ffff:ffff:ffff:ffff')).toBe(1)
    expect(await attempt(email ?? '', 'wrong', '2001:db8:1:3::1')).toBe(wrong)
    for (const ip of ['192.0.2.77', '::ffff:192.0.2.77', '::ffff:c000:24d', '192.0.2.77', '192.0.2.77'])
      expect(await attempt(other ?? '', 'wrong', ip)).toBe(wrong)
    expect(await attempt(other ?? '', 'wrong', '::ffff:192.0.2.77')).toBe(1)
  })

  test('slows a network down that tries one name after another', async () => {
    const ip = elsewhere()
    for (let count = 0; count < 100; count++) expect(await attempt(`nobody-${count}`, 'wrong', ip)).toBe(wrong)
    const { email } = await world().newUser()
    expect(await attempt('nobody-100', 'wrong', ip)).toBe(1)
    expect(await attempt(email ?? '', password, ip)).toBe(1)
    expect(await attempt(email ?? '', password, elsewhere())).toBeNull()
  })

  test('4: a stranger who hammers from everywhere does not keep the owner out', async () => {
    const [{ email }, home] = [await world().newUser(), elsewhere()]
    expect(await attempt(email ?? '', password, home)).toBeNull()
    const hammer = async () => {
      for (let count = 0; count < 40; count++) await attempt(email ?? '', 'wrong', elsewhere())
    }
    await hammer()
    expect(await attempt(email ?? '', password, elsewhere())).toBeTypeOf('number')
    for (let day = 0; day < 3; day++) {
      world().clock.advance(24 * hour)
      await hammer()
      expect(await attempt(email ?? '', 'mistyped', home)).toBe(wrong)
      expect(await attempt(email ?? '', password, home)).toBeNull()
    }
    // In a new place the owner waits, but never longer than a minute.
    await hammer()
    const wait = await attempt(email ?? '', password, elsewhere())
    expect(wait).toBeLessThanOrEqual(60)
    world().clock.advance(Number(wait) * 1000)
    expect(await attempt(email ?? '', password, elsewhere())).toBeNull()
  })

  test('calls from within the process are counted by account alone', async () => {
    const { email } = await world().newUser()
    for (let count = 0; count < 120; count++) await attempt(`inside-${count}`, 'wrong', null)
    for (let count = 0; count < 20; count++) expect(await attempt(email ?? '', 'wrong', null)).toBe(wrong)
    expect(await attempt(email ?? '', password, null)).toBe(1)
  })

  test('auth.unlock lets a user in at once, by every name and from everywhere, and leaves a line in the history', async () => {
    const user = await world().newUser({ username: `locked-${database}` })
    const admin = await world().asSuperadmin()
    const [here, there] = [elsewhere(), elsewhere()]
    for (const [name, ip] of [
      [user.username, here],
      [user.email ?? '', there],
    ] as const)
      for (let count = 0; count < 5; count++) await attempt(name, 'wrong', ip)
    expect(await attempt(user.username, password, here)).toBe(1)
    expect(await admin.as.auth.unlock({ userId: user.id })).toEqual({ failuresForgotten: 10 })
    expect(await attempt(user.username, 'wrong', here)).toBe(wrong)
    expect(await attempt(user.email ?? '', password, there)).toBeNull()
    const { items } = await admin.as.auth.listLoginHistory({ userId: user.id, outcome: 'unlocked' })
    expect(items).toMatchObject([{ outcome: 'unlocked', method: 'none', by: admin.user.id, user: { id: user.id } }])
    await expect((await world().signUp()).as.auth.unlock({ userId: user.id })).rejects.toMatchObject({ code: 'request.notFound' })
  })

  test('43: nobody gets in when the throttle cannot be asked, or cannot count', async () => {
    const { email } = await world().newUser()
    await world().rows('alter table throttles rename to throttles_gone')
    try {
      const before = await world().counts()
      for (const typed of [password, 'wrong']) expect(await attempt(email ?? '', typed, elsewhere())).toBe('request.databaseNotMigrated')
      expect((await world().counts())['sessions']).toBe(before['sessions'])
    } finally {
      await world().rows('alter table throttles_gone rename to throttles')
    }
    expect(await attempt(email ?? '', password, elsewhere())).toBeNull()
  })
})
