import { actions, uuidOf, type Id } from '@denizen/core'
import {
  createWorld,
  lostCodes,
  raced,
  untilSeen,
  untilWaiting,
  useWorld,
  withoutGuard,
  won,
  type SignedInUser,
  type World,
} from '@denizen/core/testing'
import { describe, expect, test, vi } from 'vitest'

/** PGlite runs one transaction after the other and hides every race: all of these are on PostgreSQL. */
const connections = 22
const atOnce = 20
const world = useWorld({ connections })

type Call = () => Promise<unknown>

/** Holds them back from writing; whoever archives a user writes that alone. */
const gate = 'lock table organizations, memberships, users in share mode'

/** Takes a guard out: the statements that wait for a row read it without waiting. Gives how often. */
const withoutLocks = (inWorld: World, isGuard: (text: string) => boolean) =>
  withoutGuard(inWorld, (text) => (isGuard(text) ? text.replace('for no key update', '') : text))

const organizationGuard = (text: string) => text.startsWith('select 1 from organizations where')

/** Runs something in a world without the guard, to show that the test of it can fail. */
async function unguarded(
  isGuard: (text: string) => boolean,
  run: (inWorld: World, bypassed: () => number) => Promise<void>,
): Promise<void> {
  const other = await createWorld({ connections })
  try {
    await run(other, withoutLocks(other, isGuard))
  } finally {
    vi.restoreAllMocks()
    await other.close()
  }
}

interface Place {
  readonly organizationId: Id<'org'>
  readonly owners: readonly SignedInUser[]
  readonly member: SignedInUser
}

/** One organization with 20 owners and a member, all signed in. */
async function twentyOwners(inWorld: World): Promise<Place> {
  const organizationId = await inWorld.newOrganization()
  const owners = await inWorld.crowd(atOnce, { organizationId, role: 'owner' })
  return { organizationId, owners, member: await inWorld.asMember(organizationId) }
}

async function countOwners({ rows }: World, organizationId: Id<'org'>): Promise<number> {
  return (await rows(`select 1 from memberships where organization_id = ? and role = 'owner'`, [uuidOf(organizationId)])).length
}

const leaving =
  ({ organizationId }: Place) =>
  ({ as, user: { id: userId } }: SignedInUser): Call =>
  () =>
    as.organizations.removeMember({ organizationId, userId })
const steppingDown =
  ({ organizationId }: Place) =>
  ({ as, user: { id: userId } }: SignedInUser, index: number): Call =>
  () =>
    as.organizations.updateMember({ organizationId, userId, role: index % 2 === 0 ? 'admin' : 'member' })
const either = (place: Place) => (owner: SignedInUser, index: number) => (index % 2 === 0 ? leaving : steppingDown)(place)(owner, index)

const ways = [
  ['leave', leaving],
  ['step down', steppingDown],
  ['leave or step down', either],
] as const

describe('ABUSE 20: the last owner', () => {
  test.each(ways)('is left when all 20 %s at once', async (_way, call) => {
    const place = await twentyOwners(world())
    const results = await raced(world(), gate, place.owners.map(call(place)))
    expect(lostCodes(results)).toEqual(['organizations.lastOwner'])
    expect(won(results)).toHaveLength(atOnce - 1)
    expect(await countOwners(world(), place.organizationId)).toBe(1)
  })

  test.each(ways)('would not be left without the guard when all %s: the tests above can fail', async (_way, call) => {
    await unguarded(organizationGuard, async (inWorld, bypassed) => {
      const place = await twentyOwners(inWorld)
      expect(won(await raced(inWorld, gate, place.owners.map(call(place))))).toHaveLength(atOnce)
      expect(bypassed()).toBeGreaterThanOrEqual(atOnce)
      expect(await countOwners(inWorld, place.organizationId)).toBe(0)
    })
  })

  test.each(['remove', 'demote'] as const)('is left when 20 in a ring %s each other at once', async (way) => {
    const { organizationId, owners } = await twentyOwners(world())
    const next = (index: number) => owners[(index + 1) % owners.length]?.user.id ?? 'usr_'
    const calls = owners.map(
      ({ as: { organizations } }, index): Call =>
        () =>
          way === 'remove'
            ? organizations.removeMember({ organizationId, userId: next(index) })
            : organizations.updateMember({ organizationId, userId: next(index), role: 'member' }),
    )
    const results = await raced(world(), gate, calls)
    const left = await countOwners(world(), organizationId)
    expect(left).toBe(atOnce - won(results).length)
    expect(left).toBeGreaterThan(0)
    for (const code of lostCodes(results)) expect(code).toMatch(/^(request\.(denied|notFound)|organizations\.lastOwner)$/)
  })

  test('is left when owners leave, step down, hand over and are archived, all at once', async () => {
    const place = await twentyOwners(world())
    const { organizationId, member, owners } = place
    const calls = owners.map((owner, index): Call => {
      const { as, user } = owner
      const each = [
        leaving(place)(owner),
        steppingDown(place)(owner, index),
        () => as.organizations.transferOwnership({ organizationId, toUserId: member.user.id }),
        () => world().asSystem().users.archive({ userId: user.id }),
      ]
      return each[index % each.length] ?? (() => Promise.reject(new Error('there are four')))
    })
    const results = await raced(world(), gate, calls)
    const acting = await world().rows(
      `select 1 from memberships m join users u on u.id = m.user_id and u.status <> 'archived' where m.organization_id = ? and m.role = 'owner'`,
      [uuidOf(organizationId)],
    )
    expect(acting.length).toBeGreaterThan(0)
    expect(won(results).length).toBeGreaterThanOrEqual(atOnce - 1)
    for (const code of lostCodes(results)) expect(code).toBe('organizations.lastOwner')
  })

  test('20 who hand over to each other in a ring at once: as many owners as before, and nobody twice', async () => {
    const { organizationId, owners } = await twentyOwners(world())
    const results = await raced(
      world(),
      gate,
      owners.map(
        ({ as }, index): Call =>
          () =>
            as.organizations.transferOwnership({ organizationId, toUserId: owners[(index + 1) % owners.length]?.user.id ?? 'usr_' }),
      ),
    )
    expect(await countOwners(world(), organizationId)).toBeGreaterThan(0)
    expect(await world().rows('select 1 from memberships where organization_id = ?', [uuidOf(organizationId)])).toHaveLength(atOnce + 1)
    for (const code of lostCodes(results)) expect(code).toMatch(/^(request\.denied|request\.retriesExhausted)$/)
  })
})

describe('ABUSE 52: seats', () => {
  /** 50 administrators add a user each, to an organization with 10 seats. */
  async function add50(inWorld: World): Promise<{ organizationId: Id<'org'>; results: PromiseSettledResult<unknown>[] }> {
    const organizationId = await inWorld.newOrganization()
    await inWorld.asSystem().organizations.update({ organizationId, seatLimit: 10 })
    const admins = await inWorld.crowd(50, { isSuperadmin: true })
    const users = (await inWorld.crowd(50)).map(({ user }) => user)
    const calls = admins.map(
      ({ as }, index): Call =>
        () =>
          as.organizations.addMember({ organizationId, userId: users[index]?.id ?? 'usr_' }),
    )
    return { organizationId, results: await raced(inWorld, gate, calls) }
  }

  async function members({ rows }: World, organizationId: Id<'org'>): Promise<number> {
    return (await rows('select 1 from memberships where organization_id = ?', [uuidOf(organizationId)])).length
  }

  test('of 50 who are added at once, 10 get one', async () => {
    const { organizationId, results } = await add50(world())
    expect(won(results)).toHaveLength(10)
    expect(lostCodes(results)).toEqual(Array.from({ length: 40 }, () => 'organizations.seatsTaken'))
    expect(await members(world(), organizationId)).toBe(10)
  })

  test('without the guard more would: the test above can fail', async () => {
    await unguarded(organizationGuard, async (inWorld, bypassed) => {
      await untilSeen('more members than seats', async () => (await members(inWorld, (await add50(inWorld)).organizationId)) > 10)
      expect(bypassed()).toBeGreaterThanOrEqual(atOnce)
    })
  })

  test('a limit that is lowered while 20 wait for a seat holds for each of them', async () => {
    const organizationId = await world().newOrganization()
    await world().asSystem().organizations.update({ organizationId, seatLimit: 100 })
    const users = (await world().crowd(atOnce)).map(({ user }) => user)
    const gate = await world().connect()
    await gate.query('begin')
    await gate.query('update organizations set seat_limit = 5, version = version + 1 where id = $1', [uuidOf(organizationId)])
    // users.create has loaded the organization before it waits, with the old limit.
    const { organizations, users: accounts } = world().asSystem()
    const join = (userId: Id<'usr'>, index: number): Promise<unknown> =>
      index % 2 === 0
        ? organizations.addMember({ organizationId, userId })
        : accounts.create({ organizationId, username: `waits-${index}` })
    const settled = Promise.allSettled(users.map(({ id }, index) => join(id, index)))
    const watcher = await world().connect()
    await untilWaiting(watcher, atOnce)
    await gate.query('commit')
    expect(won(await settled)).toHaveLength(5)
    expect(await members(world(), organizationId)).toBe(5)
  })
})

describe('ABUSE 40: the limit of owned organizations', () => {
  const create20 = async (inWorld: World) => {
    const ada = await inWorld.signUp()
    const results = await raced(
      inWorld,
      gate,
      Array.from(
        { length: atOnce },
        (_, index): Call =>
          () =>
            ada.as.organizations.create({ name: `Number ${index}` }),
      ),
    )
    const owned = await inWorld.rows(`select 1 from memberships where user_id = ? and role = 'owner'`, [uuidOf(ada.user.id)])
    return { results, owned: owned.length }
  }

  test('20 creates at once by one user never exceed it', async () => {
    const { results, owned } = await create20(world())
    expect(owned).toBe(10)
    expect(won(results)).toHaveLength(10)
    expect(lostCodes(results)).toEqual(Array.from({ length: 10 }, () => 'organizations.tooMany'))
  })

  test('without the lock of the founder’s row all of them would be made: the test above can fail', async () => {
    const { target } = actions.get('organizations.create') ?? {}
    if (target?.locks === undefined) throw new Error('organizations.create locks nobody')
    const locks = vi.spyOn(target as Required<typeof target>, 'locks').mockReturnValue([])
    try {
      const { results, owned } = await create20(world())
      expect(locks).toHaveBeenCalled()
      expect(won(results)).toHaveLength(atOnce)
      expect(owned).toBe(atOnce)
    } finally {
      vi.restoreAllMocks()
    }
  })

  test('50 of one name by as many users all win, and one gets the plain slug', async () => {
    const users = await world().crowd(50)
    const results = await raced(
      world(),
      gate,
      users.map(
        ({ as }): Call =>
          () =>
            as.organizations.create({ name: 'The Same' }),
      ),
    )
    expect(lostCodes(results)).toEqual([])
    const slugs = await world().rows<{ slug: string }>(`select slug from organizations where slug like 'the-same%'`)
    expect(slugs).toHaveLength(50)
    expect(slugs.filter(({ slug }) => slug === 'the-same')).toHaveLength(1)
  })
})
