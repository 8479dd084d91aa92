import type { Id, User } from '@denizen/core'
import { lost, raced, untilSeen, useWorld, withoutGuard, won, type SignedInUser } from '@denizen/core/testing'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { uuidOf } from '../kernel/id.ts'

/** PGlite runs one transaction after the other and hides every race: all of these are on PostgreSQL. */
const connections = 28
const atOnce = 22
const world = useWorld({ connections })

let organizationId: Id<'org'>
let admins: SignedInUser[] = []
let members: User[] = []
beforeAll(async () => {
  organizationId = await world().newOrganization()
  admins = await world().crowd(atOnce, { organizationId, role: 'admin' })
  members = (await world().crowd(atOnce, { organizationId })).map(({ user }) => user)
})
afterEach(() => vi.restoreAllMocks())

async function newMember(): Promise<User> {
  const user = await world()
    .asSystem()
    .users.create({ username: `m-${crypto.randomUUID()}` })
  if (user === null) throw new Error('users.create answered null without ifAbsent')
  await world().join(organizationId, user)
  return user
}

type Call = () => Promise<unknown>

const gateOf = (table: 'teams' | 'team_members' | 'memberships') => `lock table ${table} in exclusive mode`

/** Takes out guards: rows that were locked are only looked at. Gives how often. */
const without = (...locks: readonly RegExp[]) =>
  withoutGuard(world(), (query) => (locks.some((lock) => lock.test(query)) ? query.replace(/ for [a-z ]+$/, '') : query))
const keptMembers = /from memberships .* for key share$/
const keptTeams = /from teams .* for share$/
const lockedUsers = /from users .* for no key update$/

async function newTeam(): Promise<Id<'team'>> {
  const { id } = await world().asSystem().teams.create({ organizationId, name: crypto.randomUUID() })
  return id
}

const adding =
  (teamId: Id<'team'>, user: User) =>
  ({ as }: SignedInUser): Call =>
  () =>
    as.teams.addMember({ teamId, userId: user.id })

/** 50 calls of 22 admins, who all put the same person into the same team. */
async function add50() {
  const [user, teamId] = [await newMember(), await newTeam()]
  const callers = [...admins, ...admins, ...admins].slice(0, 50)
  const results = await raced(world(), gateOf('team_members'), callers.map(adding(teamId, user)))
  const added = won(results).filter((answer) => (answer as { added: boolean }).added)
  const seats = await world().rows('select 1 from team_members where team_id = ?', [uuidOf(teamId)])
  return { teamId, results, added: added.length, seats: seats.length }
}

test('50 admins who put one person into a team at once get one seat, and one event', async () => {
  const { teamId, results, added, seats } = await add50()
  expect(lost(results)).toEqual([])
  expect([added, seats]).toEqual([1, 1])
  expect(await world().rows(`select 1 from events where type = 'teams.memberAdded' and subject = ?`, [teamId])).toHaveLength(1)
})

/** Admins put a person each into a team, and one of them deletes it among all that. */
async function addAndDelete(waitFor: 'teams' | 'team_members') {
  const teamId = await newTeam()
  const calls = admins.map((admin, index) => {
    const user = members[index]
    if (index === 11 || user === undefined) return () => admin.as.teams.delete({ teamId })
    return adding(teamId, user)(admin)
  })
  return { teamId, results: await raced(world(), gateOf(waitFor), calls) }
}

/** How it may end: whoever was in is counted by the deletion, and everybody else is told that the team is not there. */
async function expectWhole({ teamId, results }: Awaited<ReturnType<typeof addAndDelete>>): Promise<void> {
  const answers = won(results) as ({ added: boolean } | { membersLost: number })[]
  const membersLost = answers.flatMap((answer) => ('membersLost' in answer ? [answer.membersLost] : []))
  expect(membersLost).toEqual([answers.length - 1])
  for (const error of lost(results)) expect(error).toMatchObject({ code: 'request.notFound', details: { type: 'team' } })
  expect(await world().rows('select 1 from team_members where team_id = ?', [uuidOf(teamId)])).toEqual([])
  expect(await world().rows('select 1 from teams where id = ? and deleted_at is null', [uuidOf(teamId)])).toEqual([])
}

test('a team that is deleted while members are being added loses exactly those who were in', async () => {
  for (const waitFor of ['teams', 'team_members', 'teams'] as const) await expectWhole(await addAndDelete(waitFor))
})

/** Admins put one person into a team each, and the person leaves the organization among all that. */
async function addAndLeave(waitFor: 'memberships' | 'team_members') {
  const [user, teamIds] = [await newMember(), await Promise.all(admins.map(newTeam))]
  const calls = admins.map((admin, index) => adding(teamIds[index] ?? 'team_', user)(admin))
  const leaving = () => world().rows('delete from memberships where user_id = ? returning 1', [uuidOf(user.id)])
  return { user, results: await raced(world(), gateOf(waitFor), [...calls.slice(0, 11), leaving, ...calls.slice(11)]) }
}

const seatsOf = (user: User) => world().rows('select 1 from team_members where user_id = ?', [uuidOf(user.id)])

async function expectGone({ user, results }: Awaited<ReturnType<typeof addAndLeave>>): Promise<void> {
  for (const error of lost(results)) expect(error).toMatchObject({ code: 'request.notFound', details: { type: 'member' } })
  expect(await seatsOf(user)).toEqual([])
  expect(await world().rows('select 1 from memberships where user_id = ?', [uuidOf(user.id)])).toEqual([])
}

test('whoever leaves the organization while being put into teams ends up without a seat, and everybody gets a clear answer', async () => {
  for (let round = 0; round < 3; round++) await expectGone(await addAndLeave('memberships'))
})

test('without the locks, people would sit in a team that is deleted, and admins be told of internal errors: the two tests above can fail', async () => {
  const unguarded = without(keptTeams, keptMembers, lockedUsers)
  await untilSeen('a team that is deleted and not empty', async () =>
    isUnmet(expectWhole(await addAndDelete('team_members')), /to deeply equal|to match object/),
  )
  await untilSeen('an admin who is told of an internal error', async () => {
    const left = await addAndLeave('team_members')
    const isInternal = lost(left.results).some((error) => (error as { code: string }).code === 'request.internal')
    return isInternal && (await isUnmet(expectGone(left), /to match object/))
  })
  expect(unguarded()).toBeGreaterThan(40)
})

/** Whether an expectation fails, with such a message. */
function isUnmet(expectation: Promise<void>, message: RegExp): Promise<boolean> {
  return expectation.then(
    () => false,
    (error: Error) => message.test(error.message),
  )
}

/** Takes constraints off the seats for a while. What breaks them meanwhile goes with all other seats. */
async function withoutConstraints(names: readonly string[], run: () => Promise<void>): Promise<void> {
  const definitions = await world().rows<{ name: string; definition: string }>(
    'select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint where conname = any(?::text[])',
    [`{${names.join(',')}}`],
  )
  expect(definitions).toHaveLength(names.length)
  for (const { name } of definitions) await world().rows(`alter table team_members drop constraint ${name}`)
  try {
    await run()
  } finally {
    await world().em().execute('delete from team_members', [], 'run')
    for (const { name, definition } of definitions) await world().rows(`alter table team_members add constraint ${name} ${definition}`)
  }
}

test('without the primary key and the lock of the user there would be many seats, and without the foreign key some would be left behind: the tests above can fail', async () => {
  const unguarded = without(lockedUsers)
  await withoutConstraints(['team_members_pkey'], () =>
    untilSeen('many seats of one person in one team', async () => {
      const { added, seats } = await add50()
      expect(seats).toBe(added)
      return added > 1
    }),
  )
  expect(unguarded()).toBeGreaterThan(20)
  // Whoever leaves before anybody was put anywhere leaves nothing behind; that is now and then so.
  await withoutConstraints(['team_members_membership_foreign'], () =>
    untilSeen('a seat that is left behind', async () => (await seatsOf((await addAndLeave('memberships')).user)).length > 0),
  )
})
