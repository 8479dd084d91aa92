import { userActor, type Actor } from '@denizen/core'
import { databases, newEmail, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const missing = 'usr_01h455vb4pex5vsknk084sn02q'
const origin = { requestId: 'req_read', ip: null, userAgent: null }

describe.each(databases)('reading users on %s', (database) => {
  const world = useWorld({ database })
  let ada: SignedInUser
  let monitor: SignedInUser
  beforeAll(async () => {
    ada = await world().signUp({ username: 'ada', email: 'ada@example.com' })
    monitor = await world().asMonitor()
  })

  test('users.get shows one to themselves and to whoever may read users', async () => {
    const expected = await world().asSystem().users.get({ userId: ada.user.id })
    expect(expected).toEqual(ada.user)
    const { as: superadmin } = await world().asSuperadmin()
    expect(await superadmin.users.get({ userId: ada.user.id })).toEqual(expected)
    // What applications keep about somebody is for those who may change it.
    for (const { as } of [ada, monitor]) expect(await as.users.get({ userId: ada.user.id })).toEqual({ ...expected, privateMetadata: null })
  })

  test('users.get tells nobody else who is there', async () => {
    const bob = await world().signUp()
    const error = (userId: typeof ada.user.id) =>
      bob.as.users.get({ userId }).catch((thrown: Error) => ({ ...thrown, message: thrown.message }))
    expect(await error(ada.user.id)).toMatchObject({ code: 'request.notFound', kind: 'notFound', details: { type: 'user' } })
    expect(await error(ada.user.id)).toEqual(await error(missing))
    await expect(world().asAnonymous().users.get({ userId: ada.user.id })).rejects.toMatchObject({ code: 'request.unauthenticated' })
    await expect(monitor.as.users.get({ userId: missing })).rejects.toMatchObject({ code: 'request.notFound' })
  })

  test('users.find and users.list are for whoever may read users, and a denial is audited', async () => {
    const carl = await world().signUp()
    for (const { as } of [monitor, await world().asSuperadmin()]) {
      expect((await as.users.find({ identifier: 'ADA@example.com' }))?.id).toBe(ada.user.id)
      expect((await as.users.list({ limit: 1 })).items).toHaveLength(1)
    }
    const calls = [() => carl.as.users.find({ identifier: 'carl' }), async () => carl.as.users.list({})]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'request.denied', kind: 'denied' })
    const denied = 'select action, outcome from audit_entries where actor_id = (select id from users where username = ?) order by action'
    expect(await world().rows(denied, [carl.user.username])).toEqual([
      { action: 'users.find', outcome: 'denied' },
      { action: 'users.list', outcome: 'denied' },
    ])
    const before = await world().counts()
    await expect(world().asAnonymous().users.list({})).rejects.toMatchObject({ code: 'request.unauthenticated' })
    expect(await world().counts()).toEqual(before)
  })

  test('users.current is the whole picture of the caller, also for one who owes a step', async () => {
    const superadmin = await world().asSuperadmin()
    expect(await superadmin.as.users.current()).toMatchObject({
      user: { id: superadmin.user.id },
      roles: ['superadmin', 'user'],
      permissions: expect.arrayContaining(['users.create', 'users.list']),
      organization: null,
      memberships: [],
      session: { id: superadmin.principal.sessionId, assurance: 'aal1' },
      pendingSteps: [],
    })
    await expect(world().asAnonymous().users.current()).rejects.toMatchObject({ code: 'request.unauthenticated' })
    await world().rows('update users set need_password_change = true where username = ? returning 1', ['ada'])
    const owing = await world().signIn(ada.user)
    expect(await owing.as.users.current()).toMatchObject({ permissions: ['organizations.create'], pendingSteps: ['changePassword'] })
    for (const call of [owing.as.sessions.whoami(), owing.as.users.get({ userId: ada.user.id })]) {
      await expect(call).rejects.toMatchObject({ code: 'auth.stepRequired', kind: 'denied', details: { steps: ['changePassword'] } })
    }
    expect(await owing.as.auth.signOut()).toEqual({ sessionsEnded: 1, tokensEnded: 1 })
    await world().rows('update users set need_password_change = false where username = ? returning 1', ['ada'])
  })

  test('no answer holds a password, a hash or a token', async () => {
    const superadmin = await world().asSuperadmin()
    const answers = JSON.stringify([
      await superadmin.as.users.get({ userId: ada.user.id }),
      await superadmin.as.users.list({ limit: 100 }),
      await superadmin.as.users.current(),
      await superadmin.as.sessions.whoami(),
    ])
    for (const secret of ['argon2id', 'dnz_', 'correct horse']) expect(answers).not.toContain(secret)
    // As a name: ids may spell it.
    expect(answers).not.toMatch(/"\w*hash\w*":/i)
  })
})

describe('users.list', () => {
  const world = useWorld()
  const made: Record<string, string[]> = {}
  beforeAll(async () => {
    const combinations = (['human', 'service'] as const).flatMap((kind) =>
      (['active', 'inactive', 'suspended'] as const).map((status) => ({ kind, status })),
    )
    for (const { kind, status } of [...combinations, ...combinations]) {
      const user = await world().newUser({ kind })
      if (status !== 'active') await world().asSystem().users.setStatus({ userId: user.id, status })
      for (const key of ['all', kind, status, `${kind} ${status}`]) made[key] = [user.id, ...(made[key] ?? [])]
      world().clock.advance(1000)
    }
  })

  test.each([
    ['all', {}],
    ['human', { kind: 'human' }],
    ['suspended', { status: 'suspended' }],
    ['service inactive', { kind: 'service', status: 'inactive' }],
  ] as const)('gives %s, newest first, with an exact total', async (key, filters) => {
    const { items, total, nextCursor } = await world()
      .asSystem()
      .users.list({ ...filters, total: true })
    expect(items.map(({ id }) => id)).toEqual(made[key])
    expect(total).toBe(made[key]?.length)
    expect(nextCursor).toBeNull()
    const first = await world()
      .asSystem()
      .users.list({ ...filters, limit: 1, total: true })
    expect(first.total).toBe(made[key]?.length) // of all that match, never of the page
    expect((await world().asSystem().users.list(filters)).total).toBeNull()
  })

  test('gives an empty page for a filter that nobody matches', async () => {
    expect(await world().asSystem().users.list({ status: 'archived', total: true })).toEqual({ items: [], nextCursor: null, total: 0 })
  })

  test.each([
    ['a limit of 0', { limit: 0 }, 'limit'],
    ['a limit of 101', { limit: 101 }, 'limit'],
    ['half a row', { limit: 1.5 }, 'limit'],
    ['an unknown status', { status: 'gone' }, 'status'],
    ['a filter there is not', { organizationId: null }, 'organizationId'],
    ['an offset', { offset: 10 }, 'offset'],
    ['a cursor of 2049 letters', { cursor: 'x'.repeat(2049) }, 'cursor'],
  ])('refuses %s', async (_name, input, path) => {
    const actor: Actor = { kind: 'system', reason: 'test' }
    await expect(world().core.run('users.list', input, { actor, origin })).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path }] },
    })
  })

  test('refuses a cursor that is forged, cut or of another key, and shows nothing in it', async () => {
    const { nextCursor } = await world().asSystem().users.list({ limit: 2 })
    const cursor = nextCursor ?? ''
    const middle = Math.floor(cursor.length / 2)
    const flipped = cursor.slice(0, middle) + (cursor[middle] === 'A' ? 'B' : 'A') + cursor.slice(middle + 1)
    const stranger = await world().another({}).as({ kind: 'system', reason: 'test' }).users.list({ cursor, limit: 2 })
    expect(stranger.items).toHaveLength(2) // another process with the same key reads on
    for (const forged of [flipped, cursor.slice(0, -1), `${cursor}A`, '', 'null', btoa(JSON.stringify([0, missing]))]) {
      await expect(world().asSystem().users.list({ cursor: forged, limit: 2 })).rejects.toMatchObject({
        code: 'request.invalid',
        details: { issues: [{ path: 'cursor' }] },
      })
    }
    expect(atob(cursor.replaceAll(/[^A-Za-z0-9+/]/g, '').slice(0, 40))).not.toContain('usr_')
  })
})

describe('users.list, asked by users', () => {
  const world = useWorld()

  test('has no place for who has lost the permission meanwhile', async () => {
    await world().newUser()
    const monitor = await world().asMonitor()
    const { nextCursor } = await monitor.as.users.list({ limit: 1 })
    const nobody = await world().signUp()
    const input = { limit: 1, cursor: nextCursor ?? '' }
    await expect(world().core.run('users.list', input, { actor: userActor(nobody.principal), origin })).rejects.toMatchObject({
      code: 'request.denied',
    })
    expect((await monitor.as.users.list(input)).items).toHaveLength(1)
  })
})

describe('one user', () => {
  const world = useWorld()

  describe('users.find', () => {
    test('takes what has an at sign for an address, and nothing but an id for an id', async () => {
      const other = await world().newUser({ username: 'usr_01h455vb4pex5vsknk084sn02q'.slice(4) })
      expect((await world().asSystem().users.find({ identifier: other.username }))?.id).toBe(other.id)
      for (const identifier of [
        missing,
        `${missing}x`,
        'usr_',
        'ses_01h455vb4pex5vsknk084sn02q',
        'a@b',
        'a\u0000b',
        '\ud800',
        "' or 1=1 --",
      ]) {
        expect(await world().asSystem().users.find({ identifier })).toBeNull()
      }
    })

    test.each([
      ['', 'identifier'],
      ['x'.repeat(321), 'identifier'],
    ])('refuses %j', async (identifier, path) => {
      await expect(world().asSystem().users.find({ identifier })).rejects.toMatchObject({
        code: 'request.invalid',
        details: { issues: [{ path }] },
      })
    })
  })

  describe('users.update', () => {
    test.each(['status', 'statusReason', 'kind', 'id', 'createdAt', 'roles', 'password', 'legalHold', 'archivedAt', 'homeOrganizationId'])(
      'refuses to set %s, and writes nothing',
      async (field) => {
        const user = await world().newUser()
        const input = { userId: user.id, displayName: 'changed', [field]: true }
        const actor: Actor = { kind: 'system', reason: 'test' }
        await expect(world().core.run('users.update', input, { actor, origin })).rejects.toMatchObject({
          code: 'request.invalid',
          details: { issues: [{ path: field, message: expect.stringMatching(/^there is no such field/) as string }] },
        })
        expect(await world().asSystem().users.get({ userId: user.id })).toEqual(user)
      },
    )

    test('notes which fields, and none of what is in them', async () => {
      const user = await world().newUser()
      await world().asSystem().users.update({ userId: user.id, description: 'private matter', email: newEmail() })
      const changes = { fields: ['email', 'description'] }
      const entry = `select outcome, changes from audit_entries where action = 'users.update' and target_id = ?`
      expect(await world().rows(entry, [user.id])).toEqual([{ outcome: 'succeeded', changes }])
      expect(await world().rows(`select payload from events where type = 'users.updated' and subject = ?`, [user.id])).toEqual([
        { payload: { userId: user.id, ...changes } },
      ])
    })

    test('is for those who hold the permission: not even for oneself', async () => {
      const [nobody, other, monitor] = [await world().signUp(), await world().newUser(), await world().asMonitor()]
      await expect(nobody.as.users.update({ userId: other.id, locale: 'de' })).rejects.toMatchObject({ code: 'request.notFound' })
      await expect(nobody.as.users.update({ userId: nobody.user.id, locale: 'de' })).rejects.toMatchObject({ code: 'request.denied' })
      await expect(monitor.as.users.update({ userId: other.id, locale: 'de' })).rejects.toMatchObject({ code: 'request.denied' })
      const superadmin = await world().asSuperadmin()
      expect((await superadmin.as.users.update({ userId: other.id, locale: 'de' })).locale).toBe('de')
    })

    test('is seen at once by whoami of this process', async () => {
      const ada = await world().signUp()
      await world().core.authenticate(ada.token)
      await world().asSystem().users.update({ userId: ada.user.id, displayName: 'Countess' })
      const principal = await world().core.authenticate(ada.token)
      expect(principal?.displayName).toBe('Countess')
    })
  })
})
