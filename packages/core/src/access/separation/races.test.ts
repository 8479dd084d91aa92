import { raced, untilSeen, untilWaiting, useWorld, withoutGuard, type SignedInUser } from '@denizen/core/testing'
import type { Id, User } from '@denizen/core'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { eventually } from '../../../../../tests/deadlines.ts'
import { uuidOf } from '../../kernel/id.ts'

/** PGlite runs one transaction after the other and hides every race: all of these are on PostgreSQL. */
const connections = 28
const pairs = 11
const world = useWorld({ connections })

let organizationId: Id<'org'>
let admins: SignedInUser[] = []
beforeAll(async () => {
  organizationId = await world().newOrganization()
  admins = await world().crowd(2 * pairs, { organizationId, role: 'admin' })
})
afterEach(() => vi.restoreAllMocks())

type Call = () => Promise<unknown>
type Results = readonly PromiseSettledResult<unknown>[]

/** Events are what a command writes last: whoever waits for those has checked everything and committed nothing. */
const gate = 'lock table events in exclusive mode'

/** Takes out the guards: what is locked, users and the structure of roles alike, is only looked at. Gives how often. */
const withoutLocks = () => withoutGuard(world(), (query) => query.replace(/ for (no key update|share)( of u)?$/, ''))

const adminAt = (index: number): SignedInUser => {
  const admin = admins[index]
  if (admin === undefined) throw new Error('there is one for every call')
  return admin
}

async function newRole(): Promise<Id<'rol'>> {
  return world().access.newRole({ organizationId, permissions: ['document.read'] })
}

async function newMember(): Promise<User> {
  const user = await world()
    .asSystem()
    .users.create({ username: `m-${crypto.randomUUID()}` })
  if (user === null) throw new Error('users.create answered null without ifAbsent')
  await world().join(organizationId, user)
  return user
}

/** Eleven times two calls that exclude each other, each by somebody else. */
async function racedPairs(
  make: () => Promise<readonly [(admin: SignedInUser) => Call, (admin: SignedInUser) => Call]>,
): Promise<Results[]> {
  const made: [Call, Call][] = []
  for (let index = 0; index < pairs; index++) {
    const [one, other] = await make()
    made.push([one(adminAt(2 * index)), other(adminAt(2 * index + 1))])
  }
  const results = await raced(world(), gate, made.flat())
  return made.map((_, index) => results.slice(2 * index, 2 * index + 2))
}

const winners = (results: Results) => results.filter(({ status }) => status === 'fulfilled').length

/** Of every pair one wins, and the other is told why not. */
function expectOneEach(results: readonly Results[], codes: readonly string[]): void {
  expect(results.map(winners)).toEqual(results.map(() => 1))
  for (const result of results.flat())
    if (result.status === 'rejected') expect(codes).toContain((result.reason as { readonly code?: string }).code)
}

const races: Readonly<Record<string, { readonly run: () => Promise<Results[]>; readonly codes: readonly string[] }>> = {
  'two roles are made to include each other': {
    codes: ['roles.cycle'],
    run: () =>
      racedPairs(async () => {
        const [one, two] = [await newRole(), await newRole()]
        return [
          ({ as }) =>
            () =>
              as.roles.setParents({ roleId: one, includes: [two] }),
          ({ as }) =>
            () =>
              as.roles.setParents({ roleId: two, includes: [one] }),
        ]
      }),
  },
  'somebody is given two roles that exclude each other': {
    codes: ['access.excluded'],
    run: () =>
      racedPairs(async () => {
        const [one, two] = [await newRole(), await newRole()]
        const [{ id: userId }, on] = [await newMember(), { organizationId }]
        const set = { organizationId, name: crypto.randomUUID(), kind: 'static', roleIds: [one, two] } as const
        await adminAt(0).as.access.createExclusion({ ...set, roleIds: [...set.roleIds] })
        return [
          ({ as }) =>
            () =>
              as.access.assignRole({ userId, roleId: one, on }),
          ({ as }) =>
            () =>
              as.access.assignRole({ userId, roleId: two, on }),
        ]
      }),
  },
  'somebody who has one role is given another, while a set comes to exclude the two': {
    codes: ['access.excluded', 'access.exclusionViolated'],
    run: () =>
      racedPairs(async () => {
        const [one, two] = [await newRole(), await newRole()]
        const [{ id: userId }, on] = [await newMember(), { organizationId }]
        await world().access.give({ userId, roleId: one, on })
        return [
          ({ as }) =>
            () =>
              as.access.assignRole({ userId, roleId: two, on }),
          ({ as }) =>
            () =>
              as.access.createExclusion({ organizationId, name: crypto.randomUUID(), kind: 'static', roleIds: [one, two] }),
        ]
      }),
  },
  'somebody takes a seat in a team that has one role, and is given the role it excludes': {
    codes: ['access.excluded'],
    run: () =>
      racedPairs(async () => {
        const [one, two] = [await newRole(), await newRole()]
        const [{ id: userId }, on] = [await newMember(), { organizationId }]
        const { id: teamId } = await world().asSystem().teams.create({ organizationId, name: crypto.randomUUID() })
        await world().access.give({ teamId, roleId: one, on })
        await adminAt(0).as.access.createExclusion({ organizationId, name: crypto.randomUUID(), kind: 'static', roleIds: [one, two] })
        return [
          ({ as }) =>
            () =>
              as.teams.addMember({ teamId, userId }),
          ({ as }) =>
            () =>
              as.access.assignRole({ userId, roleId: two, on }),
        ]
      }),
  },
}

describe.each(Object.entries(races))('while %s', (_, { run, codes }) => {
  test('one of the two happens', async () => {
    expectOneEach(await run(), codes)
  })

  test('without the locks both would: the test above can fail', async () => {
    const unguarded = withoutLocks()
    await untilSeen('a pair of which both win', async () => {
      const results = await run()
      if (!results.map(winners).includes(2)) return false
      expect(() => expectOneEach(results, codes)).toThrow(/to deeply equal/)
      return true
    })
    expect(unguarded()).toBeGreaterThan(20)
  })
})

test('somebody who took a seat after a command had read the team is locked by it all the same', async () => {
  const [[one, two], { id: userId }, on] = [[await newRole(), await newRole()] as const, await newMember(), { organizationId }]
  const { id: teamId } = await world().asSystem().teams.create({ organizationId, name: crypto.randomUUID() })
  await adminAt(0).as.access.createExclusion({ organizationId, name: crypto.randomUUID(), kind: 'static', roleIds: [one, two] })
  const [first, last, watcher] = [await world().connect(), await world().connect(), await world().connect()]
  await first.query('begin')
  await first.query('select 1 from users where id = $1 for update', [uuidOf(adminAt(0).user.id)])
  const toTeam = adminAt(0).as.access.assignRole({ teamId, roleId: one, on })
  await untilWaiting(watcher, 1) // it has read the team, whose members it locks first
  await world().rows('insert into team_members (team_id, organization_id, user_id, created_at) values (?, ?, ?, now()) returning 1', [
    uuidOf(teamId),
    uuidOf(organizationId),
    uuidOf(userId),
  ])
  await last.query(`begin; ${gate}`)
  await first.query('commit')
  await eventually(
    30_000,
    'the gate',
    async () => (await watcher.query(`select 1 from pg_locks where relation = 'events'::regclass and not granted`)).rows.length > 0,
  )
  const toUser = adminAt(1).as.access.assignRole({ userId, roleId: two, on })
  await untilWaiting(watcher, 2)
  await last.query('commit')
  await expect(toTeam).resolves.toMatchObject({ assigned: true })
  await expect(toUser).rejects.toMatchObject({ code: 'access.excluded' })
})

/** Every role is deleted and given at once. Gives those that are deleted and still somebody's. */
async function deleteAndAssign(): Promise<{ readonly results: readonly Results[]; readonly left: number }> {
  const roles: Id<'rol'>[] = []
  const results = await racedPairs(async () => {
    const [roleId, { id: userId }] = [await newRole(), await newMember()]
    roles.push(roleId)
    return [
      ({ as }) =>
        () =>
          as.roles.delete({ roleId }),
      ({ as }) =>
        () =>
          as.access.assignRole({ userId, roleId, on: { organizationId } }),
    ]
  })
  const left = await world().rows(
    `select 1 from role_assignments a join roles r on r.id = a.role_id and r.deleted_at is not null where a.revoked_at is null and r.id = any(?::uuid[])`,
    [`{${roles.map(uuidOf).join(',')}}`],
  )
  return { results, left: left.length }
}

test('a role that is deleted while it is being given is nobody’s, and whoever came late is told that it is not there', async () => {
  const { results, left } = await deleteAndAssign()
  expect(left).toBe(0)
  for (const [deleted, given] of results) {
    expect(deleted?.status).toBe('fulfilled')
    if (given?.status === 'rejected') expect(given.reason).toMatchObject({ code: 'request.notFound', details: { type: 'role' } })
  }
})

test('without the locks some would keep a role that is deleted: the test above can fail', async () => {
  withoutLocks()
  await untilSeen('a role that is deleted and somebody’s', async () => (await deleteAndAssign()).left > 0)
})

/** An organization's role comes to include one of the installation's, while that comes to include another. Gives how many organizations' roles miss that. */
async function includeAndInclude(): Promise<{ readonly results: readonly Results[]; readonly missing: number }> {
  const outer: Id<'rol'>[] = []
  const superadmin = await world().asSuperadmin()
  const results = await racedPairs(async () => {
    const [ours, theirs, inner] = [await newRole(), await world().access.newRole(), await world().access.newRole()]
    outer.push(ours)
    return [
      ({ as }) =>
        () =>
          as.roles.setParents({ roleId: ours, includes: [theirs] }),
      () => () => superadmin.as.roles.setParents({ roleId: theirs, includes: [inner] }),
    ]
  })
  const closures = await world().rows<{ count: number }>(
    'select count(*)::int as count from role_closure where role_id = any(?::uuid[]) group by role_id',
    [`{${outer.map(uuidOf).join(',')}}`],
  )
  return { results, missing: closures.filter(({ count }) => count !== 2).length }
}

test('what an installation’s role comes to include meanwhile comes to an organization’s role with it', async () => {
  const { results, missing } = await includeAndInclude()
  expect(results.map(winners)).toEqual(results.map(() => 2))
  expect(missing).toBe(0)
})

test('without the locks it would be missing there: the test above can fail', async () => {
  withoutLocks()
  await untilSeen('a role without what its own includes', async () => (await includeAndInclude()).missing > 0)
})
