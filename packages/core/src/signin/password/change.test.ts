import type { DenizenError } from '@denizen/core'
import { databases, password, type SignedInUser, useWorld, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const chosen = 'wheelbarrow antlers soup'
/** What the session owes now: what was remembered of it may be older. */
const owed = async ({ core }: World, token: string) => (await core.authenticate(token))?.pendingSteps
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: DenizenError) => error.code,
  )

describe.each(databases)('auth.changePassword on %s', (database) => {
  const world = useWorld({ database })
  const change = ({ as }: SignedInUser, newPassword = chosen, oldPassword: string | undefined = password) =>
    as.auth.changePassword({ oldPassword, newPassword })
  const opens = (token: string) =>
    world()
      .core.authenticate(token)
      .then((principal) => principal !== null)

  test('8: the new password works and the old one does not; other sessions end, and this one goes on', async () => {
    const here = await world().signUp()
    const there = await world().signIn(here.user)
    await expect(change(here)).resolves.toEqual({ sessionsEnded: 1, tokensEnded: 1 })
    expect([await opens(here.token), await opens(there.token)]).toEqual([true, false])
    expect(await codeOf(world().signIn(here.user, password))).toBe('auth.invalidCredentials')
    await expect(world().signIn(here.user, chosen)).resolves.toBeDefined()
    const [session] = await world().rows(
      'select end_reason from sessions where id = (select session_id from tokens where user_id = sessions.user_id and revoked_at is not null limit 1)',
    )
    expect(session).toEqual({ end_reason: 'credentialsChanged' })
  })

  test('8: mailed links, and a sign-in that waits for its second factor, are void', async () => {
    const { user, as } = await world().signUp({ emailVerified: true })
    await world()
      .asAnonymous()
      .auth.requestPasswordReset({ email: user.email ?? '' })
    await world().work()
    const token = world().mailer.tokenFor(user.email ?? '')
    await world().rows(
      `insert into challenges (id, purpose, user_id, hash, payload, created_at, expires_at)
        select gen_random_uuid(), 'factor', id, 'x', '{}', now(), now() + interval '1 hour' from users where email = ? returning 1`,
      [user.email],
    )
    await as.auth.changePassword({ oldPassword: password, newPassword: chosen })
    expect(await codeOf(world().asAnonymous().auth.resetPassword({ token, password: 'another horse entirely' }))).toBe('auth.linkInvalid')
    expect(await world().rows('select 1 from challenges where used_at is null')).toEqual([])
  })

  test('a wrong old password is refused, changes nothing, and says nothing of the new one', async () => {
    const here = await world().signUp()
    const there = await world().signIn(here.user)
    expect(await codeOf(change(here, 'short', 'not the password'))).toBe('auth.wrongProof')
    expect(await codeOf(here.as.auth.changePassword({ newPassword: chosen }))).toBe('auth.wrongProof')
    expect(await opens(there.token)).toBe(true)
    await expect(world().signIn(here.user)).resolves.toBeDefined()
  })

  test('3: wrong old passwords are counted: after a few even the right one has to wait', async () => {
    const here = await world().signUp()
    const from = world().core.as({ kind: 'user', principal: here.principal }, { ip: '192.0.2.7' })
    const codes: string[] = []
    for (let count = 0; count < 12; count++)
      codes.push(await codeOf(from.auth.changePassword({ oldPassword: `wrong ${count}`, newPassword: chosen })))
    expect(codes[0]).toBe('auth.wrongProof')
    expect(codes.at(-1)).toBe('auth.tooManyAttempts')
    expect(await codeOf(from.auth.changePassword({ oldPassword: password, newPassword: chosen }))).toBe('auth.tooManyAttempts')
  })

  test.each([
    ['passwords.tooShort', 'wheelbarrow'],
    ['passwords.tooCommon', 'qwerty123456789'],
    ['passwords.reused', password],
  ])('%s is said of the new one', async (code, typed) => expect(await codeOf(change(await world().signUp(), typed))).toBe(code))

  test('beside a second factor 8 characters are enough', async () => {
    const { user, as } = await world().signUp()
    await world().rows(
      `insert into passkeys (id, user_id, credential_id, public_key, counter, transports, name, backed_up, created_at)
        select gen_random_uuid(), id, id::text, '', 0, '{}', 'key', false, now() from users where email = ? returning 1`,
      [user.email],
    )
    await expect(as.auth.changePassword({ oldPassword: password, newPassword: 'mzq-4vr_' })).resolves.toBeDefined()
  })

  test('wants a fresh proof, and a session of the user’s own', async () => {
    const here = await world().signUp()
    world().clock.advance(6 * 60_000)
    expect(await codeOf(change(here))).toBe('auth.freshProofRequired')
    const asProgram = world().core.as({ kind: 'user', principal: { ...here.principal, sessionId: null, recentAuthUntil: null } })
    expect(await codeOf(asProgram.auth.changePassword({ oldPassword: password, newPassword: chosen }))).toBe('auth.ownSessionRequired')
  })

  test('a session that owes the step may do it, and owes it no more', async () => {
    const { as, token } = await world().signUp({ needPasswordChange: true })
    expect(await codeOf(as.users.updateCurrent({ fullName: 'Ada' }))).toBe('auth.stepRequired')
    await as.auth.changePassword({ oldPassword: password, newPassword: chosen })
    expect(await owed(world(), token)).toEqual([])
  })

  test('somebody without a password sets their first', async () => {
    const { user, as } = await world().signUp()
    await world().rows('delete from passwords where user_id = (select id from users where email = ?) returning 1', [user.email])
    expect(await codeOf(as.auth.changePassword({ oldPassword: password, newPassword: chosen }))).toBe('auth.wrongProof')
    await as.auth.changePassword({ newPassword: chosen })
    await expect(world().signIn(user, chosen)).resolves.toBeDefined()
  })

  test('is told in the audit log and as an event, without any password', async () => {
    const { user, as } = await world().signUp()
    await as.auth.changePassword({ oldPassword: password, newPassword: chosen })
    const told = await world().rows<{ text: string }>(
      `select row_to_json(a)::text as text from audit_entries a where action = 'auth.changePassword' and outcome = 'succeeded'
        union all select row_to_json(e)::text from events e where type = 'auth.passwordChanged'`,
    )
    expect(told.length).toBeGreaterThan(1)
    expect(told.some(({ text }) => text.includes(user.id))).toBe(true)
    expect(JSON.stringify(told)).not.toMatch(new RegExp(`${chosen}|${password}|argon2`))
  })
})

describe('where the policy looks back', () => {
  const world = useWorld({ settings: { passwords: { minimumAlone: 15, minimumWithFactor: 8, history: 2, maximumAgeDays: 30 } } })

  test('the last passwords may not come back, and those before may', async () => {
    const { user, as } = await world().signUp()
    const names = [password, 'first wheelbarrow antlers', 'second wheelbarrow antlers', 'third wheelbarrow antlers']
    for (const [index, next] of names.slice(1).entries()) {
      world().clock.advance(1000)
      await as.auth.changePassword({ oldPassword: names[index] ?? '', newPassword: next })
    }
    const last = names.at(-1) ?? ''
    for (const before of names.slice(1))
      expect(await codeOf(as.auth.changePassword({ oldPassword: last, newPassword: before }))).toBe('passwords.reused')
    await as.auth.changePassword({ oldPassword: last, newPassword: password })
    expect(
      await world().rows('select 1 from former_passwords where user_id = (select id from users where email = ?)', [user.email]),
    ).toHaveLength(2)
  })

  test('a password that is too old is owed a change', async () => {
    const { user } = await world().signUp()
    world().clock.advance(31 * 24 * 3_600_000)
    const { as, token } = await world().signIn(user)
    expect(await owed(world(), token)).toEqual(['changePassword'])
    await as.auth.changePassword({ oldPassword: password, newPassword: chosen })
    expect(await owed(world(), token)).toEqual([])
  })
})

describe('two who change it at once', () => {
  const world = useWorld({ connections: 24 })

  test('1: of 20 who know the old password one changes it', async () => {
    const { user } = await world().signUp()
    const sessions = await Promise.all(Array.from({ length: 20 }, () => world().signIn(user)))
    const codes = await Promise.all(
      sessions.map(({ as }, index) =>
        codeOf(as.auth.changePassword({ oldPassword: password, newPassword: `wheelbarrow number ${index}` })),
      ),
    )
    expect(codes.filter((code) => code === 'done')).toHaveLength(1)
  })
})
