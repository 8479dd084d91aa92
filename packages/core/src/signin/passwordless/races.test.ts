import { uuidOf } from '@denizen/core'
import { newEmail, password, untilWaiting, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const callers = 50
const world = useWorld({ connections: 24 })
const many = <T>(call: (index: number) => Promise<T>): Promise<PromiseSettledResult<T>[]> =>
  Promise.allSettled(Array.from({ length: callers }, (_, index) => call(index)))
const from = (index: number) =>
  world().core.as({ kind: 'anonymous' }, { requestId: 'r', ip: `192.0.2.${index}`, userAgent: null, remote: true })
const winners = (results: readonly PromiseSettledResult<unknown>[]): number => results.filter(({ status }) => status === 'fulfilled').length
const codes = (results: readonly PromiseSettledResult<unknown>[]): string[] => [
  ...new Set(results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as { code: string }).code] : []))),
]

async function mailed(ask: (email: string) => Promise<{ binding: string }>, email: string) {
  const { binding } = await ask(email)
  await world().work()
  return binding
}

/** Each secret, as so many calls that use it at once. */
const secrets = {
  'the link of a sign-up': async () => {
    const email = newEmail()
    const binding = await mailed(() => from(0).auth.signUp({ email, password }), email)
    const token = world().mailer.tokenFor(email)
    return () => many((index) => from(index).auth.verifyEmail({ token, binding }))
  },
  'the link that confirms an address': async () => {
    const { user, as } = await world().signUp()
    const binding = await mailed(() => as.auth.requestEmailVerification({}), '')
    const token = world().mailer.tokenFor(user.email ?? '')
    return () => many((index) => from(index).auth.verifyEmail({ token, binding }))
  },
  'the link that confirms a new address': async () => {
    const { as } = await world().signUp({ emailVerified: true })
    const email = newEmail()
    await as.users.updateCurrent({ email })
    const binding = await mailed(() => as.auth.requestEmailVerification({}), '')
    const token = world().mailer.tokenFor(email)
    return () => many((index) => from(index).auth.verifyEmail({ token, binding }))
  },
  'the link that signs in': async () => {
    const email = (await world().newUser({ emailVerified: true })).email ?? ''
    const binding = await mailed(() => from(0).auth.requestMagicLink({ email }), email)
    const token = world().mailer.tokenFor(email)
    return () => many((index) => from(index).auth.signInWithMagicLink({ token, binding }))
  },
  'the code that signs in': async () => {
    const email = (await world().newUser({ emailVerified: true })).email ?? ''
    const binding = await mailed(() => from(0).auth.requestEmailCode({ email }), email)
    const code = /^\d{4} \d{4}$/m.exec(world().mailer.sent.findLast(({ to }) => to === email)?.text ?? '')?.[0] ?? ''
    return () => many((index) => from(index).auth.signInWithEmailCode({ binding, code }))
  },
}

describe(`1: ${callers} who use a secret at once`, () => {
  test.each(Object.entries(secrets))('%s: one gets through', async (_name, prepare) => {
    const use = await prepare()
    const results = await use()
    expect(winners(results)).toBe(1)
    expect(codes(results).filter((code) => !['auth.linkInvalid', 'auth.codeInvalid', 'auth.tooManyAttempts'].includes(code))).toEqual([])
  })

  test('several sign-ups for one address, each proved at once: one makes the account', async () => {
    const email = newEmail()
    const links: { token: string; binding: string }[] = []
    for (let index = 0; index < 10; index++) {
      const binding = await mailed(() => from(index + 100).auth.signUp({ email, password }), email)
      links.push({ token: world().mailer.tokenFor(email), binding })
    }
    const results = await Promise.allSettled(links.flatMap((link) => [0, 1, 2].map((index) => from(index).auth.verifyEmail(link))))
    expect(winners(results)).toBe(1)
    expect(codes(results)).toEqual(['auth.linkInvalid'])
    expect(await world().rows('select 1 from users where email = ?', [email])).toHaveLength(1)
  })

  test('a sign-up is proved while a user takes the address: it says whose it is', async () => {
    const email = newEmail()
    const binding = await mailed(() => from(0).auth.signUp({ email, password }), email)
    const link = { token: world().mailer.tokenFor(email), binding }
    const { user } = await world().signUp({ emailVerified: true })
    const [rival, watcher] = [await world().connect(), await world().connect()]
    await rival.query('begin')
    await rival.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`addresses/${email}`])
    await rival.query('update users set email = $1 where id = $2', [email, uuidOf(user.id)])
    const proved = Promise.allSettled([from(1).auth.verifyEmail(link)])
    await untilWaiting(watcher, 1)
    await rival.query('commit')
    expect(codes(await proved)).toEqual(['auth.accountExists'])
  })

  test('S3: 20 users who prove one new address at once: one has it, and the others are told that it is taken', async () => {
    const email = newEmail()
    const asked = []
    for (let index = 0; index < 20; index++) {
      const { user, as } = await world().signUp({ emailVerified: true })
      await as.users.updateCurrent({ email })
      const { binding } = await as.auth.requestEmailVerification({})
      await world().rows('update throttles set failures = 0 returning 1') // else the address would have had enough mails
      await world().work()
      asked.push({ user, link: { token: world().mailer.tokenFor(email), binding } })
    }
    const results = await Promise.allSettled(asked.map(({ link }, index) => from(index).auth.verifyEmail(link)))
    expect(winners(results)).toBe(1)
    expect(codes(results)).toEqual(['auth.accountExists'])
    expect(await world().rows('select 1 from users where email = ? and email_verified', [email])).toHaveLength(1)
  })

  test('without the condition in the statement that uses it up, more than one gets through: the test can fail', async () => {
    const email = (await world().newUser({ emailVerified: true })).email ?? ''
    const binding = await mailed(() => from(0).auth.requestMagicLink({ email }), email)
    const token = world().mailer.tokenFor(email)
    await world().rows(`create function never_used() returns trigger language plpgsql as $$ begin new.used_at := null; return new; end $$`)
    await world().rows('create trigger never_used before update on verifications for each row execute function never_used()')
    try {
      expect(winners(await many((index) => from(index).auth.signInWithMagicLink({ token, binding })))).toBeGreaterThan(1)
    } finally {
      await world().rows('drop trigger never_used on verifications')
    }
  })
})

describe('3: wrong codes at once', () => {
  const attempt = async () => {
    const user = await world().newUser({ emailVerified: true })
    const email = user.email ?? ''
    const binding = await mailed(() => from(0).auth.requestEmailCode({ email }), email)
    const right = /^\d{4} \d{4}$/m.exec(world().mailer.sent.findLast(({ to }) => to === email)?.text ?? '')?.[0] ?? ''
    const wrong = right === '0000 0000' ? '1111 1111' : '0000 0000'
    // From as many networks, so that it is the code's own budget that holds.
    const results = await many((index) => from(index).auth.signInWithEmailCode({ binding, code: wrong }))
    expect(winners(results)).toBe(0)
    return { user, binding, right }
  }
  const compared = async (userId: string) => {
    const [row] = await world().rows<{ attempts: number }>('select attempts from verifications where user_id = ?', [userId])
    return row?.attempts ?? 0
  }

  test('are five at most, of however many; then the right one is refused too', async () => {
    const { user, binding, right } = await attempt()
    expect(await compared(uuidOf(user.id))).toBe(5)
    world().clock.advance(2 * 60_000)
    await expect(from(200).auth.signInWithEmailCode({ binding, code: right })).rejects.toMatchObject({ code: 'auth.codeInvalid' })
  })

  test('are more when they are not counted: the test can fail', async () => {
    await world().rows(`create function uncounted() returns trigger language plpgsql as $$ begin new.attempts := 0; return new; end $$`)
    await world().rows('create trigger uncounted before update on verifications for each row execute function uncounted()')
    try {
      const { binding, right } = await attempt()
      world().clock.advance(2 * 60_000)
      await expect(from(200).auth.signInWithEmailCode({ binding, code: right })).resolves.toBeDefined()
    } finally {
      await world().rows('drop trigger uncounted on verifications')
    }
  })
})

test('50 requests at once for one address: so many mails as are allowed, and all get the same answer', async () => {
  const email = (await world().newUser({ emailVerified: true })).email ?? ''
  expect(winners(await many((index) => from(index).auth.requestMagicLink({ email })))).toBe(callers)
  await world().work()
  expect(world().mailer.sent.filter(({ to }) => to === email)).toHaveLength(11) // the first of their neighbourhood, and ten others
})
