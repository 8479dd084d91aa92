import type { InputOf, OutputOf, Signatures, User } from '@denizen/core'
import { databases, newEmail, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

type Asked = InputOf<Signatures['users']['list']>

const sorts = ['createdAt', 'updatedAt', 'lastSeenAt', 'username', 'email'] as const
const orders = ['asc', 'desc'] as const
const everyOrder = sorts.flatMap((sortBy) => orders.map((order) => ({ sortBy, order })))

describe.each(databases)('users.list on %s', (database) => {
  const world = useWorld({ database })
  const users: User[] = []
  const lastSeen = new Map<string, number>()
  beforeAll(async () => {
    for (let number = 0; number < 14; number++) {
      world().clock.advance(number % 2) // two by two they share their moment
      const { id } = await world().newUser({ username: `user-${(number * 5) % 14}`, ...(number % 3 === 0 ? {} : { email: newEmail() }) })
      if (number % 3 === 0)
        await world().rows('update users set email = null where username = ? returning 1', [`user-${(number * 5) % 14}`])
      if (number % 4 !== 0) {
        const at = world().clock.now().getTime() + (number % 3)
        lastSeen.set(id, at)
        const seen = `insert into user_activity select id, ? from users where username = ? returning 1`
        await world().rows(seen, [new Date(at), `user-${(number * 5) % 14}`])
      }
      users.push(await world().asSystem().users.get({ userId: id }))
    }
    // Microseconds that no Date can tell apart: a page must not begin again before them.
    await world().rows(`update users set created_at = created_at + interval '1 microsecond' * (ascii(right(username, 1)) % 7) returning 1`)
  })

  test.each(everyOrder)('$sortBy $order: everybody once, in order, in pages of any size', async ({ sortBy, order }) => {
    const whole = (await world().asSystem().users.list({ sortBy, order, limit: 100 })).items
    expect(new Set(whole.map(({ id }) => id))).toEqual(new Set(users.map(({ id }) => id)))
    const keyOf = (user: User) =>
      sortBy === 'lastSeenAt' ? lastSeen.get(user.id) : sortBy === 'email' || sortBy === 'username' ? user[sortBy] : user[sortBy].getTime()
    const keys = whole.map((user) => keyOf(user) ?? null)
    const values = keys.filter((key) => key !== null)
    const sorted = values.toSorted((one, other) => (one < other ? -1 : one > other ? 1 : 0))
    expect(values).toEqual(order === 'asc' ? sorted : sorted.toReversed())
    expect(keys.slice(values.length).every((key) => key === null)).toBe(true) // who has none comes last, either way
    const without = whole.slice(values.length).map(({ id }) => id)
    expect(without).toEqual(order === 'asc' ? without.toSorted() : without.toSorted().toReversed())
    for (const limit of [1, 2, 5, 13, 14]) {
      const ids: string[] = []
      for await (const { id } of world().asSystem().users.list({ sortBy, order, limit })) ids.push(id)
      expect(ids).toEqual(whole.map(({ id }) => id))
    }
  })

  test('a cursor belongs to its filter, its order and its viewer', async () => {
    const { users: all } = world().asSystem()
    const asked: Asked = { where: { kind: 'human' }, sortBy: 'username', limit: 2 }
    const { nextCursor } = await all.list(asked)
    const cursor = nextCursor ?? ''
    expect((await all.list({ ...asked, cursor })).items).toHaveLength(2)
    const organizationId = await world().newOrganization()
    const others: Asked[] = [
      { ...asked, order: 'desc' },
      { ...asked, sortBy: 'email' },
      { ...asked, where: { kind: 'service' } },
      { ...asked, where: { not: { kind: 'service' } } },
      { ...asked, status: 'active' },
      { ...asked, organizationId },
    ]
    for (const other of others)
      await expect(all.list({ ...other, cursor })).rejects.toMatchObject({
        code: 'request.invalid',
        details: { issues: [{ path: 'cursor' }] },
      })
    await expect(all.search({ query: 'user', limit: 2, cursor })).rejects.toMatchObject({ code: 'request.invalid' })
  })

  test.each([
    ['a wildcard is a letter', { username: { contains: '%' } }, 0],
    ['an underscore is one too', { username: { startsWith: 'user_' } }, 0],
    ['and so is a backslash', { fullName: { contains: '\\' } }, 0],
    ['a list may hold an empty text', { fullName: { in: [''] } }, 0],
  ] satisfies [string, Asked['where'], number][])('ABUSE 47: %s', async (_, where, count) => {
    expect(await world().asSystem().users.count({ where })).toEqual({ count })
  })

  const nested = (depth: number): object => Array.from({ length: depth }).reduce<object>((inner) => ({ not: inner }), {})
  test.each([
    ['an order that is SQL', { sortBy: 'createdAt; drop table users' }],
    ['a direction that is SQL', { order: 'asc, (select 1)' }],
    ['a field of an object in a path', { where: { 'preferences->>theme': 'dark' } }],
    ['a key of the prototype', { where: JSON.parse('{"__proto__": {"status": "active"}}') as object }],
    ['its constructor', { where: { constructor: 'x' } }],
    ['NUL', { where: { username: 'a\u0000b' } }],
    ['half a letter', { where: { email: { contains: '\ud800' } } }],
    ['a year that PostgreSQL does not read', { where: { createdAt: { from: '+275760-09-13T00:00:00Z' } } }],
    ['no bound', { where: { createdAt: {} } }],
    ['six levels', { where: nested(6) }],
    ['too many conditions', { where: { and: Array.from({ length: 20 }, () => ({ or: Array.from({ length: 20 }, () => ({})) })) } }],
  ])('ABUSE 47: refuses %s, by name', async (_, input) => {
    const call = world().core.run('users.list', input, { actor: { kind: 'system', reason: 'test' }, origin })
    await expect(call).rejects.toMatchObject({ code: 'request.invalid', kind: 'invalid' })
  })

  test('ABUSE 34: refuses a depth that would exhaust the stack, as one of six levels', async () => {
    const call = world().core.run('users.list', { where: nested(50_000) }, { actor: { kind: 'system', reason: 'test' }, origin })
    await expect(call).rejects.toMatchObject({ code: 'request.invalid', message: 'where: at most 5 levels of and, or and not' })
  })

  test('a listed user is the one that users.get shows', async () => {
    for (const shown of (await world().asSystem().users.list({ limit: 100 })).items)
      expect(shown).toEqual(await world().asSystem().users.get({ userId: shown.id }))
  })
})

describe.each(databases)('users.list, of whom more come, on %s', (database) => {
  const world = useWorld({ database })

  test('who may change a user sees what applications keep about it', async () => {
    const user = await world().newUser({ privateMetadata: { plan: 'b' } })
    const [monitor, superadmin] = [await world().asMonitor(), await world().asSuperadmin()]
    const seen = async (calls: typeof monitor.as) => [
      (await calls.users.list({ where: { id: user.id } })).items[0]?.privateMetadata,
      (await calls.users.search({ query: user.username })).items[0]?.privateMetadata,
    ]
    expect(await seen(monitor.as)).toEqual([null, null])
    expect(await seen(superadmin.as)).toEqual([{ plan: 'b' }, { plan: 'b' }])
  })
})

const origin = { requestId: 'req_list', ip: null, userAgent: null }

describe('walking a list while others come and go', () => {
  const world = useWorld({ connections: 12 })

  test.each(sorts)('by %s meets everybody who was there throughout, once', async (sortBy) => {
    const insert = (number: number, age: number) =>
      world().rows(
        `insert into users (id, username, email, status, kind, preferences, created_at, updated_at)
          values (gen_random_uuid(), ?, ?, 'active', 'service', '{}', ?, ?) returning id`,
        [
          `${sortBy.toLowerCase()}-${number}`,
          number % 4 === 0 ? null : `${sortBy}${number}@example.com`.toLowerCase(),
          new Date(age),
          new Date(age),
        ],
      )
    const start = world().clock.now().getTime()
    for (let number = 0; number < 120; number++) await insert(number, start + number * 10)
    if (sortBy === 'lastSeenAt')
      await world().rows(
        `insert into user_activity select id, created_at from users where kind = 'service' and email is not null returning 1`,
      )
    const passing = (number: number) => number % 3 === 1
    const met: string[] = []
    let cursor: string | null = null
    let page = 0
    do {
      const gone = Array.from({ length: 120 }, (_, number) => number).filter((number) => passing(number) && number % 12 === page % 12)
      const [answer]: [OutputOf<Signatures['users']['list']>, ...unknown[]] = await Promise.all([
        world()
          .asSystem()
          .users.list({ kind: 'service', sortBy, limit: 10, ...(cursor !== null && { cursor }) }),
        ...gone.map((number) => world().rows('delete from users where username = ? returning 1', [`${sortBy.toLowerCase()}-${number}`])),
        ...[1, 2, 3].map((one) => insert(1000 + page * 10 + one, start + ((page * 37 + one * 311) % 1200))),
      ])
      met.push(...answer.items.map(({ username }) => username))
      cursor = answer.nextCursor
      page++
    } while (cursor !== null)
    expect(page).toBeGreaterThan(8)
    expect(new Set(met).size).toBe(met.length)
    const throughout = Array.from({ length: 120 }, (_, number) => number).filter((number) => !passing(number))
    expect(met.filter((name) => throughout.some((number) => name === `${sortBy.toLowerCase()}-${number}`))).toHaveLength(throughout.length)
    await world().rows(`delete from users where kind = 'service' returning 1`)
  })
})
