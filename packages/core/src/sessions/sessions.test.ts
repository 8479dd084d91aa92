import { anonymousActor, completed, userActor, uuidOf, type Calls, type DenizenError, type SignedIn, type User } from '@denizen/core'
import { bothDatabases, databases, password, useWorld, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const code = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: DenizenError) => error.code,
  )

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0'

interface Signed extends SignedIn {
  readonly as: Calls
}

async function signIn(world: World, user: User): Promise<Signed> {
  const origin = { ip: '192.0.2.7', userAgent: firefox }
  const answer = completed(await world.core.as(anonymousActor, origin).auth.signIn({ identifier: user.id, password }))
  const principal = await world.core.authenticate(answer.accessToken)
  if (principal === null) throw new Error('a new token opens nothing')
  world.clock.advance(1000)
  return { ...answer, as: world.core.as(userActor(principal)) }
}

async function threeTimes(world: World) {
  const user = await world.newUser()
  return { user, first: await signIn(world, user), second: await signIn(world, user), third: await signIn(world, user) }
}

const works = async (world: World, { accessToken }: SignedIn) => (await world.core.authenticate(accessToken)) !== null
const idsOf = ({ items }: { items: readonly { id: string }[] }) => items.map(({ id }) => id)

describe.each(databases)('on %s', (database) => {
  const world = useWorld({ database })

  test('sessions.get shows all that is known of a sign-in', async () => {
    const { user, first, second } = await threeTimes(world())
    const session = await second.as.sessions.get({ sessionId: first.session.id })
    expect(session).toEqual({
      id: first.session.id,
      userId: user.id,
      organizationId: null,
      createdAt: expect.any(Date) as Date,
      lastSeenAt: session.createdAt,
      expiresAt: new Date(session.createdAt.getTime() + 14 * day),
      endedAt: null,
      endReason: null,
      endedBy: null,
      ip: '192.0.2.7',
      userAgent: firefox,
      device: null,
      os: expect.stringMatching(/^Linux/) as string,
      browser: 'Firefox 132',
      authMethods: ['pwd'],
      assurance: 'aal1',
      impersonator: null,
      current: false,
    })
    expect((await second.as.sessions.get({ sessionId: second.session.id })).current).toBe(true)
  })

  test('sessions.end ends one at once and no other; a second time there is nothing to end', async () => {
    const { user, first, second, third } = await threeTimes(world())
    expect(await third.as.sessions.end({ sessionId: first.session.id })).toEqual({ sessionsEnded: 1, tokensEnded: 1 })
    expect(await Promise.all([first, second, third].map((one) => works(world(), one)))).toEqual([false, true, true])
    expect(await code(world().core.as(anonymousActor).auth.refresh({ refreshToken: first.refreshToken }))).toBe('auth.invalidRefreshToken')
    expect(await third.as.sessions.end({ sessionId: first.session.id })).toEqual({ sessionsEnded: 0, tokensEnded: 0 })
    expect(await third.as.sessions.get({ sessionId: first.session.id })).toMatchObject({ endReason: 'ended', endedBy: null })
    const history = await world().rows(`select outcome, actor_id from login_attempts where user_id = ? and outcome = 'revoked'`, [
      uuidOf(user.id),
    ])
    expect(history).toEqual([{ outcome: 'revoked', actor_id: null }])
  })

  test('sessions.endOthers leaves the session that asks; sessions.endAll leaves none; API tokens stay', async () => {
    const { user, first, second, third } = await threeTimes(world())
    await world().rows(
      `insert into tokens (id, kind, user_id, hash, created_at) values (gen_random_uuid(), 'api', ?, 'x', now()) returning 1`,
      [uuidOf(user.id)],
    )
    expect(await second.as.sessions.endOthers()).toEqual({ sessionsEnded: 2, tokensEnded: 2 })
    expect(await Promise.all([first, second, third].map((one) => works(world(), one)))).toEqual([false, true, false])
    expect(await second.as.sessions.endAll()).toEqual({ sessionsEnded: 1, tokensEnded: 1 })
    expect(await works(world(), second)).toBe(false)
    const live = await world().rows(`select kind from tokens where user_id = ? and revoked_at is null`, [uuidOf(user.id)])
    expect(live).toEqual([{ kind: 'api' }])
  })

  test('sessions.end tells beforehand what would end', async () => {
    const { first, third } = await threeTimes(world())
    expect(await third.as.sessions.end.plan({ sessionId: first.session.id })).toMatchObject({
      sessionsEnded: 1,
      tokensEnded: 1,
      events: { 'sessions.ended': 1 },
    })
    expect(await works(world(), first)).toBe(true)
  })

  test('who ends the sessions of somebody else is named', async () => {
    const { user, first, second } = await threeTimes(world())
    const admin = await world().asSuperadmin()
    await admin.as.sessions.end({ sessionId: first.session.id })
    expect(await admin.as.sessions.endAll({ userId: user.id })).toMatchObject({ sessionsEnded: 2 })
    expect(await works(world(), second)).toBe(false)
    const { items } = await admin.as.sessions.list({ userId: user.id })
    expect(items.map(({ endReason, endedBy }) => [endReason, endedBy])).toEqual(Array(3).fill(['ended', admin.user.id]))
    const by = await world().rows<{ actor_id: string }>(
      `select actor_id::text from login_attempts where user_id = ? and outcome = 'revoked'`,
      [uuidOf(user.id)],
    )
    expect(by).toEqual(Array(3).fill({ actor_id: uuidOf(admin.user.id) }))
  })

  test('a stranger has none, finds none and ends none; a monitor sees but does not touch', async () => {
    const { user, first } = await threeTimes(world())
    const [stranger, monitor] = [await world().signUp(), await world().asMonitor()]
    const [userId, sessionId] = [user.id, first.session.id]
    const nobody = world().asAnonymous().sessions
    expect(await code(nobody.list())).toBe('request.unauthenticated')
    expect(await code(nobody.endAll({ userId }))).toBe('request.unauthenticated')
    expect(await code(nobody.endOthers())).toBe('request.unauthenticated')
    const { sessions } = stranger.as
    const calls = [
      () => sessions.get({ sessionId }),
      () => sessions.end({ sessionId }),
      () => sessions.list({ userId }),
      () => sessions.endAll({ userId }),
    ]
    for (const call of calls) expect(await code(call())).toBe('request.notFound')
    expect(idsOf(await monitor.as.sessions.list({ userId }))).toHaveLength(3)
    expect(await code(monitor.as.sessions.end({ sessionId }))).toBe('request.denied')
    expect(await code(monitor.as.sessions.endAll({ userId }))).toBe('request.denied')
    expect(await works(world(), first)).toBe(true)
    expect(await code(world().asSystem().sessions.list())).toBe('request.invalid')
  })

  test('an administrator has power over the sessions of those whom the organization manages, and of nobody above them', async () => {
    const domain = `${database}.example`
    const organizationId = await world().newOrganization(`org-${database}`)
    await world().ownDomain(organizationId, domain)
    const admin = await world().asMember(organizationId, 'admin')
    const newManaged = async (name: string) => {
      const user = await world().newUser({ username: `${name}-${database}`, email: `${name}@${domain}`, organizationId })
      return signIn(world(), user)
    }
    const [managed, owner] = [await newManaged('managed'), await newManaged('owner')]
    await world().rows(`update memberships set role = 'owner' where user_id = ? returning 1`, [uuidOf(owner.user.id)])
    const guest = await world().asMember(organizationId)
    const [session] = (await admin.as.sessions.list({ userId: managed.user.id })).items
    expect(session).toMatchObject({ id: managed.session.id, organizationId })
    expect(await code(admin.as.sessions.list({ userId: guest.user.id }))).toBe('request.notFound')
    expect(await code(admin.as.sessions.end({ sessionId: guest.principal.sessionId ?? 'ses_' }))).toBe('request.notFound')
    expect(await code(admin.as.sessions.end({ sessionId: owner.session.id }))).toBe('request.denied')
    expect(await admin.as.sessions.end({ sessionId: managed.session.id })).toEqual({ sessionsEnded: 1, tokensEnded: 1 })
    expect(await works(world(), managed)).toBe(false)
  })

  test('C9: when a session expires is the same wherever it is told, and not when its access token does', async () => {
    const user = await world().newUser()
    const signedIn = completed(await world().asAnonymous().auth.signIn({ identifier: user.id, password }))
    const principal = await world().core.authenticate(signedIn.accessToken)
    if (principal === null) throw new Error('signed in')
    const as = world().core.as(userActor(principal))
    const told = [(await as.sessions.whoami()).session, (await as.users.current({})).session, (await as.sessions.list()).items[0]]
    for (const session of told) expect(session?.expiresAt).toEqual(signedIn.session.expiresAt)
    expect(signedIn.session.expiresAt.getTime()).toBeGreaterThan(signedIn.accessTokenExpiresAt.getTime())
  })

  test('an API token has no session whose others there would be, and whoever acts for somebody does not end theirs', async () => {
    const { first } = await threeTimes(world())
    const principal = await world().core.authenticate(first.accessToken)
    if (principal === null) throw new Error('signed in')
    const admin = await world().asSuperadmin()
    await world().rows('update sessions set impersonator_id = ?, impersonator_session_id = ? where id = ? returning 1', [
      uuidOf(admin.user.id),
      uuidOf(admin.principal.sessionId ?? ''),
      uuidOf(first.session.id),
    ])
    expect(await code(world().core.as(userActor(principal)).sessions.endOthers())).toBe('auth.ownSessionRequired')
    const shown = await world().core.as(userActor(principal)).sessions.get({ sessionId: first.session.id })
    expect(shown.impersonator).toEqual({ userId: admin.user.id, username: admin.user.username })
  })
})

describe.each(bothDatabases)('lists of sessions on %s', (database) => {
  const world = useWorld({ database })

  test('sessions.list is all of them page by page, listActive what runs, listRecent what was used of late', async () => {
    const { first, second, third } = await threeTimes(world())
    await second.as.auth.signOut()
    const all: string[] = []
    for await (const { id } of third.as.sessions.list({ limit: 1 })) all.push(id)
    expect(all).toEqual([third, second, first].map(({ session }) => session.id))
    expect(idsOf(await third.as.sessions.listActive())).toEqual([third.session.id, first.session.id])
    expect(idsOf(await third.as.sessions.listRecent())).toEqual([third, second, first].map(({ session }) => session.id))
    world().clock.advance(2 * day)
    await world().core.as(anonymousActor).auth.refresh({ refreshToken: first.refreshToken })
    await world().core.as(anonymousActor).auth.refresh({ refreshToken: third.refreshToken })
    const recent: string[] = []
    const { as } = await world().asSuperadmin()
    for await (const { id } of as.sessions.listRecent({ userId: first.user.id, days: 1, limit: 1 })) recent.push(id)
    expect(recent.toSorted()).toEqual([first.session.id, third.session.id].toSorted())
    world().clock.advance(15 * day)
    expect((await as.sessions.listActive({ userId: first.user.id })).items).toEqual([])
    expect((await as.sessions.listRecent({ userId: first.user.id, days: 365 })).items).toHaveLength(3)
  })

  test('ABUSE 16: a cursor goes to nobody else, to no other user and to no other list', async () => {
    const { user, third } = await threeTimes(world())
    const { nextCursor } = await third.as.sessions.list({ limit: 1 })
    const cursor = nextCursor ?? ''
    const other = await threeTimes(world())
    const admin = await world().asSuperadmin()
    expect(await code(third.as.sessions.list({ limit: 1, cursor }))).toBe('done')
    for (const misuse of [
      () => third.as.sessions.listActive({ cursor }),
      () => third.as.sessions.listRecent({ cursor }),
      () => other.third.as.sessions.list({ cursor }),
      () => admin.as.sessions.list({ userId: user.id, cursor }),
    ])
      expect(await code(misuse())).toBe('request.invalid')
  })
})

describe('when sessions were last seen', () => {
  const world = useWorld()
  const seenAt = async ({ session, as }: Signed) => (await as.sessions.get({ sessionId: session.id })).lastSeenAt

  test('is written off the path of requests, at most once a minute for each', async () => {
    const user = await world().newUser()
    const [used, left] = [await signIn(world(), user), await signIn(world(), user)]
    await world().core.writeLastSeen()
    const before = await seenAt(left)
    world().clock.advance(minute)
    await world().core.authenticate(used.accessToken)
    const usedAt = world().clock.now()
    expect(await seenAt(used)).not.toEqual(usedAt)
    await world().core.writeLastSeen()
    expect([await seenAt(used), await seenAt(left)]).toEqual([usedAt, before])
    world().clock.advance(minute - 1)
    await world().core.authenticate(used.accessToken)
    await world().core.writeLastSeen()
    expect(await seenAt(used)).toEqual(usedAt)
  })

  test('shows the session that somebody acts through for a user, but not the user', async () => {
    const [user, admin] = [await world().newUser(), await world().asSuperadmin()]
    const through = await signIn(world(), user)
    await world().core.writeLastSeen()
    const { lastSeenAt } = await admin.as.users.activity({ userId: user.id })
    await world().rows('update sessions set impersonator_id = ?, impersonator_session_id = ? where id = ? returning 1', [
      uuidOf(admin.user.id),
      uuidOf(admin.principal.sessionId ?? ''),
      uuidOf(through.session.id),
    ])
    world().clock.advance(5 * minute)
    const core = world().another({})
    await core.authenticate(through.accessToken)
    await core.writeLastSeen()
    expect(await seenAt(through)).toEqual(world().clock.now())
    expect((await admin.as.users.activity({ userId: user.id })).lastSeenAt).toEqual(lastSeenAt)
  })
})
