import { systemActor, uuidOf, type User } from '@denizen/core'
import { databases, newEmail, password, type SignedInUser, useFreshWorlds, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { eventually } from '../../../../../tests/deadlines.ts'
import { WriteBehindBuffer } from '../../kernel/write-behind.ts'
import { writeLastSeen } from './repository.ts'

const second = 1000
const minute = 60 * second
const day = 24 * 60 * minute

describe.each(databases)('last seen on %s', (database) => {
  const world = useWorld({ database })
  const seenAt = async ({ user }: Pick<SignedInUser, 'user'>) => (await world().asSystem().users.activity({ userId: user.id })).lastSeenAt

  test('is never for whoever never came, and the sign-in for whoever only signed in', async () => {
    const user = await world().newUser()
    expect(await seenAt({ user })).toBeNull()
    await expect(world().asAnonymous().auth.signIn({ identifier: user.id, password: 'wrong' })).rejects.toThrow('password')
    expect(await seenAt({ user })).toBeNull()
    world().clock.advance(second)
    await world().asAnonymous().auth.signIn({ identifier: user.id, password })
    expect(await seenAt({ user })).toEqual(world().clock.now())
  })

  test('moves on with requests, from memory and from the database alike, and only when it is written', async () => {
    const ada = await world().signUp()
    const signedInAt = world().clock.now()
    world().clock.advance(5 * minute)
    const before = await world().counts()
    expect(await world().core.authenticate(ada.token)).not.toBeNull()
    expect(await world().counts()).toEqual(before)
    expect(await seenAt(ada)).toEqual(signedInAt)
    await world().core.writeLastSeen()
    expect(await seenAt(ada)).toEqual(world().clock.now())

    world().clock.advance(2 * minute)
    const elsewhere = world().another({})
    await elsewhere.authenticate(ada.token)
    await elsewhere.writeLastSeen()
    expect(await seenAt(ada)).toEqual(world().clock.now())
  })

  test('is written once a minute for each user, and goes forward only', async () => {
    const ada = await world().signUp()
    await world().core.writeLastSeen()
    const first = world().clock.now()
    world().clock.advance(minute - 1)
    await world().core.authenticate(ada.token)
    await world().core.writeLastSeen()
    expect(await seenAt(ada)).toEqual(first)
    world().clock.advance(1)
    await world().core.authenticate(ada.token)
    await world().core.writeLastSeen()
    expect(await seenAt(ada)).toEqual(world().clock.now())

    const later = new Date(world().clock.now().getTime() + day)
    await world().rows('update user_activity set last_seen_at = ? where user_id = ? returning 1', [later, uuidOf(ada.user.id)])
    world().clock.advance(minute)
    await world().core.authenticate(ada.token)
    await world().core.writeLastSeen()
    expect(await seenAt(ada)).toEqual(later)
  })

  test('of many, some of whom are deleted meanwhile, is written for all the others', async () => {
    const people = await Promise.all(Array.from({ length: 12 }, () => world().signUp()))
    world().clock.advance(10 * minute)
    for (const { token } of people) await world().core.authenticate(token)
    for (const { user } of people.slice(0, 4)) await world().rows('delete from users where email = ? returning 1', [user.email])
    await world().core.writeLastSeen()
    for (const one of people.slice(4)) expect(await seenAt(one)).toEqual(world().clock.now())
    expect(world().logger.lines.filter(({ level }) => level === 'warn')).toEqual([])
  })

  test('a token that opens nothing any more shows nobody', async () => {
    const ada = await world().signUp()
    await ada.as.auth.signOut()
    const signedInAt = world().clock.now()
    world().clock.advance(10 * minute)
    expect(await world().core.authenticate(ada.token)).toBeNull()
    await world().core.writeLastSeen()
    expect(await seenAt(ada)).toEqual(signedInAt)
  })
})

describe('writing when users were last seen', () => {
  const world = useWorld({ connections: 24 })

  test('begins with core and ends with it: at the latest when it stops', async () => {
    const ada = await world().signUp()
    world().clock.advance(5 * minute)
    const core = world().another({})
    await core.start()
    await core.authenticate(ada.token)
    await core.stop()
    expect((await ada.as.users.activity({ userId: ada.user.id })).lastSeenAt).toEqual(world().clock.now())
  })

  test('happens by itself, and what fails is tried again', async () => {
    const { em, logger, rows } = world()
    const execute = (statement: string) => em().execute(statement, [], 'run')
    const [ada, bob] = [await world().newUser(), await world().newUser()]
    const lastSeen = new WriteBehindBuffer({
      reader: em,
      logger,
      write: writeLastSeen,
      name: 'usersSeen',
      what: 'users were last seen',
      delay: 5,
    })
    const now = world().clock.now()
    const isSeen = async ({ id }: User) =>
      (await rows('select 1 from user_activity where user_id = ? and last_seen_at = ?', [uuidOf(id), now])).length === 1
    lastSeen.note(ada.id, now)
    lastSeen.start()
    await eventually(20 * second, 'a time that is written', () => isSeen(ada))

    await execute('alter table user_activity rename to elsewhere')
    lastSeen.note(bob.id, now)
    const warning = await eventually(20 * second, 'a warning', async () => logger.lines.find(({ level }) => level === 'warn'))
    expect(warning).toMatchObject({ fields: { waiting: 1 } })
    await execute('alter table elsewhere rename to user_activity')
    await eventually(20 * second, 'a time that is written later', () => isSeen(bob))
    await lastSeen.stop()
    logger.lines.length = 0
  })

  test('waits for nobody: a user on its way out holds up no one', async () => {
    const [ada, bob] = [await world().signUp(), await world().signUp()]
    const signedInAt = world().clock.now()
    world().clock.advance(5 * minute)
    for (const { token } of [ada, bob]) await world().core.authenticate(token)
    const leaving = await world().connect()
    await leaving.query(`begin; delete from users where email = '${ada.user.email}'`)
    await world().core.writeLastSeen()
    const system = world().asSystem()
    expect((await system.users.activity({ userId: bob.user.id })).lastSeenAt).toEqual(world().clock.now())
    await leaving.query('rollback')
    expect((await system.users.activity({ userId: ada.user.id })).lastSeenAt).toEqual(signedInAt)
  })

  test('by 20 processes at once, of the same users, ends without a deadlock at the latest time', async () => {
    const people = await Promise.all(Array.from({ length: 20 }, () => world().signUp()))
    const cores = Array.from({ length: 20 }, () => world().another({}))
    for (const [index, core] of cores.entries()) {
      world().clock.advance(minute)
      for (const { token } of [...people.slice(index), ...people.slice(0, index)]) await core.authenticate(token)
    }
    await Promise.all(cores.toReversed().map((core) => core.writeLastSeen()))
    const seen = await world().rows(
      'select distinct last_seen_at = ? as now from user_activity a join users u on u.id = user_id where email = any(?)',
      [world().clock.now(), `{${people.map(({ user }) => user.email).join(',')}}`],
    )
    expect(seen).toEqual([{ now: true }])
    expect(world().logger.lines.filter(({ level }) => level === 'warn')).toEqual([])
  })
})

describe.each(databases)('users.activity on %s', (database) => {
  const world = useWorld({ database })

  test('tells what a user has, and how its sign-ins went', async () => {
    const system = world().asSystem()
    const user = await world().newUser()
    const none = { succeeded: 0, failed: 0, lastSucceededAt: null, lastFailedAt: null }
    const nothing = { userId: user.id, lastSeenAt: null, activeSessions: 0, sessions: 0, activeTokens: 0, organizations: 0 }
    expect(await system.users.activity({ userId: user.id })).toEqual({ ...nothing, signIns: none })

    await world().join(await world().newOrganization(), user)
    await world().join(await world().newOrganization(), user, 'admin')
    const first = await world().signIn(user)
    await world().signIn(user)
    const succeededAt = world().clock.now()
    world().clock.advance(second)
    for (const typed of ['wrong', 'wronger', 'wrongest'])
      await expect(world().asAnonymous().auth.signIn({ identifier: user.id, password: typed })).rejects.toThrow('password')
    await first.as.auth.signOut()
    await world().signUp() // somebody else
    const signIns = { succeeded: 2, failed: 3, lastSucceededAt: succeededAt, lastFailedAt: world().clock.now() }
    const now = { userId: user.id, lastSeenAt: succeededAt, activeSessions: 1, sessions: 2, activeTokens: 1, organizations: 2 }
    expect(await system.users.activity({ userId: user.id })).toEqual({ ...now, signIns })
    world().clock.advance(14 * day)
    const over = await system.users.activity({ userId: user.id })
    expect(over).toEqual({ ...now, activeSessions: 0, activeTokens: 0, signIns })
  })

  test('is for oneself, for operators, and for administrators of the organization that manages the account', async () => {
    const domain = `example-${database}.org`
    const [organizationId, other] = [await world().newOrganization(), await world().newOrganization()]
    await world().ownDomain(organizationId, domain)
    const ada = await world().signUp({ email: `ada@${domain}` })
    await world().rows('update users set home_organization_id = ? where email = ? returning 1', [uuidOf(organizationId), ada.user.email])
    const { userId } = await ada.as.users.activity({ userId: ada.user.id })
    expect(userId).toBe(ada.user.id)
    const [admin, stranger] = [await world().asMember(organizationId, 'admin'), await world().asMember(other, 'owner')]
    for (const { as } of [admin, await world().asSuperadmin(), await world().asMonitor()])
      expect(await as.users.activity({ userId })).toMatchObject({ userId, sessions: 1 })
    for (const { as } of [stranger, await world().signUp({ email: newEmail() })])
      await expect(as.users.activity({ userId })).rejects.toMatchObject({ code: 'request.notFound' })
    await expect(admin.as.users.activity({ userId: stranger.user.id })).rejects.toMatchObject({ code: 'request.notFound' })
    await expect(world().core.as(systemActor('test')).users.activity({ userId: 'usr_nobody' })).rejects.toMatchObject({
      code: 'request.invalid',
    })
  })
})

describe.each(databases)('users.listWithSessions on %s', (database) => {
  const world = useFreshWorlds({ database })

  test('tells of every user of the page how many sessions run, and when it was last seen, newest first', async () => {
    const never = await world().newUser()
    world().clock.advance(second)
    const twice = await world().newUser()
    await world().signIn(twice)
    const out = await world().signIn(twice)
    await world().signIn(twice)
    await out.as.auth.signOut()
    world().clock.advance(second)
    const once = await world().signUp()
    const system = world().asSystem()
    const all = await system.users.listWithSessions({})
    expect(all.nextCursor).toBeNull()
    expect(all.items.map(({ user, lastSeenAt, activeSessions }) => [user.id, lastSeenAt, activeSessions])).toEqual([
      [once.user.id, once.user.createdAt, 1],
      [twice.id, twice.createdAt, 2],
      [never.id, null, 0],
    ])
    expect(all.items[0]?.user).toEqual(await system.users.get({ userId: once.user.id }))

    const pages = []
    for (let cursor: string | undefined, more = true; more;) {
      const page = await system.users.listWithSessions({ limit: 1, ...(cursor && { cursor }) })
      pages.push(...page.items)
      cursor = page.nextCursor ?? undefined
      more = cursor !== undefined
    }
    expect(pages).toEqual(all.items)
    const active = await system.users.listWithSessions({ where: { lastSeenAt: null } })
    expect(active.items.map(({ user }) => user.id)).toEqual([never.id])
    const elsewhere = (await system.users.list({ limit: 1 })).nextCursor ?? ''
    await expect(system.users.listWithSessions({ limit: 1, cursor: elsewhere })).rejects.toMatchObject({ code: 'request.invalid' })

    await system.users.archive({ userId: twice.id })
    world().clock.advance(14 * day)
    const later = await system.users.listWithSessions({ status: 'active' })
    expect(later.items.map(({ user, activeSessions }) => [user.id, activeSessions])).toEqual([
      [once.user.id, 0],
      [never.id, 0],
    ])
  })

  test('of an organization shows whom it manages, to its administrators', async () => {
    const domain = `example-${database}.org`
    const organizationId = await world().newOrganization()
    await world().ownDomain(organizationId, domain)
    const ada = await world().signUp({ email: `ada@${domain}` })
    await world().rows('update users set home_organization_id = ? where email = ? returning 1', [uuidOf(organizationId), ada.user.email])
    const [admin, stranger] = [
      await world().asMember(organizationId, 'admin'),
      await world().asMember(await world().newOrganization(), 'owner'),
    ]
    const { items } = await admin.as.users.listWithSessions({ organizationId })
    expect(items.map(({ user, activeSessions }) => [user.id, activeSessions])).toEqual([[ada.user.id, 1]])
    await expect(admin.as.users.listWithSessions({})).rejects.toMatchObject({ code: 'request.denied' })
    await expect(stranger.as.users.listWithSessions({ organizationId })).rejects.toMatchObject({ code: 'request.notFound' })
  })
})
