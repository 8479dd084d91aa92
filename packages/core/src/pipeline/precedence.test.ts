import { uuidOf, type DenizenError, type Id } from '@denizen/core'
import { createWorld, password, untilWaiting, useWorld, type SignedInUser } from '@denizen/core/testing'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../../../tests/deadlines.ts'
import { askToGiveWay } from '../kernel/locks.ts'

/** PGlite runs one transaction after the other: this is on PostgreSQL. */
const world = useWorld()

let done: string[] = []
beforeEach(() => void (done = []))
const told = (name: string, call: Promise<unknown>) =>
  call.then(
    () => done.push(`${name} done`),
    ({ code }: DenizenError) => done.push(`${name} ${code}`),
  )

const slug = 'takes-long'
let organizationId: Id<'org'>
let operator: SignedInUser
beforeAll(async () => {
  organizationId = await world().newOrganization(slug)
  operator = await world().asSuperadmin()
})

const many = Array.from({ length: 20 }, (_, index) => index)
const makeUsers = ({ as }: SignedInUser, tag: string) =>
  as.users.bulkCreate({ organizationId, users: many.map((index) => ({ username: `${tag}-${index}` })) })
const countUsers = async (tag: string) => (await world().rows('select 1 from users where username like ?', [`${tag}-%`])).length

/** Runs `work` until it waits at the gate, then `calls`; opens the gate when the last of them has asked for precedence. */
async function atGate(gate: string, work: () => Promise<unknown>, calls: readonly (() => Promise<unknown>)[]): Promise<void> {
  const [holder, watcher] = [await world().connect(), await world().connect()]
  await holder.query(`begin; ${gate}`)
  const running = [work()]
  for (const [index, call] of calls.entries()) {
    await untilWaiting(watcher, index + 1)
    running.push(call())
  }
  await eventually(30_000, 'somebody asking for precedence', async () => {
    const { rows } = await watcher.query(
      `select 1 from pg_locks join pg_database d on d.oid = database
        where datname = current_database() and locktype = 'advisory' and objsubid = 2 and granted`,
    )
    return rows.length > 0
  })
  await holder.query('commit')
  await Promise.all(running)
}

describe('64: R1: a suspension does not wait for what takes long', () => {
  test('a batch of its user is begun again behind it, and is refused', async () => {
    const suspect = await world().asMember(organizationId, 'admin')
    await atGate('lock table memberships in share mode', () => told('batch', makeUsers(suspect, 'batch')), [
      () => told('suspension', operator.as.users.setStatus({ userId: suspect.user.id, status: 'suspended' })),
    ])
    expect(done.toSorted()).toEqual(['batch request.unauthenticated', 'suspension done'])
    expect(await countUsers('batch')).toBe(0)
  })

  test('so is a document of access that is all or nothing', async () => {
    const suspect = await world().asMember(organizationId, 'admin')
    const roles = Object.fromEntries(many.map((index) => [`made-${index}`, { permissions: ['paper.read'] }]))
    await atGate(
      'lock table roles in share mode',
      () => told('document', suspect.as.access.apply({ document: { version: 1, organization: slug, roles } })),
      [() => told('suspension', operator.as.users.contain({ userId: suspect.user.id, reason: 'R1' }))],
    )
    expect(done.toSorted()).toEqual(['document request.unauthenticated', 'suspension done'])
    expect(await world().rows(`select 1 from roles where name like 'made-%'`)).toEqual([])
  })

  test('so is a batch of somebody else whom a call of its user waits for', async () => {
    const [suspect, other] = [await world().asMember(organizationId, 'admin'), await world().asMember(organizationId, 'admin')]
    await atGate('lock table memberships in share mode', () => told('batch', makeUsers(other, 'other')), [
      () => told('update', suspect.as.organizations.update({ organizationId, name: 'Renamed' })),
      () => told('suspension', operator.as.users.setStatus({ userId: suspect.user.id, status: 'suspended' })),
    ])
    expect(done).toEqual(['update done', 'suspension done', 'batch done'])
    expect(await countUsers('other')).toBe(many.length)
  })

  test('whoever asks in another database of the server stops nobody here', async () => {
    const [suspect, elsewhere] = [await world().asMember(organizationId, 'admin'), await createWorld({ connections: 1 })]
    const asking = elsewhere.em()
    await asking.begin()
    try {
      await askToGiveWay(asking, [suspect.user.id], { scope: 'everywhere', asking: 'one' })
      await makeUsers(suspect, 'undisturbed')
    } finally {
      await asking.rollback()
      await elsewhere.close()
    }
    expect(await countUsers('undisturbed')).toBe(many.length)
  })

  test('an administrator of the organization has what its user does give way, too', async () => {
    await world().ownDomain(organizationId, 'long.example')
    const account = await world().newUser({ organizationId, email: 'managed@long.example' })
    await world().access.give({ userId: account.id, permission: 'users.bulkCreate', on: { organizationId } })
    const [suspect, admin] = [await world().signIn(account), await world().asMember(organizationId, 'admin')]
    await atGate('lock table memberships in share mode', () => told('batch', makeUsers(suspect, 'managed')), [
      () => told('suspension', admin.as.users.setStatus({ userId: account.id, status: 'suspended' })),
    ])
    expect(done.toSorted()).toEqual(['batch request.unauthenticated', 'suspension done'])
  })

  test('nor does archiving many', async () => {
    const suspect = await world().asMember(organizationId, 'admin')
    await atGate('lock table memberships in share mode', () => told('batch', makeUsers(suspect, 'archived')), [
      () => told('archiving', operator.as.users.bulkArchive({ userIds: [suspect.user.id] })),
    ])
    expect(done.toSorted()).toEqual(['archiving done', 'batch request.unauthenticated'])
    expect(await countUsers('archived')).toBe(0)
  })

  test('a batch that archives gives way to whoever suspends its caller, but to no other batch', async () => {
    const [suspect, second] = [await world().asSuperadmin(), await world().asSuperadmin()]
    const userIds = (await world().crowd(many.length)).map(({ user }) => user.id)
    const archive = ({ as }: SignedInUser, name: string) =>
      as.users.bulkArchive({ userIds }).then(
        ({ succeeded }) => done.push(`${name} ${succeeded.length}`),
        ({ code }: DenizenError) => done.push(`${name} ${code}`),
      )
    await atGate('lock table former_states in share mode', () => archive(suspect, 'first'), [
      () => told('suspension', operator.as.users.setStatus({ userId: suspect.user.id, status: 'suspended' })),
    ])
    expect(done.toSorted()).toEqual(['first request.unauthenticated', 'suspension done'])
    done = []
    await atGate('lock table former_states in share mode', () => archive(second, 'first'), [() => archive(operator, 'second')])
    expect(done).toEqual([`first ${many.length}`, 'second 0'])
  })

  test('people end their other sessions, and change their password, although a batch is under way in one of these', async () => {
    const takes: ((own: SignedInUser) => Promise<unknown>)[] = [
      ({ as }) => as.sessions.endOthers(),
      ({ as }) => as.auth.changePassword({ oldPassword: password, newPassword: `another ${password}` }),
    ]
    for (const [index, take] of takes.entries()) {
      const stolen = await world().asMember(organizationId, 'admin')
      const own = await world().signIn(stolen.user)
      done = []
      await atGate('lock table memberships in share mode', () => told('batch', makeUsers(stolen, `stolen${index}`)), [
        () => told('taking', take(own)),
      ])
      expect(done.toSorted()).toEqual(['batch request.unauthenticated', 'taking done'])
      expect(await countUsers(`stolen${index}`)).toBe(0)
    }
  })

  test('an organization is suspended although a batch is under way in it, and so is a member removed', async () => {
    const there = await world().newOrganization()
    await world().join(there, await world().newUser(), 'owner')
    const [suspect, other] = [await world().asMember(there, 'admin'), await world().asMember(there, 'admin')]
    const batch = ({ as }: SignedInUser, tag: string) =>
      as.users.bulkCreate({ organizationId: there, users: many.map((index) => ({ username: `${tag}-${index}` })) })
    await atGate('lock table memberships in share mode', () => told('batch', batch(suspect, 'removed')), [
      () => told('removal', operator.as.organizations.removeMember({ organizationId: there, userId: suspect.user.id })),
    ])
    expect(done.toSorted()).toEqual(['batch request.notFound', 'removal done'])
    done = []
    await atGate('lock table memberships in share mode', () => told('batch', batch(other, 'inactive')), [
      () => told('suspension', operator.as.organizations.update({ organizationId: there, status: 'suspended' })),
    ])
    expect(done[0]).toBe('suspension done')
    expect([await countUsers('removed'), await countUsers('inactive')]).toEqual([0, 0])
  })
})

/** How many ask others to give way at this moment. */
async function countAsking(watcher: Awaited<ReturnType<ReturnType<typeof world>['connect']>>): Promise<number> {
  const { rows } = await watcher.query<{ count: number }>(
    `select count(distinct pid)::int as count from pg_locks join pg_database d on d.oid = database
      where datname = current_database() and locktype = 'advisory' and objsubid = 2 and granted`,
  )
  return rows[0]?.count ?? 0
}

/** Longer than a command waits until it asks. */
const longEnough = 1_000

describe('64: nobody stops what others do', () => {
  /** Calls of people who have no power over the user whom they name. */
  const strangers: Readonly<Record<string, (userId: Id<'usr'>) => Promise<() => Promise<unknown>>>> = {
    'gives them a resource of their own': async (toUserId) => {
      const { as } = await world().signUp()
      const resource = await as.resources.register({ type: 'document', key: crypto.randomUUID() })
      return () => as.resources.transfer({ resourceId: resource?.id ?? 'res_', toUserId })
    },
    'takes a share from them that they do not have': async (userId) => {
      const { as } = await world().signUp()
      const resource = await as.resources.register({ type: 'document', key: crypto.randomUUID() })
      return () => as.resources.revoke({ resourceId: resource?.id ?? 'res_', userId, permission: 'resources.get' })
    },
    'owns another organization': async (userId) => {
      const there = await world().newOrganization()
      const { as } = await world().asMember(there, 'owner')
      return () => as.access.revokePermission({ userId, permission: 'teams.list', on: { organizationId: there } })
    },
    'removes them from another organization': async (userId) => {
      const there = await world().newOrganization()
      const { as } = await world().asMember(there, 'owner')
      await world().join(there, { id: userId })
      return () => as.organizations.removeMember({ organizationId: there, userId })
    },
  }
  test.each(Object.entries(strangers))('whoever %s does not stop their batch', async (name, prepare) => {
    const suspect = await world().asMember(organizationId, 'admin')
    const [call, tag] = [await prepare(suspect.user.id), `kept${Object.keys(strangers).indexOf(name)}`]
    const [holder, watcher] = [await world().connect(), await world().connect()]
    await holder.query('begin; lock table memberships in share mode')
    const batch = told('batch', makeUsers(suspect, tag))
    await untilWaiting(watcher, 1)
    // Most are answered without waiting for the user whom they name.
    const running = told('call', call())
    await new Promise((resolve) => setTimeout(resolve, longEnough))
    await holder.query('commit')
    await Promise.all([batch, running])
    expect([done.includes('batch done'), await countUsers(tag)]).toEqual([true, many.length])
  })

  test('an organization stops what a member does there whom it removes', async () => {
    const [suspect, owner] = [await world().asMember(organizationId, 'admin'), await world().asMember(organizationId, 'owner')]
    await atGate('lock table memberships in share mode', () => told('batch', makeUsers(suspect, 'theirs')), [
      () => told('removal', owner.as.organizations.removeMember({ organizationId, userId: suspect.user.id })),
    ])
    expect([done.toSorted(), await countUsers('theirs')]).toEqual([['batch request.notFound', 'removal done'], 0])
  })

  test('57: whoever has many calls wait asks by one connection', async () => {
    const user = await world().newUser()
    const own = [await world().signIn(user), await world().signIn(user), await world().signIn(user)]
    const [holder, watcher] = [await world().connect(), await world().connect()]
    await holder.query(`begin; select 1 from users where id = '${uuidOf(user.id)}' for update`)
    const calls = own.map(({ as }, index) => told(`${index}`, as.sessions.endOthers()))
    await untilWaiting(watcher, own.length)
    await eventually(30_000, 'somebody asking for precedence', async () => (await countAsking(watcher)) > 0)
    // They ask in turns: between two of them nobody does.
    const counts: number[] = []
    for (const startedAt = performance.now(); performance.now() - startedAt < longEnough;) counts.push(await countAsking(watcher))
    expect(Math.max(...counts)).toBe(1)
    await holder.query('commit')
    await Promise.all(calls)
  })
})
