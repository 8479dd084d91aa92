import type { User } from '@denizen/core'
import { newEmail, useFreshWorlds, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const world = useWorld()

/** A value for every field that an update may set. */
const values = {
  username: 'countess',
  email: 'lovelace@example.com',
  fullName: 'Ada Lovelace',
  displayName: 'Ada',
  avatarUrl: 'https://example.com/ada.png',
  locale: 'en-GB',
  timezone: 'Europe/London',
  description: 'Wrote\nprograms.',
  preferences: { theme: 'dark' },
} as const
type Field = keyof typeof values

const clearable: readonly Field[] = ['email', 'fullName', 'displayName', 'avatarUrl', 'locale', 'timezone', 'description']
const fixed: readonly Field[] = ['username', 'preferences']

describe('users.update', () => {
  test.each(Object.keys(values) as Field[])('%s: a value sets it, absence leaves it', async (field) => {
    const user = await world().newUser()
    const username = field === 'username' ? `${values.username}-${user.id.slice(-6)}` : undefined
    const value = username ?? values[field]
    const changed = await world()
      .asSystem()
      .users.update({ userId: user.id, [field]: value })
    expect(changed[field]).toEqual(value)
    expect(changed.version).toBe(user.version + 1)
    const later = await world()
      .asSystem()
      .users.update({ userId: user.id, ...(field === 'locale' ? { timezone: 'UTC' } : { locale: 'de' }) })
    expect(later[field]).toEqual(value)
    expect(await world().asSystem().users.get({ userId: user.id })).toEqual(later)
    await world().asSystem().users.update({ userId: user.id, email: newEmail() }) // the address is free for the next
  })

  test.each(clearable)('%s: null clears it, and nothing else', async (field) => {
    const { username: _, email: __, ...others } = values
    const user = await world().newUser(others)
    const cleared = await world()
      .asSystem()
      .users.update({ userId: user.id, [field]: null })
    const { updatedAt: ___, ...expected } = { ...user, [field]: null, version: 2 } satisfies User
    expect(cleared).toMatchObject(expected)
  })

  test.each(fixed)('%s: null is refused, by name', async (field) => {
    const user = await world().newUser()
    await expect(world().core.run('users.update', { userId: user.id, [field]: null }, operator)).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path: field }] },
    })
    expect(await world().asSystem().users.get({ userId: user.id })).toEqual(user)
  })

  test('48: refuses a version that is not the current one, and takes the current one', async () => {
    const user = await world().newUser()
    const second = await world().asSystem().users.update({ userId: user.id, version: user.version, locale: 'de' })
    await expect(world().asSystem().users.update({ userId: user.id, version: user.version, locale: 'fr' })).rejects.toMatchObject({
      code: 'request.versionConflict',
      kind: 'conflict',
      details: { expected: 1, current: 2 },
    })
    expect((await world().asSystem().users.update({ userId: user.id, version: second.version, locale: 'fr' })).version).toBe(3)
  })

  test('48: by 20 at once on one version: one wins', async () => {
    const user = await world().newUser()
    const calls = Array.from({ length: 20 }, (_, n) =>
      world()
        .asSystem()
        .users.update({ userId: user.id, version: 1, displayName: `n${n}` }),
    )
    const results = await Promise.allSettled(calls)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'request.versionConflict' })
    expect((await world().asSystem().users.get({ userId: user.id })).version).toBe(2)
  })

  test('takes back the confirmation of an address with the address', async () => {
    const user = await world().newUser({ emailVerified: true })
    const same = await world()
      .asSystem()
      .users.update({ userId: user.id, email: user.email?.toUpperCase() ?? null })
    expect(same.emailVerified).toBe(true)
    expect((await world().asSystem().users.update({ userId: user.id, email: newEmail() })).emailVerified).toBe(false)
  })

  test('of what somebody else has is a conflict', async () => {
    const [user, other] = [await world().newUser(), await world().newUser()]
    await expect(world().asSystem().users.update({ userId: user.id, email: other.email })).rejects.toMatchObject({
      code: 'users.emailTaken',
    })
    await expect(world().asSystem().users.update({ userId: user.id, username: other.username })).rejects.toMatchObject({
      code: 'users.usernameTaken',
    })
  })
})

const operator = { actor: { kind: 'system', reason: 'test' }, origin: { requestId: 'req_1', ip: null, userAgent: null } } as const

describe('users.list', () => {
  const world = useFreshWorlds()

  async function sevenServices(): Promise<string[]> {
    const made: string[] = []
    for (let index = 0; index < 7; index++) {
      if (index % 3 === 0) world().clock.advance(1) // some share their moment: the id decides
      made.push((await world().newUser({ kind: 'service' })).id)
    }
    return made
  }

  test('gives every user once, newest first, in pages of any size', async () => {
    const made = await sevenServices()
    const whole = await world().asSystem().users.list({ kind: 'service', total: true })
    expect(whole.total).toBe(7)
    expect(new Set(whole.items.map(({ id }) => id))).toEqual(new Set(made))
    const times = whole.items.map(({ createdAt }) => createdAt.getTime())
    expect(times).toEqual(times.toSorted((left, right) => right - left))
    for (const limit of [1, 2, 3, 6, 7]) {
      const ids: string[] = []
      for await (const { id } of world().asSystem().users.list({ kind: 'service', limit })) ids.push(id)
      expect(ids).toEqual(whole.items.map(({ id }) => id))
    }
  })

  test('keeps its place when users are made and renamed meanwhile', async () => {
    await sevenServices()
    const first = await world().asSystem().users.list({ kind: 'service', limit: 3 })
    world().clock.advance(1)
    await world().newUser({ kind: 'service' })
    const second = await world()
      .asSystem()
      .users.list({ kind: 'service', limit: 100, ...(first.nextCursor && { cursor: first.nextCursor }) })
    expect([...first.items, ...second.items]).toHaveLength(7)
  })

  test('does not take the cursor of other filters', async () => {
    await sevenServices()
    const { nextCursor } = await world().asSystem().users.list({ kind: 'service', limit: 1 })
    expect(nextCursor).not.toBeNull()
    const cursor = nextCursor ?? ''
    for (const input of [{ cursor }, { cursor, kind: 'human' }, { cursor, kind: 'service', status: 'active' }] as const) {
      await expect(
        world()
          .asSystem()
          .users.list({ ...input, limit: 1 }),
      ).rejects.toMatchObject({
        code: 'request.invalid',
        details: { issues: [{ path: 'cursor' }] },
      })
    }
    expect((await world().asSystem().users.list({ cursor, kind: 'service', limit: 5 })).items.length).toBeGreaterThan(0)
  })
})

describe('users.find', () => {
  test('finds by id, address and username, without regard to case', async () => {
    const user = await world().newUser({ email: 'Find.Me@Example.com', username: 'FindMe' })
    for (const identifier of [user.id, 'find.me@example.com', ' FIND.ME@EXAMPLE.COM', 'findme', 'FINDME ']) {
      expect((await world().asSystem().users.find({ identifier }))?.id).toBe(user.id)
    }
    for (const identifier of ['find.me', 'usr_01h455vb4pex5vsknk084sn02q', 'no one', '@', '%']) {
      expect(await world().asSystem().users.find({ identifier })).toBeNull()
    }
  })
})
