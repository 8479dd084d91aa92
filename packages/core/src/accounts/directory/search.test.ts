import { bothDatabases, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

describe.each(bothDatabases)('users.search on %s', (database) => {
  const world = useWorld({ database })
  const find = async (query: string, limit = 50) => {
    const { items } = await world().asSystem().users.search({ query, limit })
    return items.map(({ username, match }) => `${match} ${username}`)
  }
  const walk = async (query: string, limit: number) => {
    const found: string[] = []
    for await (const { username, match } of world().asSystem().users.search({ query, limit })) found.push(`${match} ${username}`)
    return found
  }
  beforeAll(async () => {
    const make = (username: string, fullName: string, email = `${username}@mail.example`) => world().newUser({ username, fullName, email })
    await make('lovelace', 'Somebody Else', 'x1@mail.example')
    await make('lovelace.ada', 'Another One', 'x2@mail.example')
    await make('zz1', 'Nobody', 'lovelace@post.example')
    await make('zz2', 'Lovelace, A.', 'x3@mail.example')
    await make('ada-lovelace', 'Ada Lovelace', 'x4@mail.example')
    await make('zz3', 'Countess Lovelcae', 'x5@mail.example')
    await make('zoë', 'Zoë Ōe', 'x6@mail.example')
    await make('odysseus', 'ΟΔΥΣΣΕΥΣ', 'x7@mail.example')
    await make('a_b', '100% _sure\\', 'x8@mail.example')
    await make('istanbul', 'İstanbul Öz', 'x9@mail.example')
  })

  const expected = ['exact lovelace', 'prefix lovelace.ada', 'prefix zz1', 'prefix zz2', 'substring ada-lovelace', 'similar zz3']

  test.each([1, 2, 3, 5, 50])(
    'gives exact hits, beginnings, parts and misspellings, in this order, once, in pages of %i',
    async (limit) => {
      expect(await walk('lovelace', limit)).toEqual(expected)
    },
  )

  test('looks for misspellings on a page of their own, or when nobody holds the text', async () => {
    const first = await world().asSystem().users.search({ query: 'lovelace', total: true })
    expect(first).toMatchObject({ total: 5, nextCursor: expect.any(String) })
    expect(first.items).toHaveLength(5)
    for (const slip of ['lovealce', 'lovelacw', 'lovlace', 'loovelace']) {
      const found = await find(slip)
      expect(found).toHaveLength(5)
      expect(found.every((one) => one.startsWith('similar '))).toBe(true)
    }
    expect(await find('lvelcae')).toEqual(['similar zz3'])
    expect(await find('completely other')).toEqual([])
  })

  test.each([
    ['LOVELACE.A', 'prefix lovelace.ada'],
    ['zoe\u0308', 'exact zoë'],
    ['ZOË Ō', 'prefix zoë'],
    ['οδυσσευς', 'prefix odysseus'],
    ['ΣΣΕΥΣ', 'substring odysseus'],
    ['İSTANBUL', 'exact istanbul'],
    ['istanbul ö', 'prefix istanbul'],
    ['x4@MAIL.example', 'exact ada-lovelace'],
    ['  a_b ', 'exact a_b'],
    ['0% _s', null],
    ['100% _', 'prefix a_b'],
    ['_sure\\', 'substring a_b'],
    ['a%b', null],
    ['axb', null],
  ])('%s', async (query, first) => {
    expect((await find(query))[0] ?? null).toBe(first)
  })

  test('one or two letters find beginnings only', async () => {
    expect(await find('l')).toEqual(
      ['exact lovelace', 'prefix lovelace.ada', 'prefix zz1', 'prefix zz2'].map((one) => one.replace('exact', 'prefix')),
    )
    expect(await find('ad')).toEqual(['prefix ada-lovelace'])
    expect(await find('ve')).toEqual([])
    expect(await walk('x', 3)).toEqual(await find('x'))
    expect((await world().asSystem().users.search({ query: 'x', total: true })).total).toBe(9)
  })

  test.each(['', '  ', '%%%', '---', 'a\u0000b', '\ud800ab', 'x'.repeat(201)])('refuses %j', async (query) => {
    await expect(world().asSystem().users.search({ query })).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path: 'query' }] },
    })
  })

  test('a text that very many have is found in pages too, among others who do not', async () => {
    await world().rows(
      `insert into users (id, username, email, full_name, folded_full_name, status, kind, preferences, created_at, updated_at)
        select gen_random_uuid(), 'crowd-' || n, 'c' || n || '@crowded.example', case when n % 3 = 0 then 'Crowded House' end, case when n % 3 = 0 then 'crowded house' end, 'active', 'service', '{}', now(), now()
          from generate_series(1, 2500) n returning 1`,
    )
    for (const query of ['crowded', 'crowd', 'owded.exa', '1@crowded', 'house', 'owd-24', '2499@']) {
      const found: { id: string; match: string }[] = []
      for await (const { id, match } of world().asSystem().users.search({ query, limit: 97 })) found.push({ id, match })
      expect(new Set(found.map(({ id }) => id)).size).toBe(found.length)
      const literal = found.filter(({ match }) => match !== 'similar')
      const { total } = await world().asSystem().users.search({ query, limit: 1, total: true })
      expect(literal).toHaveLength(total ?? -1)
      const [counted] = await world().rows<{ count: number }>(
        `select count(*)::int as count from users where strpos(lower(concat_ws(' ', username, email, full_name)), ?) > 0`,
        [query],
      )
      expect(total).toBe(counted?.count)
      const ranks = found.map(({ match }) => ['exact', 'prefix', 'substring', 'similar'].indexOf(match))
      expect(ranks).toEqual(ranks.toSorted((one, other) => one - other))
    }
    expect(await find('crwoded', 5)).toHaveLength(5)
    const suspended = await world().asSystem().users.search({ query: 'crowded', status: 'suspended' })
    expect(suspended.items).toEqual([])
  })
})
