import { databases, password, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { nameOfNobody } from './record.ts'

const minute = 60_000

describe.each(databases)('auth.listLoginHistory on %s', (database) => {
  const world = useWorld({ database })
  const attempt = (identifier: string, typed: string, ip = '192.0.2.9') =>
    world()
      .core.as({ kind: 'anonymous' }, { ip, userAgent: 'a browser' })
      .auth.signIn({ identifier, password: typed })
      .catch(() => null)

  test('shows everybody their own attempts, newest first, and nobody else those', async () => {
    const [ada, eve] = [await world().signUp(), await world().signUp()]
    world().clock.advance(minute)
    await attempt(ada.user.email ?? '', 'wrong')
    const { items, nextCursor } = await ada.as.auth.listLoginHistory({})
    expect(nextCursor).toBeNull()
    expect(items.map(({ outcome }) => outcome)).toEqual(['wrongPassword', 'succeeded'])
    expect(items[0]).toEqual({
      id: expect.stringMatching(/^lat_/),
      at: world().clock.now(),
      identifier: ada.user.email,
      user: { id: ada.user.id, username: ada.user.username },
      outcome: 'wrongPassword',
      method: 'password',
      sessionId: null,
      by: null,
      ip: '192.0.2.9',
      userAgent: 'a browser',
    })
    expect(items[1]?.sessionId).toBe(ada.principal.sessionId)
    expect(await ada.as.auth.listLoginHistory({ userId: ada.user.id })).toMatchObject({ items: [{}, {}] })
    await expect(eve.as.auth.listLoginHistory({ userId: ada.user.id })).rejects.toMatchObject({ code: 'request.notFound' })
    const seen = JSON.stringify(await eve.as.auth.listLoginHistory({ identifier: ada.user.email ?? '' }))
    expect(seen).not.toContain(ada.user.id)
    await expect(world().asAnonymous().auth.listLoginHistory({})).rejects.toMatchObject({ code: 'request.unauthenticated' })
  })

  test('shows attempts at names that nobody has only to who may see all of it', async () => {
    const monitor = await world().asMonitor()
    const ghost = `ghost-${database}`
    await attempt(ghost, 'wrong')
    const everywhere = await monitor.as.auth.listLoginHistory({ identifier: ghost })
    const kept = await nameOfNobody(world().ports, ghost)
    expect(everywhere.items).toMatchObject([{ identifier: kept, user: null, outcome: 'unknownUser' }])
    expect(
      (await world().asSystem().auth.listLoginHistory({ outcome: 'unknownUser' })).items.map(({ identifier }) => identifier),
    ).toContain(kept)
    const somebody = await world().signUp()
    expect((await somebody.as.auth.listLoginHistory({ identifier: ghost })).items).toEqual([])
  })

  test("13: shows an organization's administrator the users that it manages, and no others", async () => {
    const organizationId = await world().newOrganization()
    await world().ownDomain(organizationId, `managed-${database}.example`)
    const admin = await world().asMember(organizationId, 'admin')
    const managed = await admin.as.users.create({ email: `ada@managed-${database}.example`, organizationId })
    const colleague = await world().asMember(organizationId)
    await attempt(managed?.username ?? '', 'wrong')
    const { items } = await admin.as.auth.listLoginHistory({ userId: managed?.id })
    expect(items).toMatchObject([{ outcome: 'wrongPassword', user: { id: managed?.id } }])
    await expect(admin.as.auth.listLoginHistory({ userId: colleague.user.id })).rejects.toMatchObject({
      kind: expect.stringMatching(/denied|notFound/),
    })
    const own = await admin.as.auth.listLoginHistory({})
    expect(new Set(own.items.map(({ user }) => user?.id))).toEqual(new Set([admin.user.id]))
    await admin.as.auth.unlock({ userId: managed?.id ?? admin.user.id })
  })

  test('16: goes by pages, filters by time and outcome, and takes no cursor of another query or caller', async () => {
    const ada = await world().signUp()
    const begunAt = world().clock.now()
    for (let count = 0; count < 4; count++) {
      world().clock.advance(minute)
      await attempt(ada.user.username, 'wrong')
    }
    const first = await ada.as.auth.listLoginHistory({ limit: 3 })
    const second = await ada.as.auth.listLoginHistory({ limit: 3, cursor: first.nextCursor ?? '' })
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([3, 2, null])
    expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(5)
    const at = (minutes: number) => new Date(begunAt.getTime() + minutes * minute)
    const between = await ada.as.auth.listLoginHistory({ from: at(2), until: at(4), outcome: 'wrongPassword' })
    expect(between.items.map((item) => item.at)).toEqual([at(3), at(2)])
    expect((await ada.as.auth.listLoginHistory({ outcome: 'succeeded' })).items.map(({ outcome }) => outcome)).toEqual(['succeeded'])
    const cursor = first.nextCursor ?? ''
    const invalid = { code: 'request.invalid' }
    await expect(ada.as.auth.listLoginHistory({ limit: 3, cursor, outcome: 'succeeded' })).rejects.toMatchObject(invalid)
    const eve = await world().signUp()
    await expect(eve.as.auth.listLoginHistory({ limit: 3, cursor })).rejects.toMatchObject(invalid)
  })

  test('28: takes names of every horrible kind, and keeps none that could forge a line', async () => {
    const monitor = await world().asMonitor()
    const ada = await world().newUser({ username: `paypal-${database}` })
    const horrible = [
      'a\u0000b',
      'a\r\nSet-Cookie: session=evil',
      '\u001b[2J\u001b[31mred',
      '\u202Egnp.exe',
      'x'.repeat(320),
      '💥'.repeat(160),
      '\ud800',
      "' or 1=1 --",
      '%',
      '${jndi:ldap://example.com}',
      '__proto__',
      `p\u0430ypal-${database}`, // a Cyrillic letter
      'e\u0301'.repeat(100),
      '@@@',
      'a@b@example.com',
      ' ',
    ]
    const refused = { code: 'auth.invalidCredentials', kind: 'unauthenticated', message: 'The user or the password is wrong.' }
    for (const identifier of horrible) {
      const call = world().core.as({ kind: 'anonymous' }, { ip: '198.51.100.1' }).auth.signIn({ identifier, password })
      await expect(call).rejects.toMatchObject(refused)
    }
    for (const identifier of ['', 'x'.repeat(321)])
      await expect(world().asAnonymous().auth.signIn({ identifier, password })).rejects.toMatchObject({ code: 'request.invalid' })
    const { items } = await monitor.as.auth.listLoginHistory({ limit: 100 })
    const kept = items.filter(({ ip }) => ip === '198.51.100.1').map(({ identifier }) => identifier)
    expect(kept).toHaveLength(horrible.length)
    expect(kept.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
    // What is one name to Unicode is one name here: full-width capitals are not, letters in capitals are.
    expect(await attempt(` PAYPAL-${database.toUpperCase()} `, password)).toMatchObject({ user: { id: ada.id } })
  })
})
