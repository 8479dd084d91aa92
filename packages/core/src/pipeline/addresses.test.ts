import { completed, actions, userActor, type Origin } from '@denizen/core'
import { bothDatabases, createWorld, password, type SignedInUser, TestFeed, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { eventually } from '../../../../tests/deadlines.ts'

const allowedIps = ['192.0.2.0/24', '2001:db8:0:1::/64']
const inside = ['192.0.2.9', '::ffff:192.0.2.9', '::FFFF:c000:0209', '2001:db8:0:1::7', '2001:DB8:0:1:ffff:ffff:ffff:ffff']
const outside = ['198.51.100.1', '::ffff:198.51.100.1', '2001:db8:0:2::7', '::192.0.2.9']

describe.each(bothDatabases)('ABUSE 37: allowed addresses on %s', (database) => {
  const world = useWorld({ database })
  const from = (ip: string | null, remote?: true): Partial<Origin> => ({ ip, userAgent: null, ...(remote && { remote }) })
  const as = ({ principal }: SignedInUser, ip: string | null, remote?: true) => world().core.as(userActor(principal), from(ip, remote))
  const signIn = async (identifier: string, ip: string | null, typed = password) =>
    completed(await world().core.as({ kind: 'anonymous' }, from(ip, true)).auth.signIn({ identifier, password: typed }))

  /** Somebody who may act from the networks above only, signed in. */
  async function restricted(): Promise<SignedInUser> {
    const user = await world().newUser()
    await world().asSystem().users.update({ userId: user.id, allowedIps })
    return world().signIn(user)
  }

  test('let in from within, in every spelling, and nobody from outside', async () => {
    const ada = await restricted()
    for (const ip of inside) expect((await as(ada, ip, true).sessions.whoami()).user.id).toBe(ada.user.id)
    for (const ip of outside) {
      const error = { code: 'auth.addressNotAllowed', kind: 'denied' }
      await expect(as(ada, ip, true).sessions.whoami()).rejects.toMatchObject(error)
      await expect(as(ada, ip, true).auth.signOut()).rejects.toMatchObject(error)
    }
  })

  test('refuse a request whose address is not known, and pass a call from within the process', async () => {
    const ada = await restricted()
    await expect(as(ada, null, true).sessions.whoami()).rejects.toMatchObject({ code: 'auth.addressNotAllowed' })
    expect((await as(ada, null).sessions.whoami()).user.id).toBe(ada.user.id)
    const free = await world().signUp()
    expect((await as(free, null, true).sessions.whoami()).user.id).toBe(free.user.id)
  })

  test('hold for every action there is, whatever its input, also for a plan, and each denial is audited', async () => {
    const ada = await restricted()
    await world().grant(ada.user, 'superadmin')
    const again = await world().signIn(ada.user)
    const call = { actor: userActor(again.principal), origin: { requestId: 'req_outside', ip: '198.51.100.1', userAgent: null } }
    const counts = await world().counts()
    const error = { code: 'auth.addressNotAllowed' }
    for (const name of actions.keys()) await expect(world().core.run(name, {}, call)).rejects.toMatchObject(error)
    await expect(world().core.plan('users.create', { username: 'x' }, call)).rejects.toMatchObject(error)
    const denied = await world().rows<{ action: string }>(
      `select action from audit_entries where request_id = 'req_outside' and outcome = 'denied' and error_code = 'auth.addressNotAllowed'
        and actor_kind = 'user' and host(ip) = '198.51.100.1'`,
    )
    expect(denied.map(({ action }) => action).sort()).toEqual([...actions.keys(), 'users.create'].sort())
    const after = await world().counts()
    expect({ ...after, audit_entries: 0 }).toEqual({ ...counts, audit_entries: 0 })
  })

  test('are asked about at sign-in, with the answer for a wrong password', async () => {
    const { user } = await restricted()
    const failure = async (ip: string | null, typed?: string) => {
      const error: unknown = await signIn(user.username, ip, typed).catch((thrown: unknown) => thrown)
      const { code, kind, message, details } = error as { code: string; kind: string; message: string; details: object }
      return { code, kind, message, details }
    }
    const wrong = await failure('192.0.2.9', 'a wrong password indeed')
    expect(wrong.code).toBe('auth.invalidCredentials')
    expect(await failure('198.51.100.1')).toEqual(wrong)
    expect(await failure(null)).toEqual(wrong)
    expect(await failure('198.51.100.1', 'a wrong password indeed')).toEqual(wrong)
    expect((await signIn(user.username, '::ffff:192.0.2.9')).user.id).toBe(user.id)
    const attempts = await world().rows<{ outcome: string; count: number }>(
      `select outcome, count(*)::int as count from login_attempts where identifier = ? group by 1 order by 1`,
      [user.username],
    )
    expect(attempts).toEqual([
      { outcome: 'addressNotAllowed', count: 2 },
      { outcome: 'succeeded', count: 1 },
      { outcome: 'wrongPassword', count: 2 },
    ])
  })

  test('that change hold for sessions that are open, at the next call', async () => {
    const ada = await world().signUp()
    const here = as(ada, '198.51.100.1', true)
    await here.sessions.whoami()
    await world().asSystem().users.update({ userId: ada.user.id, allowedIps })
    expect(world().core.authenticated(ada.token)).toBeUndefined()
    const again = await world().core.authenticate(ada.token)
    expect(again?.allowedIps).toEqual(allowedIps)
    // Also whoever still holds the principal as it was: a command reads the user anew.
    await expect(here.users.updatePreferences({ preferences: { a: 1 } })).rejects.toMatchObject({ code: 'auth.addressNotAllowed' })
    await world().asSystem().users.update({ userId: ada.user.id, allowedIps: [] })
    const free = await world().core.authenticate(ada.token)
    expect(free?.allowedIps).toEqual([])
  })
})

test('a change of the allowed addresses wakes other processes, and is heard there', async () => {
  const world = await createWorld({ ports: { invalidation: new TestFeed() } })
  try {
    const listener = await world.connect()
    const heard: string[] = []
    listener.on('notification', ({ payload }) => void heard.push(payload ?? ''))
    await listener.query('listen denizen_invalidation')
    const ada = await world.signUp()
    const feed = new TestFeed()
    const other = world.another({ ports: { invalidation: feed } })
    await other.start()
    feed.sink.renew(world.clock.monotonic())
    await other.authenticate(ada.token)
    expect(other.authenticated(ada.token)?.allowedIps).toEqual([])
    await world.asSystem().users.update({ userId: ada.user.id, allowedIps: ['192.0.2.1'] })
    await eventually(20_000, 'news of the user', async () => heard.includes(ada.user.id))
    feed.sink.drop(heard)
    expect(other.authenticated(ada.token)).toBeUndefined()
    expect((await other.authenticate(ada.token))?.allowedIps).toEqual(['192.0.2.1/32'])
    await other.stop()
  } finally {
    await world.close()
  }
})
