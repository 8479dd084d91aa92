import { uuidOf, type Id } from '@denizen/core'
import { createWorld, lost, raced, useWorld, withoutGuard, won, type SignedInUser, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

/** PGlite runs one transaction after the other and hides every race: all of these are on PostgreSQL. */
const connections = 22
const atOnce = 20
const world = useWorld({ connections })

type Call = () => Promise<unknown>

/** Holds them back from writing: what they read before that, they read before any of them has committed. */
const gate = 'lock table users, role_assignments in share mode'

/** Superadmins who are signed in, and the only ones there are. */
async function onlySuperadmins(inWorld: World, count = atOnce): Promise<SignedInUser[]> {
  await inWorld.rows(`update role_assignments set revoked_at = now() where revoked_at is null and role_id in
    (select id from roles where name = 'superadmin') returning 1`)
  return inWorld.crowd(count, { isSuperadmin: true })
}

async function activeSuperadmins({ rows }: World): Promise<number> {
  const found = await rows(`select 1 from role_assignments a join roles r on r.id = a.role_id and r.name = 'superadmin'
    join users u on u.id = a.user_id and u.status = 'active' where a.revoked_at is null`)
  return found.length
}

/** Takes out the guard: the statement that waits for the row of the role reads it without waiting. Gives how often. */
const without = (inWorld: World, table: 'roles' | 'organizations') =>
  withoutGuard(inWorld, (query) => (query.startsWith(`select 1 from ${table} where`) ? query.replace('for no key update', '') : query))

const steppingDown =
  ({ as, user }: SignedInUser): Call =>
  () =>
    as.users.demote({ userId: user.id })
const leaving = ({ as, user: { id: userId } }: SignedInUser, index: number): Call =>
  [
    () => as.users.demote({ userId }),
    () => as.users.setStatus({ userId, status: 'suspended' }),
    () => as.users.archive({ userId }),
    () => as.users.contain({ userId, reason: 'a race' }),
  ][index % 4] ?? (() => Promise.reject(new Error('there are four')))

describe('ABUSE 20: the last superadmin', () => {
  test.each([
    ['all of them step down', steppingDown],
    ['they step down, are suspended, archived and contained, each by their own hand', leaving],
  ] as const)('is left when, 20 at once, %s', async (_name, call) => {
    const results = await raced(world(), gate, (await onlySuperadmins(world())).map(call))
    expect(won(results)).toHaveLength(atOnce - 1)
    expect(lost(results)).toMatchObject([{ code: 'users.lastSuperadmin', kind: 'conflict' }])
    expect(await activeSuperadmins(world())).toBe(1)
  })

  test('is left when 20 superadmins in a ring demote each other at once', async () => {
    const ring = await onlySuperadmins(world())
    const next = (index: number) => ring[(index + 1) % ring.length]?.user.id ?? 'usr_'
    const results = await raced(
      world(),
      gate,
      ring.map(
        ({ as }, index) =>
          () =>
            as.users.demote({ userId: next(index) }),
      ),
    )
    expect(won(results).length).toBeGreaterThan(0)
    expect(await activeSuperadmins(world())).toBe(atOnce - won(results).length)
    expect(await activeSuperadmins(world())).toBeGreaterThan(0)
    for (const error of lost(results))
      expect((error as { code: string }).code).toMatch(/^(request\.(denied|notFound)|users\.lastSuperadmin)$/)
  })

  test.each([
    ['step down', steppingDown],
    ['leave in four ways', leaving],
  ] as const)('would not be left without the guard when all %s: the tests above can fail', async (_name, call) => {
    const unguarded = await createWorld({ connections })
    try {
      const calls = (await onlySuperadmins(unguarded)).map(call)
      const bypassed = without(unguarded, 'roles')
      expect(won(await raced(unguarded, gate, calls))).toHaveLength(atOnce)
      expect(bypassed()).toBeGreaterThanOrEqual(atOnce)
      expect(await activeSuperadmins(unguarded)).toBe(0)
    } finally {
      await unguarded.close()
    }
  })

  test('20 promotions of one user at once make one superadmin, once', async () => {
    const admins = await onlySuperadmins(world())
    const ada = await world().newUser()
    const results = await raced(
      world(),
      gate,
      admins.map(
        ({ as }) =>
          () =>
            as.users.promote({ userId: ada.id }),
      ),
    )
    const outcomes = results.map((result) => (result.status === 'fulfilled' ? (result.value as { outcome: string }).outcome : 'failed'))
    expect(outcomes.filter((outcome) => outcome === 'promoted')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === 'alreadyAdmin')).toHaveLength(atOnce - 1)
  })
})

/** One organization with 20 owners and a member, all signed in; who may archive themselves. */
async function twentyOwners(inWorld: World): Promise<{ organizationId: Id<'org'>; owners: SignedInUser[] }> {
  const organizationId = await inWorld.newOrganization()
  const owners = await inWorld.crowd(atOnce, { organizationId, role: 'owner' })
  await inWorld.join(organizationId, await inWorld.newUser(), 'member')
  return { organizationId, owners }
}

async function owners({ rows }: World, organizationId: Id<'org'>): Promise<number> {
  const found = await rows(
    `select 1 from memberships m join users u on u.id = m.user_id and u.status <> 'archived' where m.organization_id = ? and m.role = 'owner'`,
    [uuidOf(organizationId)],
  )
  return found.length
}

describe('ABUSE 20: the last owner', () => {
  const archiving =
    (inWorld: World) =>
    ({ user }: SignedInUser): Call =>
    () =>
      inWorld.asSystem().users.archive({ userId: user.id })

  test('is left when all 20 are archived at once', async () => {
    const made = await twentyOwners(world())
    const results = await raced(world(), gate, made.owners.map(archiving(world())))
    expect(won(results)).toHaveLength(atOnce - 1)
    expect(lost(results)).toMatchObject([{ code: 'organizations.lastOwner', details: { organizationIds: [made.organizationId] } }])
    expect(await owners(world(), made.organizationId)).toBe(1)
  })

  test('would not be left without the guard: the test above can fail', async () => {
    const unguarded = await createWorld({ connections })
    try {
      const made = await twentyOwners(unguarded)
      await unguarded.asSuperadmin()
      const bypassed = without(unguarded, 'organizations')
      expect(won(await raced(unguarded, gate, made.owners.map(archiving(unguarded))))).toHaveLength(atOnce)
      expect(bypassed()).toBe(atOnce)
      expect(await owners(unguarded, made.organizationId)).toBe(0)
    } finally {
      await unguarded.close()
    }
  })
})

test('48: 40 preference patches of one user at once lose nothing', async () => {
  const ada = await world().signUp()
  const calls = Array.from({ length: 40 }, (_, n) => ada.as.users.updatePreferences({ preferences: { [`key${n}`]: n } }))
  await Promise.all(calls)
  const user = await world().asSystem().users.get({ userId: ada.user.id })
  expect(user.preferences).toEqual(Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`key${n}`, n])))
  expect(user.version).toBe(41)
})
