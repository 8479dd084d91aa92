import { userActor, type Origin } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const origin: Origin = { requestId: 'req_own', ip: '192.0.2.9', userAgent: null, remote: true }

describe.each(databases)("one's own profile on %s", (database) => {
  const world = useWorld({ database })
  const run = ({ principal }: SignedInUser, name: string, input: object) =>
    world().core.run(name, input, { actor: userActor(principal), origin })
  const whole = ({ user }: SignedInUser) => world().asSystem().users.get({ userId: user.id })

  test.each([
    ['fullName', 'Ada Lovelace'],
    ['displayName', 'Ada'],
    ['phone', '+41446681800'],
    ['avatarUrl', 'https://example.com/ada.png'],
    ['locale', 'en-GB'],
    ['timezone', 'Europe/London'],
    ['description', 'Wrote\nprograms.'],
  ] as const)('%s: a value sets it, absence leaves it, null clears it', async (field, value) => {
    const ada = await world().signUp()
    const { users } = ada.as
    expect(await users.updateCurrent({ [field]: value })).toMatchObject({ [field]: value, version: 2 })
    expect(await users.updateCurrent({})).toMatchObject({ [field]: value, version: 2 })
    expect(await users.updateCurrent({ [field]: null, version: 2 })).toMatchObject({ [field]: null, version: 3 })
    await expect(users.updateCurrent({ [field]: value, version: 2 })).rejects.toMatchObject({ code: 'request.versionConflict' })
  })

  test.each([
    ['timezone', 'Mars/Olympus'],
    ['locale', 'en-a'],
  ])('U11: %s: %s is refused, because there is none', async (field, value) => {
    const { users } = (await world().signUp()).as
    await expect(users.updateCurrent({ [field]: value })).rejects.toMatchObject({ code: 'request.invalid' })
  })

  test('a patch that changes nothing writes nothing', async () => {
    const ada = await world().signUp({ displayName: 'Ada', preferences: { b: [1, { c: null }], a: 2 } })
    const before = await whole(ada)
    world().clock.advance(1000)
    const { email, username, displayName } = before
    for (const patch of [
      {},
      { email, username, displayName },
      { email: email?.toUpperCase() ?? null },
      { allowedIps: [] },
      { phone: null },
    ])
      await ada.as.users.updateCurrent(patch)
    await ada.as.users.updatePreferences({ preferences: {} })
    await ada.as.users.updatePreferences({ preferences: { a: 2, missing: null } })
    await world()
      .asSystem()
      .users.update({ userId: ada.user.id, preferences: { a: 2, b: [1, { c: null }] }, emailVerified: false, container: null })
    expect(await whole(ada)).toEqual(before)
    expect(await world().rows(`select 1 from events where type = 'users.updated' and subject = ?`, [ada.user.id])).toEqual([])
    expect(world().core.authenticated(ada.token)).toBe(ada.principal)
  })

  test.each([
    'roles',
    'status',
    'statusReason',
    'resourcePolicy',
    'sudoSessionEnabled',
    'container',
    'emailVerified',
    'publicMetadata',
    'privateMetadata',
    'needPasswordChange',
    'isBot',
    'isScanner',
    'legalHold',
    'archivedAt',
    'archivedBy',
    'grantsFrozenAt',
    'homeOrganizationId',
    'kind',
    'id',
    'userId',
    'createdAt',
    'updatedAt',
    'passwordChangedAt',
    'password',
    'preferences',
  ])('ABUSE 18: refuses to set %s, by name, and writes nothing', async (field) => {
    const ada = await world().signUp()
    const before = await whole(ada)
    for (const value of [true, null, 'x', {}, ['superadmin']])
      await expect(run(ada, 'users.updateCurrent', { displayName: 'Changed', [field]: value })).rejects.toMatchObject({
        code: 'request.invalid',
        details: { issues: [{ path: field, message: expect.stringMatching(/^there is no such field/) as string }] },
      })
    expect(await whole(ada)).toEqual(before)
  })

  test('a username that somebody has is refused', async () => {
    const [ada, bob] = [await world().signUp({ emailVerified: true }), await world().newUser()]
    await expect(ada.as.users.updateCurrent({ username: bob.username })).rejects.toMatchObject({ code: 'users.usernameTaken' })
  })

  test('is for whoever is signed in', async () => {
    for (const as of [world().asAnonymous(), world().asSystem()]) {
      await expect(as.users.updateCurrent({ locale: 'de' })).rejects.toMatchObject({ code: 'request.unauthenticated' })
      await expect(as.users.updatePreferences({ preferences: {} })).rejects.toMatchObject({ code: 'request.unauthenticated' })
    }
  })

  test('nobody shuts out the address they call from, but by force', async () => {
    const ada = await world().signUp()
    const shutOut = { code: 'users.wouldLockOut', kind: 'conflict', details: { address: '192.0.2.9' } }
    const input = { allowedIps: ['198.51.100.0/24'] }
    await expect(run(ada, 'users.updateCurrent', input)).rejects.toMatchObject(shutOut)
    expect((await whole(ada)).allowedIps).toEqual([])
    expect(await run(ada, 'users.updateCurrent', { allowedIps: ['::ffff:192.0.2.77/120', '192.0.2.0/24'] })).toMatchObject({
      allowedIps: ['192.0.2.0/24'],
    })
    expect(await run(ada, 'users.updateCurrent', { ...input, force: true })).toMatchObject({ allowedIps: input.allowedIps })
    const again = await world().core.authenticate(ada.token)
    expect(again?.allowedIps).toEqual(input.allowedIps)
    await expect(run(ada, 'users.updateCurrent', { allowedIps: [] })).rejects.toMatchObject({ code: 'auth.addressNotAllowed' })
    const notes = `select changes->'force' as force from audit_entries where action = 'users.updateCurrent' and actor_id is not null and changes->>'force' is not null
      and target_id = ?`
    expect(await world().rows(notes, [ada.user.id])).toEqual([{ force: true }])

    const admin = await world().asSuperadmin()
    await expect(run(admin, 'users.update', { userId: admin.user.id, ...input })).rejects.toMatchObject(shutOut)
    expect(await run(admin, 'users.update', { userId: ada.user.id, allowedIps: ['203.0.113.1'] })).toMatchObject({
      allowedIps: ['203.0.113.1/32'],
    })
  })

  test('preferences are merged: null removes a key, at any depth', async () => {
    const ada = await world().signUp({ preferences: { theme: 'dark', panes: { left: 1, right: { open: true } }, list: [1, 2] } })
    const { users } = ada.as
    expect(
      await users.updatePreferences({ preferences: { theme: null, panes: { right: { open: null, wide: 3 } }, list: [null] } }),
    ).toEqual({
      preferences: { panes: { left: 1, right: { wide: 3 } }, list: [null] },
      version: 2,
    })
    expect((await users.current()).user.preferences).toEqual({ panes: { left: 1, right: { wide: 3 } }, list: [null] })
    await expect(users.updatePreferences({ preferences: { a: 1 }, version: 1 })).rejects.toMatchObject({ code: 'request.versionConflict' })
    expect((await users.updatePreferences({ preferences: { a: 1 }, version: 2 })).version).toBe(3)
  })

  test('preferences are bounded as a whole, not only in each patch', async () => {
    const ada = await world().signUp({ preferences: { a: 'x'.repeat(10_000) } })
    const before = await whole(ada)
    const patch = { b: 'y'.repeat(10_000) }
    await expect(ada.as.users.updatePreferences({ preferences: patch })).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path: 'preferences', message: 'at most 16384 characters of JSON' }] },
    })
    expect(await whole(ada)).toEqual(before)
    expect((await ada.as.users.updatePreferences({ preferences: { ...patch, a: null } })).preferences).toEqual(patch)
  })

  test.each(['{"__proto__":{"x":1}}', '{"a":{"constructor":1}}', '{"a":[{"prototype":null}]}', '{"a":{"__proto__":null}}'])(
    'ABUSE 47: preferences refuse the reserved keys of %s',
    async (text) => {
      const ada = await world().signUp()
      await expect(run(ada, 'users.updatePreferences', { preferences: JSON.parse(text) as object })).rejects.toMatchObject({
        code: 'request.invalid',
        details: { issues: [{ path: 'preferences' }] },
      })
      expect((await whole(ada)).preferences).toEqual({})
      expect(({} as { x?: number }).x).toBeUndefined()
    },
  )
})
