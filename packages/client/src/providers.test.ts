import { newEmail, type SignedInUser } from '@denizen/core/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { useServer } from '../../api/src/testing/server.ts'
import { createClient, roleProvider, userProvider, type Calls, type RoleProvider, type UserProvider } from './index.ts'
import { failureOf } from './testing/servers.ts'

const served = useServer()
const nobody = 'usr_01m7xam09pemxa9zmysc0m5hap'

const ways = {
  'over core': ({ as }: SignedInUser): Calls => as,
  'over a server': ({ token }: SignedInUser): Calls => createClient({ url: served().server.url, token }),
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = []
  for await (const item of items) found.push(item)
  return found
}

describe.each(Object.entries(ways))('a UserProvider %s', (_name, callsOf) => {
  let users: UserProvider
  beforeAll(() => {
    users = userProvider(callsOf(served().admin))
  })

  it('creates, gets, finds, updates and archives', async () => {
    const email = newEmail()
    const created = await users.create({ email, fullName: 'Ada Lovelace' })
    expect(created).toMatchObject({ email, fullName: 'Ada Lovelace', status: 'active' })
    expect(await users.get(created.id)).toEqual(created)
    expect(await users.find(email.toUpperCase())).toEqual(created)
    const updated = await users.update(created.id, { fullName: null, description: 'counts', version: created.version })
    expect(updated).toMatchObject({ fullName: null, description: 'counts', email })
    expect(await users.archive(created.id, 'left')).toMatchObject({ id: created.id, status: 'archived', archiveReason: 'left' })
  })

  it('knows nobody who is not there, and fails with the errors of Denizen', async () => {
    expect(await users.get(nobody)).toBeNull()
    expect(await users.find('no-such-user')).toBeNull()
    expect(await failureOf(users.archive(nobody))).toMatchObject({ code: 'request.notFound' })
    const { email } = served().stranger.user
    expect(await failureOf(users.create({ email: email ?? '' }))).toMatchObject({ code: 'users.emailTaken' })
  })

  it('lists all that match, over more than one page', async () => {
    const tag = crypto.randomUUID().slice(0, 8)
    const made = Array.from({ length: 101 }, (_, index) => ({ username: `${tag}-${index}` }))
    const { failed } = await served().admin.as.users.bulkCreate({ users: made })
    expect(failed).toEqual([])
    const listed = await all(users.list({ where: { username: { startsWith: `${tag}-` } }, sortBy: 'username' }))
    expect(listed.map(({ username }) => username)).toEqual(made.map(({ username }) => username).toSorted())
    expect(await all(users.list({ where: { username: `${tag}-none` } }))).toEqual([])
  })

  it('is its caller: who may not know of users is told of none', async () => {
    const stranger = userProvider(callsOf(served().stranger))
    expect(await stranger.get(served().admin.user.id)).toBeNull()
    expect(await stranger.get(served().stranger.user.id)).toMatchObject({ id: served().stranger.user.id })
    expect(await failureOf(all(stranger.list()))).toMatchObject({ code: 'request.denied' })
  })
})

describe.each(Object.entries(ways))('a RoleProvider %s', (_name, callsOf) => {
  let roles: RoleProvider
  beforeAll(() => {
    roles = roleProvider(callsOf(served().admin))
  })

  it('tells who has which role', async () => {
    const { admin, stranger, world } = served()
    const monitor = await world.asMonitor()
    expect(await roles.rolesOf(admin.user.id)).toEqual(['superadmin', 'user'])
    expect(await roles.rolesOf(monitor.user.id)).toEqual(['monitor', 'user'])
    expect(await roles.rolesOf(nobody)).toEqual([])
    expect(await roles.has(admin.user.id, 'superadmin')).toBe(true)
    expect(await roles.has(stranger.user.id, 'superadmin')).toBe(false)
    expect(await roles.has(stranger.user.id, 'unheard-of')).toBe(false)
    expect((await all(roles.membersOf('superadmin'))).map(({ id }) => id)).toEqual([admin.user.id])
    expect((await all(roles.membersOf('monitor'))).map(({ id }) => id)).toContain(monitor.user.id)
    expect(await all(roles.membersOf('unheard-of'))).toEqual([])
  })

  it('tells at once of a role that was taken', async () => {
    const { world } = served()
    const other = await world.newUser()
    await world.grant(other, 'superadmin')
    expect(await roles.has(other.id, 'superadmin')).toBe(true)
    await world.asSystem().users.demote({ userId: other.id })
    expect(await roles.rolesOf(other.id)).toEqual(['user'])
  })

  it('tells everybody what they may do themselves, and nobody else of others', async () => {
    expect(await roles.ownPermissions()).toEqual(expect.arrayContaining(['users.create', 'users.list']))
    const stranger = roleProvider(callsOf(served().stranger))
    expect(await stranger.ownPermissions()).not.toContain('users.create')
    expect(await failureOf(stranger.rolesOf(served().admin.user.id))).toMatchObject({ code: 'request.denied' })
    expect(await failureOf(stranger.has(served().admin.user.id, 'superadmin'))).toMatchObject({ code: 'request.denied' })
  })
})
