import { builtInRoles, userActor, type Id, type User } from '@denizen/core'
import { lostCodes, raced, untilSeen, useWorld, withoutGuard, won, type SignedInUser } from '@denizen/core/testing'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { uuidOf } from '../../kernel/id.ts'

/** PGlite runs one transaction after the other and hides every race: all of these are on PostgreSQL. */
const connections = 28
const atOnce = 22
const world = useWorld({ connections })

let organizationId: Id<'org'>
let admins: SignedInUser[] = []
beforeAll(async () => {
  organizationId = await world().newOrganization()
  admins = await world().crowd(atOnce, { organizationId, role: 'admin' })
})
afterEach(() => vi.restoreAllMocks())

type Call = () => Promise<unknown>

const gate = 'lock table role_assignments in exclusive mode'

/** Takes out a guard: rows that were locked are only looked at. Gives how often. */
const without = (lock: RegExp) => withoutGuard(world(), (query) => (lock.test(query) ? query.replace(/ for [a-z ]+$/, '') : query))
const lockedUsers = /from users .* for no key update$|for no key update of u$/
const lockedSuperadmins = /from roles where id = \? for no key update$/

async function newMember(): Promise<User> {
  const user = await world().newUser()
  await world().join(organizationId, user)
  return user
}

/** One for each of the admins. */
async function newMembers(): Promise<User[]> {
  return (await world().crowd(atOnce, { organizationId })).map(({ user }) => user)
}

/** Two roles of which nobody may have both. */
async function exclusive() {
  const roleIds = [await world().access.newRole({ organizationId }), await world().access.newRole({ organizationId })] as const
  await world()
    .asSystem()
    .access.createExclusion({ organizationId, name: crypto.randomUUID(), kind: 'static', roleIds: [...roleIds] })
  return roleIds
}

async function held(user: Pick<User, 'id'>): Promise<number> {
  const by = `a.user_id = ? or a.team_id in (select s.team_id from team_members s where s.user_id = ?)`
  const id = uuidOf(user.id)
  return (await world().rows(`select 1 from role_assignments a where (${by}) and scope_kind <> 'system' and revoked_at is null`, [id, id]))
    .length
}

const giving =
  (subject: { userId: Id<'usr'> } | { teamId: Id<'team'> }, roleId: Id<'rol'>) =>
  ({ as }: SignedInUser): Call =>
  () =>
    as.access.assignRole({ ...subject, roleId, on: { organizationId } })

/** Twenty-two admins give one person one of two exclusive roles each, half of them the one. */
async function giveBoth() {
  const [user, roles] = [await newMember(), await exclusive()]
  const calls = admins.map((admin, index) => giving({ userId: user.id }, roles[index % 2 === 0 ? 0 : 1])(admin))
  return { user, results: await raced<unknown>(world(), gate, calls) }
}

test('ABUSE 19, race: of two roles that exclude each other, given at once by 22 admins, one is given', async () => {
  for (let round = 0; round < 3; round++) {
    const { user, results } = await giveBoth()
    expect(await held(user)).toBe(1)
    expect(won(results).filter((answer) => (answer as { assigned: boolean }).assigned)).toHaveLength(1)
    expect(new Set(lostCodes(results))).toEqual(new Set(['access.excluded']))
    expect(lostCodes(results)).toHaveLength(atOnce / 2)
  }
})

test('without the lock of the user both are given: the test above can fail', async () => {
  const unguarded = without(lockedUsers)
  await untilSeen('somebody with both roles', async () => (await held((await giveBoth()).user)) === 2)
  expect(unguarded()).toBeGreaterThan(20)
})

test('race: of an exclusive role for a person and another for the team that they are put into, they have one', async () => {
  for (let round = 0; round < 3; round++) {
    const [people, roles] = [await newMembers(), await exclusive()]
    const { id: teamId } = await world().asSystem().teams.create({ organizationId, name: crypto.randomUUID() })
    for (const user of people.filter((_, index) => index % 2 === 0))
      await world().access.give({ userId: user.id, roleId: roles[0], on: { organizationId } })
    // One gives the team the other role, while all the others put people into it.
    const calls = admins.map((admin, index) => {
      const user = people[index]
      if (user === undefined || index === 11) return giving({ teamId }, roles[1])(admin)
      return () => admin.as.teams.addMember({ teamId, userId: user.id })
    })
    const results = await raced<unknown>(world(), 'lock table teams in exclusive mode', calls)
    for (const user of people) expect(await held(user)).toBeLessThanOrEqual(1)
    for (const code of lostCodes(results)) expect(code).toBe('access.excluded')
  }
})

test('race: 22 admins who give one thing at once give it once; one who takes it away is one', async () => {
  const [user, roleId] = [await newMember(), await world().access.newRole({ organizationId })]
  const given = await raced<unknown>(world(), gate, admins.map(giving({ userId: user.id }, roleId)))
  expect(lostCodes(given)).toEqual([])
  expect(won(given).filter((answer) => (answer as { assigned: boolean }).assigned)).toHaveLength(1)
  expect(await held(user)).toBe(1)
  const taken = await raced(
    world(),
    gate,
    admins.map(
      ({ as }) =>
        () =>
          as.access.unassignRole({ userId: user.id, roleId, on: { organizationId } }),
    ),
  )
  expect(won(taken)).toHaveLength(1)
  expect(new Set(lostCodes(taken))).toEqual(new Set(['request.notFound']))
  const events = await world().rows<{ type: string }>(`select type from events where subject = ? and type like 'access.%'`, [user.id])
  expect(events.map(({ type }) => type).sort()).toEqual(['access.assigned', 'access.unassigned'])
})

/** As many superadmins as there are callers each take the role from themselves, half of them by `users.demote`. */
async function allResign(): Promise<PromiseSettledResult<unknown>[]> {
  await world().rows(`update role_assignments set revoked_at = now() where role_id = ? and revoked_at is null returning 1`, [
    uuidOf(builtInRoles.superadmin.id),
  ])
  const superadmins = await world().crowd(atOnce, { isSuperadmin: true })
  return raced<unknown>(
    world(),
    gate,
    superadmins.map(
      ({ as, user: { id: userId } }, index) =>
        () =>
          index % 2 === 0 ? as.access.unassignRole({ userId, roleId: builtInRoles.superadmin.id }) : as.users.demote({ userId }),
    ),
  )
}

async function superadminsLeft(): Promise<number> {
  const left = `select 1 from role_assignments where role_id = ? and revoked_at is null and valid_until is null`
  return (await world().rows(left, [uuidOf(builtInRoles.superadmin.id)])).length
}

test('ABUSE 20, race: of 22 superadmins who all resign, one stays', async () => {
  const results = await allResign()
  expect(await superadminsLeft()).toBe(1)
  expect(lostCodes(results)).toEqual(['users.lastSuperadmin'])
})

test('without the guard nobody would be left: the test above can fail', async () => {
  const unguarded = without(lockedSuperadmins)
  await untilSeen('no superadmin', async () => {
    await allResign()
    return (await superadminsLeft()) === 0
  })
  expect(unguarded()).toBeGreaterThan(20)
})

test('race: whoever loses the right to give while giving has given before, or is refused', async () => {
  const superadmin = await world().asSuperadmin()
  const giver = await world().asMember(organizationId)
  for (const permission of ['access.grantPermission', 'stamp.use'])
    await superadmin.as.access.grantPermission({ userId: giver.user.id, permission, on: { organizationId } })
  const users = await newMembers()
  const principal = await world().core.authenticate(giver.token)
  if (principal === null) throw new Error('the token opens nothing')
  const { access } = world().core.as(userActor(principal))
  const calls: Call[] = users.map(
    ({ id: userId }) =>
      () =>
        access.grantPermission({ userId, permission: 'stamp.use', on: { organizationId } }),
  )
  const taking = () => superadmin.as.access.revokePermission({ userId: giver.user.id, permission: 'stamp.use', on: { organizationId } })
  const results = await raced<unknown>(world(), gate, [...calls.slice(0, 11), taking, ...calls.slice(11)])
  for (const code of lostCodes(results)) expect(code).toBe('access.notHeld')
  const given = (await Promise.all(users.map(held))).filter((count) => count === 1)
  expect(given).toHaveLength(won(results).length - 1)
  expect(lostCodes(await Promise.allSettled([calls[0]?.()]))).toEqual(['access.notHeld'])
})
