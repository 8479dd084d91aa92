import { systemActor, type User } from '@denizen/core'
import { createWorld, lost, newEmail, raced, useWorld, won, type SignedInUser, type World } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

/** PGlite runs one transaction after the other and hides every race: all of these are on PostgreSQL. */
const connections = 22
const atOnce = 20
const world = useWorld({ connections })

const gate = 'lock table users in exclusive mode'

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

/** One got it, and each of the others was told that it is taken. */
function expectOneWinner(results: readonly PromiseSettledResult<unknown>[], code: string): void {
  expect(won(results)).toHaveLength(1)
  expect(lost(results)).toHaveLength(results.length - 1)
  for (const error of lost(results)) expect(error).toMatchObject({ code, kind: 'conflict' })
}

type NewUser = Parameters<ReturnType<World['asSystem']>['users']['create']>[0]

/** 50 creates at once, each of other input. */
function create50(inWorld: World, input: (index: number) => NewUser): Promise<PromiseSettledResult<User | null>[]> {
  return raced(
    inWorld,
    gate,
    times(50, (index) => () => inWorld.asSystem().users.create(input(index))),
  )
}

const unique = [
  ['email', 'users.emailTaken', 'users_email_unique', () => ({ email: 'one@example.com', username: `name-${crypto.randomUUID()}` })],
  ['username', 'users.usernameTaken', 'users_username_unique', (n: number) => ({ email: newEmail(), username: n % 2 ? 'One' : 'one' })],
] as const

describe.each(unique)('50 parallel creates of one %s', (field, code, _constraint, input) => {
  test('have one winner, who is whole, and 49 conflicts that name the field', async () => {
    const before = await world().counts()
    const results = await create50(world(), input)
    expectOneWinner(results, code)
    const after = await world().counts()
    for (const table of ['users', 'role_assignments', 'events']) expect(after[table]).toBe((before[table] ?? 0) + 1)
    expect(after['audit_entries']).toBe((before['audit_entries'] ?? 0) + 50)
    const failures = await world().rows(`select 1 from audit_entries where outcome = 'failed' and error_code = ?`, [code])
    expect(failures).toHaveLength(49)
    expect(won(results)[0]?.[field]).toMatch(/^one/)
  })

  test('have one winner and 49 nulls with ifAbsent', async () => {
    const results = await create50(world(), (n) => ({
      ...input(n),
      [field]: field === 'email' ? 'absent@x.org' : 'absent',
      ifAbsent: true,
    }))
    expect(lost(results)).toEqual([])
    expect(won(results).filter((user) => user !== null)).toHaveLength(1)
  })
})

test('without the constraints, the tests above would see many winners: they can fail', async () => {
  const unguarded = await createWorld({ connections })
  try {
    await unguarded.em().execute('drop index users_look_unique', [], 'run')
    for (const [, code, constraint, input] of unique) {
      await unguarded.em().execute(`alter table users drop constraint ${constraint}`, [], 'run')
      const results = await create50(unguarded, input)
      expect(won(results).length).toBeGreaterThan(1)
      expect(() => expectOneWinner(results, code)).toThrow(/to have a length of 1/)
    }
  } finally {
    await unguarded.close()
  }
})

test('50 parallel creates whose addresses begin alike all win: only one gets the plain username', async () => {
  const results = await create50(world(), (n) => ({ email: `info@company-${n}.example` }))
  expect(lost(results)).toEqual([])
  const usernames = won(results).map((user) => user?.username)
  expect(new Set(usernames).size).toBe(50)
  expect(usernames.filter((username) => username === 'info')).toHaveLength(1)
})

test('30 parallel updates on one version have one winner', async () => {
  const user = await world().newUser()
  const update = (n: number) => () =>
    world()
      .asSystem()
      .users.update({ userId: user.id, version: user.version, displayName: `n${n}` })
  const results = await raced(world(), gate, times(30, update))
  expectOneWinner(results, 'request.versionConflict')
  const now = await world().asSystem().users.get({ userId: user.id })
  expect(now).toMatchObject({ version: 2, displayName: won(results)[0]?.displayName })
})

describe('the last superadmin', () => {
  const admins: User[] = []
  const there = useWorld({ connections })
  beforeAll(async () => {
    for (let index = 0; index < atOnce; index++) {
      const admin = await there().newUser()
      await there().grant(admin, 'superadmin')
      admins.push(admin)
    }
  })

  /** The first so many are active, and signed in; nobody else is active. */
  async function activate(count: number): Promise<SignedInUser[]> {
    const chosen = admins.slice(0, count)
    await there()
      .em()
      .execute(`update users set status = case when email = any(?::text[]) then 'active' else 'inactive' end`, [
        `{${chosen.map(({ email }) => email).join(',')}}`,
      ])
    return Promise.all(chosen.map((admin) => there().signIn(admin)))
  }

  async function active(): Promise<number> {
    return (await there().rows(`select 1 from users where status = 'active'`)).length
  }

  test('is left when 20 operators suspend 20 superadmins at once', async () => {
    const calls = (await activate(20)).map(
      ({ user }) =>
        () =>
          there().core.as(systemActor('race')).users.setStatus({ userId: user.id, status: 'suspended' }),
    )
    const results = await raced(there(), gate, calls)
    expect(won(results)).toHaveLength(19)
    expect(lost(results)).toMatchObject([{ code: 'users.lastSuperadmin', kind: 'conflict' }])
    expect(await active()).toBe(1)
  })

  test('is left when 20 superadmins in a ring suspend each other at once', async () => {
    const ring = await activate(20)
    const next = (index: number) => ring[(index + 1) % ring.length]?.user.id ?? 'usr_'
    const calls = ring.map(
      ({ as }, index) =>
        () =>
          as.users.setStatus({ userId: next(index), status: 'suspended' }),
    )
    const results = await raced(there(), gate, calls)
    expect(won(results).length).toBeGreaterThan(0)
    expect(await active()).toBe(20 - won(results).length)
    expect(await active()).toBeGreaterThan(0)
    for (const error of lost(results)) {
      const { code } = error as { code: string }
      expect(['request.unauthenticated', 'users.lastSuperadmin']).toContain(code)
    }
  })

  test('is the one of two who was first, when they suspend each other at once', async () => {
    for (let round = 0; round < 5; round++) {
      const [ada, bob] = await activate(2)
      if (ada === undefined || bob === undefined) throw new Error('there are two')
      const suspend = (one: SignedInUser, other: SignedInUser) => () =>
        one.as.users.setStatus({ userId: other.user.id, status: 'suspended' })
      const results = await raced(there(), gate, [suspend(ada, bob), suspend(bob, ada)])
      expect(won(results)).toHaveLength(1)
      expect(lost(results)).toMatchObject([{ code: 'request.unauthenticated', kind: 'unauthenticated' }])
      expect(await active()).toBe(1)
    }
  })
})
