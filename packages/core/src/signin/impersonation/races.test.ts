import { userActor, type Id } from '@denizen/core'
import { lost, lostCodes, raced, useWorld, withoutGuard, won, type SignedInUser } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

/** Many impersonations are begun while the permission that all of them stand on is taken out of the role. */
describe('71: an impersonation that is begun while its permission is taken', () => {
  const world = useWorld({ connections: 28 })
  let superadmin: SignedInUser
  beforeAll(async () => {
    superadmin = await world().asSuperadmin()
  })

  const refusals = new Set(['request.denied', 'request.notFound'])

  /** How many of those that were begun go on when the permission comes back. */
  async function countGoingOn(): Promise<number> {
    const roleId = await world().access.newRole({ permissions: ['auth.impersonate', 'users.get'] })
    const [helpers, users] = [await world().crowd(20), await world().crowd(20)]
    for (const helper of helpers) await world().access.give({ userId: helper.user.id, roleId })
    const permission = 'auth.impersonate'
    const begin = async ({ as }: SignedInUser, { user }: SignedInUser) =>
      (await as.auth.impersonate({ userId: user.id, reason: 'ticket 4711' })).accessToken
    const results = await raced<unknown>(world(), 'lock table audit_entries in share mode', [
      ...helpers.map((helper, index) => () => begin(helper, users[index] ?? helper)),
      () => superadmin.as.roles.revokePermission({ roleId, permission }),
    ])
    const tokens = won(results).filter((result) => typeof result === 'string')
    // Those that see the permission go are refused.
    expect([tokens.length + lost(results).length, lostCodes(results).filter((code) => !refusals.has(code))]).toEqual([helpers.length, []])
    await superadmin.as.roles.grantPermission({ roleId, permission })
    const open = await Promise.all(tokens.map((token) => world().core.authenticate(token)))
    return open.filter((principal) => principal !== null).length
  }

  test('race: is refused, or over for good', async () => {
    expect(await countGoingOn()).toBe(0)
  })

  test('a control: without the lock they go on', async () => {
    // Nor without the rows of the helpers, which the change of their role holds.
    withoutGuard(world(), (statement) => statement.replace(/(from users .*) for no key update$/, '$1'))
    expect(await countGoingOn()).toBeGreaterThan(0)
  })
})

describe('how many impersonations of one administrator run', () => {
  const world = useWorld({ connections: 28, settings: { maxImpersonations: 3 } })

  /** Begins 22 at once, and says how many there are. */
  async function begin22() {
    const [admin, users] = [await world().asSuperadmin(), await world().crowd(22)]
    const begin = (userId: Id<'usr'>) => () => admin.as.auth.impersonate({ userId, reason: 'ticket 4711' })
    const results = await raced<{ accessToken: string }>(
      world(),
      'lock table audit_entries in share mode',
      users.map(({ user }) => begin(user.id)),
    )
    return { admin, users, results, begun: won(results) }
  }

  test('race: never more than the limit, and who stops one may begin another', async () => {
    const { admin, users, results, begun } = await begin22()
    expect([begun.length, [...new Set(lostCodes(results))]]).toEqual([3, ['auth.tooManyImpersonations']])
    const begin = () => admin.as.auth.impersonate({ userId: users[0]?.user.id ?? admin.user.id, reason: 'another' })
    await expect(begin()).rejects.toMatchObject({
      kind: 'conflict',
      details: { most: 3 },
      message: expect.stringContaining('auth.stopImpersonating'),
    })
    const principal = await world().core.authenticate(begun[0]?.accessToken ?? '')
    if (principal === null) throw new Error('a new token opens nothing')
    await world().core.as(userActor(principal)).auth.stopImpersonating({})
    expect(await world().core.authenticate((await begin()).accessToken)).not.toBeNull()
    world().clock.advance(61 * 60_000)
    const again = await world().signIn(admin.user)
    const [other] = users
    expect((await again.as.auth.impersonate({ userId: other?.user.id ?? admin.user.id, reason: 'an hour later' })).status).toBe('signedIn')
  })

  test('a control: without the lock there are more', async () => {
    withoutGuard(world(), (statement) => statement)
    expect((await begin22()).begun.length).toBeGreaterThan(3)
  })
})

describe('57: what impersonations cost those who take something away', () => {
  const world = useWorld()

  /** How many statements core sends while something is done. */
  async function countStatements(work: () => Promise<unknown>): Promise<number> {
    let count = 0
    const logger = world().orm.config.getLogger()
    const { isEnabled, logQuery } = logger
    Object.assign(logger, { isEnabled: () => true, logQuery: () => count++ })
    await work()
    Object.assign(logger, { isEnabled, logQuery })
    return count
  }

  test('as many statements for many as for one, and other tenants none', async () => {
    const [superadmin, there] = [await world().asSuperadmin(), await world().newOrganization()]
    const owner = await world().asMember(there, 'owner')
    const permission = 'teams.list'
    const takes: readonly (readonly [SignedInUser, Id<'rol'>])[] = [
      [owner, await world().access.newRole({ organizationId: there, permissions: [permission] })],
      [superadmin, await world().access.newRole({ permissions: [permission] })],
    ]
    const countEach = async () => {
      const counts: number[] = []
      for (const [{ as }, roleId] of takes) {
        counts.push(await countStatements(() => as.roles.revokePermission({ roleId, permission })))
        await as.roles.grantPermission({ roleId, permission })
      }
      return counts
    }
    const begin = async () => superadmin.as.auth.impersonate({ userId: (await world().newUser()).id, reason: 'ticket 4711' })
    const [tenants] = await countEach()
    await begin()
    const [, ofOne] = await countEach()
    for (let count = 0; count < 5; count++) await begin()
    expect(await countEach()).toEqual([tenants, ofOne])
  })
})
