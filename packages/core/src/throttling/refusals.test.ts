import { completed, type DenizenError } from '@denizen/core'
import { databases, newEmail, password, TestProvider, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { counterKey } from './keys.ts'

const google = TestProvider.configured('google')

const failure = (call: Promise<unknown>): Promise<DenizenError> =>
  call.then(
    () => expect.unreachable('it should have failed'),
    (error: DenizenError) => error,
  )

describe.each(databases)('what strangers leave behind on %s', (database) => {
  const world = useWorld({ database, settings: { identityProviders: [google] } })
  const from = (ip: string) => world().core.as({ kind: 'anonymous' }, { ip })
  const count = async (statement: string) => (await world().rows<{ count: number }>(`select count(*)::int as count ${statement}`))[0]?.count

  test('R11: case 73: what a guest is refused is counted and not kept; what they do is kept', async () => {
    const { accessToken } = await world().asAnonymous().auth.createAnonymous()
    const principal = await world().core.authenticate(accessToken)
    if (principal === null) return expect.unreachable('a new token opens nothing')
    const guest = world().core.as({ kind: 'user', principal })
    const { user } = await world().signUp()
    const before = await count('from audit_entries')
    await failure(guest.users.archive({ userId: user.id }))
    await failure(guest.users.get({ userId: user.id }))
    await failure(guest.organizations.create({ name: 'Mine', slug: 'mine' }))
    await failure(guest.tokens.revoke({ tokenId: 'tok_01h00000000000000000000000' }))
    expect(await count('from audit_entries')).toBe(before)
    await guest.users.updatePreferences({ preferences: { theme: 'dark' } })
    expect(await count('from audit_entries')).toBe((before ?? 0) + 1)
  })

  test('R11: case 73: mails that strangers ask for leave no entry in the audit log, whoever has the address, and are sent all the same', async () => {
    const { user } = await world().signUp({ emailVerified: true })
    const before = await count('from audit_entries')
    for (const email of [user.email ?? '', 'nobody-there@example.com']) {
      await world().asAnonymous().auth.requestPasswordReset({ email })
      await world().asAnonymous().auth.requestMagicLink({ email })
    }
    expect(await count('from audit_entries')).toBe(before)
    await world().work()
    expect(world().mailer.sent.filter(({ to }) => to === user.email).length).toBe(2)
  })

  test('R11: case 73: refused sign-ins leave so many rows of history an hour for a neighbourhood of networks, and no more', async () => {
    const { user } = await world().signUp()
    const rows = () => count(`from login_attempts where outcome in ('unknownUser', 'locked')`)
    const attempt = (ip: string, identifier: string = crypto.randomUUID()) =>
      failure(from(ip).auth.signIn({ identifier, password: 'wrong' }))
    const before = (await rows()) ?? 0
    await attempt('198.51.100.1')
    expect(await rows()).toBe(before + 1)
    const key = await counterKey(world().ports, 'refusals/network', [
      String(Math.floor(world().clock.now().getTime() / 3_600_000)),
      '198.51.100.0/24',
    ])
    await world().rows('update throttles set failures = 199 where key = ? returning 1', [key])
    for (const ip of ['198.51.100.2', '198.51.100.3', '198.51.100.4']) await attempt(ip)
    expect(await rows()).toBe(before + 2)
    // Guesses at an account are kept: there are only so many of those. Who has to wait is not.
    const guessed = () => count(`from login_attempts where outcome = 'wrongPassword'`)
    const wrong = (await guessed()) ?? 0
    for (let tried = 0; tried < 8; tried++) await attempt('198.51.100.5', user.username)
    expect([await guessed(), await rows()]).toEqual([wrong + 5, before + 2])
    await attempt('203.0.113.1')
    world().clock.advance(3_600_000)
    await attempt('198.51.100.2')
    expect(await rows()).toBe(before + 4)
  })

  test('73: sign-ins and refreshes at which nothing is guessed leave as many, and as many entries of the audit log', async () => {
    const [limited, sub] = [await world().signUp(), crypto.randomUUID()]
    const opened = completed(await from('192.0.2.1').auth.signIn({ identifier: limited.user.username, password }))
    const token = await (await TestProvider.open(world().ports, google)).sign({ sub, email: newEmail(), email_verified: true })
    const known = completed(await from('192.0.2.1').auth.signInWithIdentity({ provider: 'google', token }))
    for (const { id: userId } of [limited.user, known.user])
      await world()
        .asSystem()
        .users.update({ userId, allowedIps: ['192.0.2.0/24'] })
    const hour = String(Math.floor(world().clock.now().getTime() / 3_600_000))
    const ways = {
      '198.18.2': (ip: string) => from(ip).auth.refresh({ refreshToken: opened.refreshToken }),
      '198.18.1': (ip: string) => from(ip).auth.signInWithIdentity({ provider: 'google', token }),
    }
    for (const [network, attempt] of Object.entries(ways)) {
      const counts = () => Promise.all([count(`from login_attempts where outcome = 'addressNotAllowed'`), count('from audit_entries')])
      const [attempts = 0, entries = 0] = await counts()
      await failure(attempt(`${network}.1`))
      expect(await counts()).toEqual([attempts + 1, entries + 1])
      const key = await counterKey(world().ports, 'refusals/network', [hour, `${network}.0/24`])
      await world().rows('update throttles set failures = 199 where key = ? returning 1', [key])
      for (const last of [2, 3, 4]) await failure(attempt(`${network}.${last}`))
      expect(await counts()).toEqual([attempts + 2, entries + 2])
    }
  })
})
