import type { Plan, User } from '@denizen/core'
import { newId, uuidOf } from '@denizen/core'
import { databases, newEmail, runs, type SignedInUser, useWorld, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

type UserId = User['id']
type OrganizationId = Awaited<ReturnType<World['newOrganization']>>
type Failed = Plan['failed']

/** An organization with an admin and so many accounts that it manages, in order of id. */
async function organizationOf(world: World, count: number): Promise<{ id: OrganizationId; admin: SignedInUser; userIds: UserId[] }> {
  const id = await world.newOrganization()
  const admin = await world.asMember(id, 'admin')
  return { id, admin, userIds: await managedBy(world, id, count) }
}

async function managedBy(world: World, organizationId: OrganizationId, count: number): Promise<UserId[]> {
  const tag = crypto.randomUUID().slice(0, 8)
  const users = Array.from({ length: count }, (_, index) => ({ username: `m-${tag}-${index}` }))
  const { succeeded } = await world.asSystem().users.bulkCreate({ organizationId, users })
  return succeeded.map(({ userId }) => userId).toSorted()
}

function unknownId(): UserId {
  return newId('usr', new Date(), crypto.getRandomValues(new Uint8Array(10)))
}

/** As many more as one, whom the organization manages, past the rules: to make them in calls takes seconds. */
async function alike(world: World, organizationId: OrganizationId, one: UserId, count: number): Promise<UserId[]> {
  const ids = Array.from({ length: count }, unknownId)
  const uuids = `{${ids.map(uuidOf).join(',')}}`
  const columns =
    'status, kind, email_verified, need_password_change, preferences, public_metadata, private_metadata, created_at, updated_at'
  await world.rows(
    `with made as (insert into users (id, username, home_organization_id, ${columns})
        select id, 'm-' || id, home_organization_id, ${columns} from unnest(?::uuid[]) as more (id), (select home_organization_id, ${columns} from users where id = ?) as one
        returning id, created_at)
      insert into memberships (id, organization_id, user_id, role, created_at) select gen_random_uuid(), ?, id, 'member', created_at from made returning 1`,
    [uuids, uuidOf(one), uuidOf(organizationId)],
  )
  return ids
}

interface Chosen {
  readonly id: OrganizationId
  readonly admin: SignedInUser
  /** In the order of the call. */
  readonly userIds: UserId[]
  readonly bad: ReadonlyMap<number, string>
  /** How many of them are not bad. */
  readonly good: number
}

/** So many users, of whom the admin may change all but 17: those it may not, each for a reason of its own kind. */
async function chosenOf(world: World, count: number): Promise<Chosen> {
  const good = count - 17
  const { id, admin, userIds } = await organizationOf(world, 1)
  const [one = 'usr_'] = userIds
  userIds.push(...(await alike(world, id, one, good - 1)))
  userIds.sort()
  const foreign = await world.crowd(8)
  const above = await managedBy(world, id, 4)
  for (const userId of above) await world.grant({ id: userId } as User, 'superadmin')
  const bad = new Map<number, string>()
  const spoil = (userId: UserId, code: string) => {
    const index = Math.floor(count / 20) * bad.size + 7
    userIds.splice(index, 0, userId)
    bad.set(index, code)
  }
  for (const userId of above) spoil(userId, 'request.denied')
  for (const { user } of foreign) spoil(user.id, 'request.notFound')
  for (let unknown = 0; unknown < 5; unknown++) spoil(unknownId(), 'request.notFound')
  return { id, admin, userIds, bad, good }
}

function codes(failed: Failed): ReadonlyMap<number, string> {
  return new Map(failed.map(({ index, code }) => [index, code]))
}

async function state(world: World, ids: readonly UserId[]): Promise<unknown[]> {
  return world.rows('select * from users where id = any(?::uuid[]) order by id', [`{${ids.map(uuidOf).join(',')}}`])
}

/** As many as a call takes. */
describe('of a thousand users', () => {
  const world = useWorld()

  test('users.bulkUpdate changes 983, and says of 17 why not', async () => {
    const { id: organizationId, admin, userIds, bad } = await chosenOf(world(), 1000)
    const { succeeded, failed } = await admin.as.users.bulkUpdate({
      organizationId,
      userIds,
      patch: { locale: 'de-CH', description: null },
    })
    expect(codes(failed)).toEqual(bad)
    expect(succeeded).toEqual(userIds.flatMap((userId, index) => (bad.has(index) ? [] : [{ index, userId }])))
    expect(await world().rows(`select 1 from users where locale = 'de-CH' and version = 2`)).toHaveLength(983)
    expect(await world().rows(`select 1 from events where type = 'users.updated'`)).toHaveLength(983)
  })
})

describe('users of other organizations', () => {
  const world = useWorld()

  test('R1: are not locked: a call that names them waits for nobody, and nobody for it', async () => {
    const { id: organizationId, admin, userIds } = await organizationOf(world(), 1)
    const [own = 'usr_'] = userIds
    const foreign = (await world().newUser()).id
    const holder = await world().connect()
    await holder.query('begin')
    await holder.query('select 1 from users where id = $1 for update', [uuidOf(foreign)])
    await holder.query(`select pg_advisory_xact_lock(hashtextextended('users/' || $1, 0))`, [uuidOf(foreign)])
    const named = [foreign, own, unknownId()]
    const bulk = (await admin.as.users.bulkUpdate({ organizationId, userIds: named, patch: { locale: 'de-CH' } })) as {
      succeeded: unknown
      failed: Failed
    }
    const archived = await admin.as.users.bulkArchive({ organizationId, userIds: named })
    await holder.query('rollback')
    for (const { succeeded, failed } of [bulk, archived]) {
      expect(succeeded).toEqual([{ index: 1, userId: own }])
      const [there, nowhere] = failed
      expect([there?.code, nowhere?.code]).toEqual(['request.notFound', 'request.notFound'])
      expect(there?.message).toBe(nowhere?.message)
    }
  })
})

/** How many there are changes nothing of this, but for the time that it takes; `.ci/run` takes as many as a call does. */
describe('of many users', () => {
  const many = Math.min(1000, runs(200))
  const world = useWorld()

  test('users.bulkUpdate changes all but 17, says of those why not, and the plan beforehand said the same', async () => {
    const { id: organizationId, admin, userIds, bad, good } = await chosenOf(world(), many)
    const input = { organizationId, userIds, patch: { locale: 'de-CH', description: null } }
    const before = await state(world(), userIds)
    const plan = await admin.as.users.bulkUpdate.plan(input)
    expect(await state(world(), userIds)).toEqual(before)
    const { succeeded, failed } = await admin.as.users.bulkUpdate(input)
    expect(codes(failed)).toEqual(bad)
    expect(succeeded).toEqual(userIds.flatMap((userId, index) => (bad.has(index) ? [] : [{ index, userId }])))
    expect(plan).toEqual({
      rows: { users: { inserted: 0, updated: good, deleted: 0 } },
      sessionsEnded: 0,
      tokensEnded: 0,
      events: { 'users.updated': good },
      jobs: {},
      failed,
    })
    expect(await world().rows(`select 1 from users where locale = 'de-CH' and version = 2`)).toHaveLength(good)
    expect(await world().rows(`select 1 from events where type = 'users.updated'`)).toHaveLength(good)
  })

  test('users.bulkArchive archives all but 17, says of those why not, and the plan beforehand said the same', async () => {
    const { id: organizationId, admin, userIds, bad, good } = await chosenOf(world(), many)
    const signedIn: SignedInUser[] = []
    for (const index of [0, 1, many - 1]) {
      const userId = userIds[index] ?? 'usr_'
      await world().rows(
        `insert into passwords (user_id, hash, changed_at) select ?, hash, changed_at from passwords limit 1 returning 1`,
        [uuidOf(userId)],
      )
      signedIn.push(await world().signIn({ id: userId } as User))
    }
    const input = { organizationId, userIds, reason: 'the course is over' }
    const before = await state(world(), userIds)
    const plan = await admin.as.users.bulkArchive.plan(input)
    expect(await state(world(), userIds)).toEqual(before)
    const { succeeded, failed, ...ended } = await admin.as.users.bulkArchive(input)
    expect(codes(failed)).toEqual(bad)
    expect(succeeded).toHaveLength(good)
    expect(ended).toEqual({ sessionsEnded: 3, tokensEnded: 3 })
    expect(plan).toEqual({
      rows: {
        users: { inserted: 0, updated: good, deleted: 0 },
        sessions: { inserted: 0, updated: 3, deleted: 0 },
        tokens: { inserted: 0, updated: 6, deleted: 0 }, // each session has one to call with, and one to get the next
      },
      ...ended,
      events: { 'users.archived': good, 'users.statusChanged': good },
      jobs: {},
      failed,
    })
    for (const { token } of signedIn) expect(await world().core.authenticate(token)).toBeNull()
    expect(await world().rows(`select 1 from users where status = 'archived' and archive_reason = 'the course is over'`)).toHaveLength(good)
    const [entry] = await world().rows<{ changes: Record<string, unknown>; target_id: string }>(
      `select changes, target_id from audit_entries where action = 'users.bulkArchive' and outcome = 'succeeded'`,
    )
    expect(entry).toMatchObject({
      target_id: organizationId,
      changes: {
        succeeded: good,
        failed: 17,
        reasons: { 'request.denied': 4, 'request.notFound': 13 },
        reason: 'the course is over',
        sessionsEnded: 3,
      },
    })
    expect(entry?.changes['userIds']).toEqual(succeeded.map(({ userId }) => userId))
  })
})

describe.each(databases)('bulk changes on %s', (database) => {
  const world = useWorld({ database })

  test('in an organization, somebody else’s user looks like nobody, and is left as it was', async () => {
    const mine = await organizationOf(world(), 2)
    const theirs = await organizationOf(world(), 1)
    const ids = [theirs.userIds[0] ?? 'usr_', theirs.admin.user.id, unknownId(), ...mine.userIds] as const
    const before = await state(world(), ids.slice(0, 3))
    const there = { organizationId: mine.id, userIds: [...ids] }
    const root = await world().asSuperadmin()
    for (const call of [
      () => root.as.users.bulkUpdate({ ...there, patch: { displayName: 'By root' } }),
      () => mine.admin.as.users.bulkUpdate({ ...there, patch: { fullName: 'Renamed' } }),
      () => mine.admin.as.users.bulkArchive(there),
    ]) {
      const { succeeded, failed } = await call()
      expect(succeeded.map(({ userId }) => userId)).toEqual(mine.userIds)
      const said = { code: 'request.notFound', message: 'There is no such user.' }
      expect(failed).toEqual([0, 1, 2].map((index) => ({ index, ...said })))
    }
    expect(await state(world(), ids.slice(0, 3))).toEqual(before)
    expect(await world().core.authenticate(theirs.admin.token)).not.toBeNull()
  })

  test('are not for members, nor in an organization that is not one’s own, nor everywhere for its admins', async () => {
    const mine = await organizationOf(world(), 1)
    const theirs = await organizationOf(world(), 1)
    const member = await world().asMember(mine.id)
    const before = await state(world(), [...mine.userIds, ...theirs.userIds])
    const calls = (as: SignedInUser['as'], input: { organizationId?: OrganizationId; userIds: UserId[] }) => [
      () => as.users.bulkUpdate({ ...input, patch: { fullName: 'Renamed' } }),
      () => as.users.bulkArchive(input),
    ]
    for (const call of calls(mine.admin.as, { organizationId: theirs.id, userIds: theirs.userIds }))
      await expect(call()).rejects.toMatchObject({ code: 'request.notFound', details: { type: 'organization' } })
    for (const call of calls(mine.admin.as, { userIds: mine.userIds }))
      await expect(call()).rejects.toMatchObject({ code: 'request.denied' })
    for (const call of calls(member.as, { organizationId: mine.id, userIds: mine.userIds }))
      await expect(call()).rejects.toMatchObject({ code: 'request.denied' })
    expect(await state(world(), [...mine.userIds, ...theirs.userIds])).toEqual(before)
  })

  test('leave an operator’s fields to whoever holds the permission everywhere', async () => {
    const { id: organizationId, admin, userIds } = await organizationOf(world(), 2)
    for (const patch of [{ isBot: true }, { emailVerified: true }, { privateMetadata: {} }, { fullName: 'x', resourcePolicy: null }])
      await expect(admin.as.users.bulkUpdate({ organizationId, userIds, patch })).rejects.toMatchObject({ code: 'request.denied' })
    const root = await world().asSuperadmin()
    expect(await root.as.users.bulkUpdate({ organizationId, userIds, patch: { isBot: true } })).toMatchObject({ failed: [] })
    expect(await state(world(), userIds)).toMatchObject([{ is_bot: true }, { is_bot: true }])
  })

  test('refuse what is no choice, and what changes nothing, in words', async () => {
    const root = world().asSystem()
    const userIds = [unknownId()]
    const choice = 'either `userIds` or a `filter` with at least one condition is needed, and not both'
    const bad: readonly [unknown, string][] = [
      [{}, choice],
      [{ filter: {} }, choice],
      [{ userIds, filter: { status: 'active' } }, choice],
      [{ userIds: [] }, 'userIds'],
      [{ userIds: Array.from({ length: 1001 }, unknownId) }, 'userIds'],
      [{ userIds: ['ses_01h455vb4pex5vsknk084sn02q'] }, 'userIds.0'],
    ]
    for (const [input, said] of bad) {
      const there = input as { userIds: UserId[] }
      for (const call of [() => root.users.bulkArchive(there), () => root.users.bulkUpdate({ ...there, patch: { locale: 'de' } })])
        await expect(call()).rejects.toMatchObject({ code: 'request.invalid', message: expect.stringContaining(said) as string })
    }
    for (const patch of [{}, { email: newEmail() }, { username: 'same-for-all' }, { status: 'suspended' }, { version: 1 }])
      await expect(root.users.bulkUpdate({ userIds, patch: patch as object })).rejects.toMatchObject({ code: 'request.invalid' })
  })

  test('do what is named twice once, and keep the last owner', async () => {
    const { id: organizationId, admin, userIds } = await organizationOf(world(), 3)
    const [owner = 'usr_', one = 'usr_', other = 'usr_'] = userIds
    await world().rows(`update memberships set role = 'owner' where user_id = ? returning 1`, [uuidOf(owner)])
    const { succeeded, failed } = await world()
      .asSystem()
      .users.bulkArchive({ organizationId, userIds: [one, one, owner, other] })
    expect(succeeded.map(({ index }) => index)).toEqual([0, 3])
    expect(failed.map(({ index, code }) => [index, code])).toEqual([
      [1, 'users.archived'],
      [2, 'organizations.lastOwner'],
    ])
    const events = await world().rows(`select 1 from events where type = 'users.archived' and subject in (?, ?, ?)`, [owner, one, other])
    expect(events).toHaveLength(2)
    expect(await world().core.authenticate(admin.token)).not.toBeNull()
  })
})
