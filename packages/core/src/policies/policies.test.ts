import { DenizenError, systemActor, type Id } from '@denizen/core'
import { bothDatabases, databases, type SignedInUser, useWorld, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: unknown) => (error instanceof DenizenError ? error.code : 'failed'),
  )
let count = 0
const named = (text: string) => `${text}-${++count}`

type Limits = Parameters<ReturnType<World['asSystem']>['policies']['create']>[0]['limits']
const newPolicy = async (world: World, limits: Limits, name = named('policy')) => world.asSystem().policies.create({ name, limits })

/** The limits of somebody that do not come from the settings. */
async function limitsOf(world: World, about: { userId?: Id<'usr'>; organizationId?: Id<'org'> }, as = world.asSystem()) {
  const { limits } = await as.policies.effective(about)
  return Object.fromEntries(limits.flatMap(({ limit, value, source }) => (source === 'settings' ? [] : [[limit, [value, source]]])))
}

describe.each(databases)('policies on %s', (database) => {
  const world = useWorld({ database })

  test('a name is there once, and whoever has a policy goes along with a new name', async () => {
    const system = world().asSystem()
    const [one, other] = [await newPolicy(world(), { maxSessions: 1 }), await newPolicy(world(), {})]
    expect(await codeOf(system.policies.create({ name: one.name, limits: {} }))).toBe('policies.nameTaken')
    expect(await codeOf(system.policies.update({ policyId: other.id, name: one.name }))).toBe('policies.nameTaken')
    const user = await world().newUser()
    await system.users.update({ userId: user.id, resourcePolicy: one.name })
    const name = named('renamed')
    await system.policies.update({ policyId: one.id, name })
    expect((await system.users.get({ userId: user.id })).resourcePolicy).toBe(name)
    expect(await limitsOf(world(), { userId: user.id })).toEqual({ maxSessions: [1, 'user'] })
    expect(await codeOf(system.users.update({ userId: user.id, resourcePolicy: one.name }))).toBe('policies.unknown')
  })

  test.each<object>([
    { maxSessions: -1 },
    { requestsPerMinute: 0 },
    { allowedFactors: [] },
    { allowedFactors: ['password'] },
    { loginExcess: 'shrug' },
    { maxGpus: 3 },
    { maxResourcesPerType: { constructor: 3 } },
    { maxResourcesPerType: { Document: 3 } },
  ])('%j is no limit', async (limits) => {
    expect(
      await codeOf(
        world()
          .asSystem()
          .policies.create({ name: named('wrong'), limits }),
      ),
    ).toBe('request.invalid')
  })

  test('what no policy says, the settings do', async () => {
    const user = await world().newUser()
    const core = world().another({ settings: { maxSessions: 4, sessionExcess: 'refuse', maxOwnedOrganizations: 2 } })
    const { limits } = await core.as(systemActor('test')).policies.effective({ userId: user.id })
    expect(limits.every(({ source, policy }) => source === 'settings' && policy === null)).toBe(true)
    expect(Object.fromEntries(limits.map(({ limit, value }) => [limit, value]))).toEqual({
      maxSessions: null,
      maxConcurrentLogins: 4,
      loginExcess: 'refuse',
      maxApiTokens: 100,
      maxOrganizations: 2,
      maxResourcesPerType: null,
      requestsPerMinute: null,
      passwordLifetimeDays: null,
      sessionLifetimeMinutes: 129_600,
      allowedFactors: ['totp', 'passkey'],
    })
  })

  test('there is one default at the most, and it is not deleted', async () => {
    const system = world().asSystem()
    const [first, second] = [
      await system.policies.create({ name: named('first'), limits: {}, isDefault: true }),
      await newPolicy(world(), {}),
    ]
    expect((await system.policies.update({ policyId: second.id, isDefault: true })).isDefault).toBe(true)
    expect((await system.policies.get({ policyId: first.id })).isDefault).toBe(false)
    expect(await codeOf(system.policies.delete({ policyId: second.id, reassignTo: null }))).toBe('policies.isDefault')
    expect((await system.policies.update({ policyId: second.id, isDefault: false })).isDefault).toBe(false)
    await system.policies.delete({ policyId: second.id })
  })

  test('a policy that somebody has goes only when it is said what they get instead', async () => {
    const system = world().asSystem()
    const [old, next] = [await newPolicy(world(), {}), await newPolicy(world(), {})]
    const [user, other] = [await world().newUser(), await world().newUser()]
    const organizationId = await world().newOrganization()
    for (const { id } of [user, other]) await system.policies.assign({ policyId: old.id, userId: id })
    await system.policies.assign({ policyId: old.id, organizationId })
    expect(await system.policies.get({ policyId: old.id })).toMatchObject({ users: 2, organizations: 1 })
    await expect(system.policies.delete({ policyId: old.id })).rejects.toMatchObject({
      code: 'policies.inUse',
      details: { users: 2, organizations: 1 },
    })
    expect(await codeOf(system.policies.delete({ policyId: old.id, reassignTo: old.id }))).toBe('policies.inUse')
    expect(await codeOf(system.policies.delete({ policyId: old.id, reassignTo: 'pol_01h455vb4pex5vsknk084sn02q' }))).toBe(
      'request.notFound',
    )
    expect(await system.policies.delete({ policyId: old.id, reassignTo: next.id })).toEqual({
      policyId: old.id,
      users: 2,
      organizations: 1,
    })
    expect((await system.users.get({ userId: user.id })).resourcePolicy).toBe(next.name)
    expect((await system.organizations.get({ organizationId })).resourcePolicy).toBe(next.name)
  })

  test('whoever gets another policy, or whose policy changes, is known with it at the next call', async () => {
    const system = world().asSystem()
    const organizationId = await world().newOrganization()
    const managed = await world().newUser({ organizationId })
    const { token } = await world().signIn(managed)
    const known = async () => (await world().core.authenticate(token))?.requestsPerMinute
    const [own, home, general] = [
      await newPolicy(world(), { requestsPerMinute: 1_000 }),
      await newPolicy(world(), { requestsPerMinute: 2_000 }),
      await newPolicy(world(), { requestsPerMinute: 3_000 }),
    ]
    expect(await known()).toBeNull()
    await system.policies.assign({ policyId: general.id, asDefault: true })
    expect(await known()).toBe(3_000)
    await system.policies.update({ policyId: general.id, limits: { requestsPerMinute: 3_001 } })
    expect(await known()).toBe(3_001)
    await system.organizations.update({ organizationId, resourcePolicy: home.name })
    expect(await known()).toBe(2_000)
    await system.policies.update({ policyId: home.id, limits: { requestsPerMinute: 2_001 } })
    expect(await known()).toBe(2_001)
    await system.users.update({ userId: managed.id, resourcePolicy: own.name })
    expect(await known()).toBe(1_000)
    await system.policies.update({ policyId: own.id, remove: ['requestsPerMinute'] })
    expect(await known()).toBe(2_001)
    await system.organizations.removeMember({ organizationId, userId: managed.id })
    await system.policies.assign({ policyId: null, organizationId })
    expect(await known()).toBe(3_001)
    await system.policies.assign({ policyId: home.id, organizationId })
    expect(await known()).toBe(2_001)
    await system.policies.delete({ policyId: home.id, reassignTo: null })
    expect(await known()).toBe(3_001)
    await system.policies.assign({ policyId: null, asDefault: true })
    expect(await known()).toBeNull()
  })

  test('19: only operators decide about policies; administrators and users see what holds for them', async () => {
    const organizationId = await world().newOrganization()
    const [owner, member, stranger] = [
      await world().asMember(organizationId, 'owner'),
      await world().asMember(organizationId),
      await world().signUp(),
    ]
    const policy = await newPolicy(world(), { maxSessions: 50 })
    for (const { as, user } of [owner, member, stranger]) {
      const attempts = [
        () => as.policies.create({ name: named('mine'), limits: {} }),
        () => as.policies.update({ policyId: policy.id, limits: { maxSessions: null } }),
        () => as.policies.delete({ policyId: policy.id }),
        () => as.policies.get({ policyId: policy.id }),
        () => as.policies.list({}),
        () => as.policies.assign({ policyId: policy.id, userId: user.id }),
        () => as.policies.assign({ policyId: policy.id, organizationId }),
        () => as.policies.assign({ policyId: null, asDefault: true }),
      ]
      for (const attempt of attempts) expect(await codeOf(attempt())).toBe('request.denied')
      expect(Object.keys(await limitsOf(world(), {}, as))).toEqual([])
    }
    expect(await seen(owner, { organizationId })).toBe('done')
    expect(await seen(member, { organizationId })).toBe('request.denied')
    expect(await seen(stranger, { organizationId })).toBe('request.notFound')
    expect(await seen(stranger, { userId: owner.user.id })).toBe('request.notFound')
    expect(await seen(owner, { userId: stranger.user.id })).toBe('request.notFound')
    const managed = await world()
      .asSystem()
      .users.create({ username: named('theirs'), organizationId })
    expect(await seen(owner, { userId: managed?.id ?? owner.user.id })).toBe('done')
    const monitor = await world().asMonitor()
    expect(await codeOf(monitor.as.policies.list({}))).toBe('done')
    expect(await codeOf(monitor.as.policies.assign({ policyId: null, asDefault: true }))).toBe('request.denied')
  })

  test('assigning names one whom it is for, who is there', async () => {
    const system = world().asSystem()
    const { id: policyId } = await newPolicy(world(), {})
    const user = await world().newUser()
    const organizationId = await world().newOrganization()
    expect(await codeOf(system.policies.assign({ policyId }))).toBe('request.invalid')
    expect(await codeOf(system.policies.assign({ policyId, userId: user.id, organizationId }))).toBe('request.invalid')
    expect(await codeOf(system.policies.assign({ policyId, userId: 'usr_01h455vb4pex5vsknk084sn02q' }))).toBe('request.notFound')
    expect(await codeOf(system.policies.assign({ policyId, organizationId: 'org_01h455vb4pex5vsknk084sn02q' }))).toBe('request.notFound')
    expect(await codeOf(system.policies.assign({ policyId: 'pol_01h455vb4pex5vsknk084sn02q', userId: user.id }))).toBe('request.notFound')
    expect(await system.policies.assign({ policyId, userId: user.id })).toEqual({ policyId, changed: true })
    expect(await system.policies.assign({ policyId, userId: user.id })).toEqual({ policyId, changed: false })
    expect(await codeOf(system.policies.effective({}))).toBe('request.invalid')
  })
})

const seen = ({ as }: SignedInUser, about: { userId?: Id<'usr'>; organizationId?: Id<'org'> }) => codeOf(as.policies.effective(about))

describe.each(bothDatabases)('policies as they are kept, on %s', (database) => {
  const world = useWorld({ database })

  test('one is made, shown, listed by name page by page, changed and deleted', async () => {
    const { as } = await world().asSuperadmin()
    const name = named('students')
    const made = await as.policies.create({ name, description: 'for a term', limits: { maxSessions: 3, maxApiTokens: null } })
    expect(made).toMatchObject({
      name,
      description: 'for a term',
      limits: { maxSessions: 3, maxApiTokens: null },
      isDefault: false,
      version: 1,
    })
    expect(await as.policies.get({ policyId: made.id })).toEqual({ ...made, users: 0, organizations: 0 })
    for (const other of ['a', 'zz']) await newPolicy(world(), {}, named(other))
    const all: string[] = []
    for await (const policy of as.policies.list({ limit: 1 })) all.push(policy.name)
    expect(all).toEqual([...all].sort())
    expect(all).toContain(name)
    expect((await as.policies.list({ total: true })).total).toBe(all.length)
    const changed = await as.policies.update({
      policyId: made.id,
      version: 1,
      limits: { maxSessions: null, requestsPerMinute: 60 },
      remove: ['maxApiTokens'],
    })
    expect(changed).toMatchObject({ limits: { maxSessions: null, requestsPerMinute: 60 }, version: 2, description: 'for a term' })
    expect(await as.policies.update({ policyId: made.id, limits: { requestsPerMinute: 60 } })).toEqual(changed)
    expect(await codeOf(as.policies.update({ policyId: made.id, version: 1, name: named('late') }))).toBe('request.versionConflict')
    await as.policies.delete({ policyId: made.id })
    expect(await codeOf(as.policies.get({ policyId: made.id }))).toBe('request.notFound')
    expect(await codeOf(as.policies.update({ policyId: made.id, limits: {} }))).toBe('request.notFound')
  })

  test('of each limit the first counts that says something: the user’s policy, that of their home, the default', async () => {
    const system = world().asSystem()
    const organizationId = await world().newOrganization()
    const user = await world().newUser({ organizationId })
    const own = await newPolicy(world(), { maxSessions: 1 })
    const home = await newPolicy(world(), { maxSessions: 2, maxApiTokens: 2 })
    const general = await newPolicy(world(), { maxSessions: 3, maxApiTokens: 3, requestsPerMinute: 300, maxOrganizations: null })
    expect(await limitsOf(world(), { userId: user.id })).toEqual({})
    await system.policies.assign({ policyId: general.id, asDefault: true })
    await system.policies.assign({ policyId: home.id, organizationId })
    await system.policies.assign({ policyId: own.id, userId: user.id })
    const expected = {
      maxSessions: [1, 'user'],
      maxApiTokens: [2, 'organization'],
      requestsPerMinute: [300, 'default'],
      maxOrganizations: [null, 'default'],
    }
    expect(await limitsOf(world(), { userId: user.id })).toEqual(expected)
    expect(await limitsOf(world(), { organizationId })).toMatchObject({
      maxSessions: [2, 'organization'],
      requestsPerMinute: [300, 'default'],
    })
    const stranger = await world().newUser()
    expect(await limitsOf(world(), { userId: stranger.id })).toMatchObject({ maxSessions: [3, 'default'] })
    expect(await system.policies.assign({ policyId: null, asDefault: true })).toEqual({ policyId: null, changed: true })
    expect(await system.policies.assign({ policyId: null, asDefault: true })).toEqual({ policyId: null, changed: false })
    expect(await limitsOf(world(), { userId: stranger.id })).toEqual({})
    await system.policies.assign({ policyId: null, userId: user.id })
    expect(await limitsOf(world(), { userId: user.id })).toEqual({ maxSessions: [2, 'organization'], maxApiTokens: [2, 'organization'] })
  })
})
