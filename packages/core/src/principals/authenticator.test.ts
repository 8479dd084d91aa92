import { completed, defaultSettings, systemActor, type Core } from '@denizen/core'
import { catalogue, databases, password, type SignedInUser, TestFeed, useFreshWorlds, useWorld, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { eventually } from '../../../../tests/deadlines.ts'
import { KeyRing } from '../tokens/index.ts'
import { storedDefinitions } from '../grants/index.ts'
import { Authenticator } from './authenticator.ts'
import { PrincipalCache } from './cache.ts'

/** Less than an access token lasts. */
const spell = 1_000_000

/** What principals are worked out from, where what they may do is not asked for. */
const principalParts = { catalogue, settings: defaultSettings }
const principalsIn = (core: Core) => core.cacheState().caches.find(({ name }) => name === 'principals')

/** A token whose last letter of the secret is another one; its checksum is wrong then. */
function misspelt(token: string): string {
  return token.slice(0, -7) + (token.at(-7) === 'A' ? 'B' : 'A') + token.slice(-6)
}

describe.each(databases)('authenticate on %s', (database) => {
  const world = useWorld({ database })

  test('knows the user behind a token, first from the database and then from memory', async () => {
    const { user, token } = await signedIn(world())
    const { core } = world()
    const before = principalsIn(core)
    const again = await core.authenticate(token)
    expect(again).toMatchObject({ userId: user.id, username: user.username, email: user.email, status: 'active', roles: ['user'] })
    expect(Object.isFrozen(again)).toBe(true)
    expect(core.authenticated(token)).toBe(again)
    expect(principalsIn(core)).toEqual({ ...before, hits: (before?.hits ?? 0) + 2 })
    const elsewhere = world().another({})
    expect(elsewhere.authenticated(token)).toBeUndefined()
    expect(await elsewhere.authenticate(token)).toEqual({ ...again, grants: expect.anything() })
    expect(principalsIn(elsewhere)).toMatchObject({ entries: 1, hits: 0, misses: 1 })
  })

  test('answers null for what is no token of ours, without asking the database', async () => {
    const { token } = await signedIn(world())
    const before = principalsIn(world().core)
    for (const text of ['', 'x', misspelt(token), token.slice(1), `${token}x`, token.replace('access', 'api'), 'dnz_access_', '\u0000'])
      expect(await world().core.authenticate(text)).toBeNull()
    expect(principalsIn(world().core)).toEqual(before)
  })

  test('answers null for a token with a true id and another secret', async () => {
    const ada = await signedIn(world())
    const minted = await world().rows<{ hash: string }>('select hash from tokens where hash = ?', [world().ports.digest.sha256(ada.token)])
    expect(minted).toHaveLength(1)
    await world().rows('update tokens set hash = ? where hash = ? returning 1', ['0'.repeat(64), minted[0]?.hash])
    const elsewhere = world().another({})
    expect(await elsewhere.authenticate(ada.token)).toBeNull()
    expect(principalsIn(elsewhere)?.entries).toBe(0)
  })

  test('answers null once the session is over, also from memory', async () => {
    const { token, principal } = await signedIn(world())
    world().clock.advance((principal.expiresAt?.getTime() ?? 0) - world().clock.now().getTime() - 1)
    expect(world().core.authenticated(token)).toBeDefined()
    world().clock.advance(1)
    expect(world().core.authenticated(token)).toBeUndefined()
    expect(await world().core.authenticate(token)).toBeNull()
    await expect(world().core.as({ kind: 'user', principal }).auth.signOut()).rejects.toMatchObject({ code: 'request.unauthenticated' })
  })
})

/** A new user whose principal is in memory. */
async function signedIn(world: World): Promise<SignedInUser> {
  const ada = await world.signUp()
  expect(world.core.authenticated(ada.token)).toBe(ada.principal)
  return ada
}

describe('a principal', () => {
  const world = useWorld()

  test.each([
    ['suspending', ({ user }: SignedInUser) => world().asSystem().users.setStatus({ userId: user.id, status: 'suspended' })],
    ['signing out', ({ as }: SignedInUser) => as.auth.signOut()],
  ])('taken away by %s is refused at the very next call of the same process', async (_name, take) => {
    const ada = await signedIn(world())
    await take(ada)
    expect(world().core.authenticated(ada.token)).toBeUndefined()
    expect(await world().core.authenticate(ada.token)).toBeNull()
    await expect(ada.as.auth.signOut()).rejects.toMatchObject({ code: 'request.unauthenticated' })
  })

  test('that a failed call would take away is not taken away', async () => {
    const [ada, bob] = [await signedIn(world()), await world().signUp()]
    await expect(bob.as.users.setStatus({ userId: ada.user.id, status: 'suspended' })).rejects.toMatchObject({ code: 'request.notFound' })
    await expect(world().asSystem().users.setStatus({ userId: ada.user.id, status: 'suspended', version: 7 })).rejects.toMatchObject({
      code: 'request.versionConflict',
    })
    expect(world().core.authenticated(ada.token)).toBe(ada.principal)
  })

  test('12: that was taken away while it was being loaded is not kept', async () => {
    const { token, user } = await world().signUp()
    const { gate, authenticator, cache } = held(world())
    const answer = authenticator.authenticate(token)
    await gate.reached
    cache.drop([user.id])
    gate.open()
    expect(await answer).toMatchObject({ userId: user.id }) // it was true when it was read
    expect(authenticator.cached(token)).toBeUndefined()
    expect(await authenticator.authenticate(token)).toMatchObject({ userId: user.id })
    expect(authenticator.cached(token)).toBeDefined()
  })

  test('loses a role when that ends, and a role that begins is there then', async () => {
    const user = await world().newUser()
    const now = world().clock.now().getTime()
    const [from, until] = [new Date(now + spell), new Date(now + 2 * spell)]
    await world().grant(user, 'superadmin', { validFrom: from, validUntil: until })
    const { token } = await world().signIn(user)
    const roles = async () => (await world().core.authenticate(token))?.roles
    const may = async () => (await world().core.authenticate(token))?.grants.allowsEverywhere('users.create')
    expect([await roles(), await may()]).toEqual([['user'], false])
    world().clock.advance(spell - 1)
    expect(world().core.authenticated(token)?.roles).toEqual(['user'])
    world().clock.advance(1)
    expect(world().core.authenticated(token)).toBeUndefined()
    expect([await roles(), await may()]).toEqual([['superadmin', 'user'], true])
    world().clock.advance(spell - 1)
    expect(world().core.authenticated(token)?.roles).toEqual(['superadmin', 'user'])
    world().clock.advance(1)
    expect([await roles(), await may()]).toEqual([['user'], false])
  })

  test('loses a role that was revoked once its user is dropped', async () => {
    const { core, rows } = world()
    const admin = await world().asSuperadmin()
    await rows(`update role_assignments set revoked_at = now() where user_id = (select id from users where email = ?) returning 1`, [
      admin.user.email,
    ])
    await world().asSystem().users.update({ userId: admin.user.id, displayName: 'Was one' })
    expect(await core.authenticate(admin.token)).toMatchObject({ roles: [] })
    await expect(admin.as.users.create({ email: 'x@example.com' })).rejects.toMatchObject({ code: 'request.denied' })
  })

  test.each(['pending', 'archived', 'inactive', 'suspended'])(
    'is nobody when the user is %s, and somebody when temporary',
    async (status) => {
      const ada = await world().signUp()
      const setStatus = (to: string) =>
        world().rows(`update users set status = ?, archived_at = case when ? = 'archived' then now() end where email = ? returning 1`, [
          to,
          to,
          ada.user.email,
        ])
      await setStatus(status)
      expect(await world().another({}).authenticate(ada.token)).toBeNull()
      await setStatus('temporary')
      expect(await world().another({}).authenticate(ada.token)).toMatchObject({ status: 'temporary' })
    },
  )

  test('many who come at once are loaded together: 42 tokens in three statements, each getting its own user', async () => {
    const user = await world().newUser()
    const made = await Promise.all(Array.from({ length: 20 }, () => world().asAnonymous().auth.signIn({ identifier: user.id, password })))
    const others = [await world().signUp(), await world().signUp()]
    const { em, ports } = world()
    let statements = 0
    const cache = new PrincipalCache(ports.clock, true)
    const reader = () => (statements++, em())
    const authenticator = new Authenticator({
      cache,
      clock: ports.clock,
      digest: ports.digest,
      keys: new KeyRing(em, ports),
      principalParts,
      roles: storedDefinitions,
      reader,
      seen: () => {},
    })
    const tokens = made
      .map(completed)
      .flatMap(({ accessToken }) => [accessToken, accessToken])
      .concat(others.map(({ token }) => token))
    const principals = await Promise.all(tokens.map((token) => authenticator.authenticate(token)))
    expect(statements).toBe(3) // two at once, and the rest together
    expect(principals.map((each) => each?.sessionId)).toEqual([
      ...made.map(completed).flatMap(({ session }) => [session.id, session.id]),
      ...others.map(({ principal }) => principal.sessionId),
    ])
    expect(cache.state.entries).toBe(22)
    await Promise.all(tokens.map((token) => authenticator.authenticate(token)))
    expect(statements).toBe(3)
  })

  test('many who come at once are all told when the database fails, and served when it is back', async () => {
    const users = [await world().signUp(), await world().signUp()]
    const { em, ports } = world()
    let down = true
    const reader = () => {
      if (down) throw new Error('the database is away')
      return em()
    }
    const cache = new PrincipalCache(ports.clock, true)
    const authenticator = new Authenticator({
      cache,
      clock: ports.clock,
      digest: ports.digest,
      keys: new KeyRing(em, ports),
      principalParts,
      roles: storedDefinitions,
      reader,
      seen: () => {},
    })
    const ask = () => Promise.allSettled(Array.from({ length: 10 }, (_, n) => authenticator.authenticate(users[n % 2]?.token ?? '')))
    expect((await ask()).map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 'rejected'))
    down = false
    expect((await ask()).map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 'fulfilled'))
  })
})

/** An authenticator of its own whose first answer from the database waits at a gate. */
function held({ em, ports }: World) {
  let open = () => {}
  let reach = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  const reached = new Promise<void>((resolve) => (reach = resolve))
  const cache = new PrincipalCache(ports.clock, true)
  const reader = () => {
    const inner = em()
    const kysely = inner.getKysely()
    const gated = async (...query: Parameters<typeof kysely.executeQuery>) => {
      const answer = await kysely.executeQuery(...query)
      reach()
      await opened
      return answer
    }
    return Object.assign(inner, { getKysely: () => Object.create(kysely, { executeQuery: { value: gated } }) as typeof kysely })
  }
  const authenticator = new Authenticator({
    cache,
    clock: ports.clock,
    digest: ports.digest,
    keys: new KeyRing(em, ports),
    principalParts,
    roles: storedDefinitions,
    reader,
    seen: () => {},
  })
  return { authenticator, cache, gate: { open, reached } }
}

describe('with other processes on the same database', () => {
  const feed = new TestFeed()
  const world = useFreshWorlds({ ports: { invalidation: feed } })

  test('nothing is kept or served without word from the feed', async () => {
    const { core, clock } = world()
    const ada = await world().signUp()
    expect([core.cacheState().live, principalsIn(core)?.entries]).toEqual([false, 0])
    expect(await core.authenticate(ada.token)).toMatchObject({ userId: ada.user.id }) // the database decides
    feed.sink.renew(clock.monotonic())
    await core.authenticate(ada.token)
    expect(core.authenticated(ada.token)).toBeDefined()
    clock.advance(750)
    expect(core.authenticated(ada.token)).toBeUndefined()
    expect(core.cacheState().live).toBe(false)
  })

  test('what another process took away is refused as soon as the feed says so, or falls silent', async () => {
    const { core, clock } = world()
    const [ada, bob] = [await world().signUp(), await world().signUp()]
    const other = world().another({ ports: { invalidation: new TestFeed() } })
    feed.sink.renew(clock.monotonic())
    for (const { token } of [ada, bob]) await core.authenticate(token)
    for (const { user } of [ada, bob]) await other.as(systemActor('elsewhere')).users.setStatus({ userId: user.id, status: 'suspended' })
    expect(core.authenticated(ada.token)).toBeDefined() // has not heard of it yet
    feed.sink.drop([ada.user.id])
    expect(core.authenticated(ada.token)).toBeUndefined()
    expect(await core.authenticate(ada.token)).toBeNull()
    clock.advance(750)
    expect(await core.authenticate(bob.token)).toBeNull()
  })

  test('only what takes away wakes the others; all of it is written down for them', async () => {
    const listener = await world().connect()
    const heard: string[] = []
    listener.on('notification', ({ payload }) => void heard.push(payload ?? ''))
    await listener.query('listen denizen_invalidation')
    const ada = await world().signUp()
    await world().asSystem().users.update({ userId: ada.user.id, displayName: 'Ada' })
    await ada.as.auth.signOut()
    await world().asSystem().users.setStatus({ userId: ada.user.id, status: 'suspended' })
    await world().asSystem().users.setStatus({ userId: ada.user.id, status: 'active' })
    await eventually(20_000, 'two pieces of news', async () => heard.length >= 2)
    expect(heard).toEqual([ada.principal.sessionId, ada.user.id])
    const keys = await world().rows<{ key: string }>(
      `select unnest(keys) as key from invalidations where ? = any(keys) or ? = any(keys) order by xid`,
      [ada.user.id, ada.principal.sessionId],
    )
    expect(keys.map(({ key }) => key)).toEqual([ada.user.id, ada.principal.sessionId, ada.user.id])
  })
})
