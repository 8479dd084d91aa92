import { userActor, type Core } from '@denizen/core'
import { bothDatabases, databases, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const minute = 60_000
const day = 24 * 60 * minute

/** Every action, as whoever shows the token; null: it opens nothing. */
async function through(core: Core, secret: string, origin: { ip?: string; remote?: true } = {}) {
  const principal = await core.authenticate(secret)
  return principal === null ? null : core.as(userActor(principal), origin)
}

async function opening(core: Core, secret: string) {
  const calls = await through(core, secret)
  if (calls === null) throw new Error('the token opens nothing')
  return calls
}

const refused = (code: string) => expect.objectContaining({ code })

describe.each(databases)('API tokens on %s', (database) => {
  const world = useWorld({ database })
  const core = () => world().core

  test('make no other tokens and do nothing that wants a fresh proof, however fresh their making', async () => {
    const ada = await world().signUp()
    const { secret, token } = await ada.as.tokens.create({ name: 'would be more' })
    const calls = await opening(core(), secret)
    await expect(calls.tokens.create({ name: 'another' })).rejects.toEqual(refused('auth.ownSessionRequired'))
    await expect(calls.tokens.rotate({ tokenId: token.id })).rejects.toEqual(refused('auth.ownSessionRequired'))
    world().clock.advance(5 * minute)
    await expect(ada.as.tokens.create({ name: 'late' })).rejects.toEqual(refused('auth.freshProofRequired'))
  })

  test('do only what their scopes name', async () => {
    const admin = await world().asSuperadmin()
    const { secret } = await admin.as.tokens.create({ name: 'reads', scopes: ['users.get', 'tokens.*'] })
    const calls = await opening(core(), secret)
    await expect(calls.users.get({ userId: admin.user.id })).resolves.toMatchObject({ id: admin.user.id })
    await expect(calls.users.find({ identifier: admin.user.username })).rejects.toEqual(refused('auth.outOfScope'))
    await expect(calls.users.create({ username: 'never-was' })).rejects.toEqual(refused('auth.outOfScope'))
    expect((await calls.tokens.list()).items).toHaveLength(1)
  })

  test('ABUSE 19, 22, 42: nobody names in a scope what they may not do', async () => {
    const [ada, monitor] = [await world().signUp(), await world().asMonitor()]
    for (const scopes of [['*'], ['queries'], ['users.*'], ['users.archive'], ['tokens.verify'], ['no.such']])
      await expect(ada.as.tokens.create({ name: 'wide', scopes })).rejects.toMatchObject({
        code: 'tokens.scopeTooWide',
        details: { scopes },
      })
    await expect(
      ada.as.tokens.create({ name: 'own', scopes: ['users.current', 'organizations.create', 'tokens.list'] }),
    ).resolves.toBeDefined()
    await expect(monitor.as.tokens.create({ name: 'sees', scopes: ['queries'] })).resolves.toBeDefined()
    await expect(monitor.as.tokens.create({ name: 'does', scopes: ['users.archive'] })).rejects.toEqual(refused('tokens.scopeTooWide'))
  })

  test('do less as soon as their user may do less', async () => {
    const [admin] = [await world().asSuperadmin(), await world().asSuperadmin()]
    const { secret } = await admin.as.tokens.create({ name: 'everything', scopes: ['*'] })
    await expect((await opening(core(), secret)).users.count({})).resolves.toBeDefined()
    await world().asSystem().users.demote({ userId: admin.user.id })
    await expect((await opening(core(), secret)).users.count({})).rejects.toEqual(refused('request.denied'))
  })

  test('ABUSE 6: end when they expire, are revoked, or their user is: at the next call, and after a restart', async () => {
    const ada = await world().signUp()
    const make = async (name: string) => ada.as.tokens.create({ name, lifetimeDays: 2 })
    const [expires, revoked, goes] = [await make('expires'), await make('revoked'), await make('goes with its user')]
    for (const { secret } of [expires, revoked, goes]) await (await opening(core(), secret)).sessions.whoami()
    expect(await ada.as.tokens.revoke({ tokenId: revoked.token.id })).toMatchObject({ state: 'revoked', revokedAt: world().clock.now() })
    expect(await through(core(), revoked.secret)).toBeNull()
    world().clock.advance(2 * day)
    expect(await through(core(), expires.secret)).toBeNull()
    const fresh = await world().signIn(ada.user)
    const last = await fresh.as.tokens.create({ name: 'last' })
    await (await opening(core(), last.secret)).sessions.whoami()
    await world().asSystem().users.setStatus({ userId: ada.user.id, status: 'suspended' })
    await world().asSystem().users.setStatus({ userId: ada.user.id, status: 'active' })
    const secrets = [expires, revoked, goes, last].map(({ secret }) => secret)
    for (const running of [core(), world().another({})])
      expect(await Promise.all(secrets.map((secret) => running.authenticate(secret)))).toEqual([null, null, null, null])
    const { items } = await world().asSystem().tokens.list({ userId: ada.user.id })
    expect(Object.fromEntries(items.map(({ name, state }) => [name, state]))).toEqual({
      last: 'revoked',
      revoked: 'revoked',
      expires: 'expired',
      'goes with its user': 'expired',
    })
    const { items: over } = await world().asSystem().tokens.list({ userId: ada.user.id, state: 'revoked', limit: 1 })
    expect(over).toEqual([items[0]])
  })

  test('work from their addresses only, in queries and commands, whatever their user may', async () => {
    const ada = await world().signUp()
    const { secret } = await ada.as.tokens.create({ name: 'at home', allowedIps: ['192.0.2.0/24'] })
    const principal = await core().authenticate(secret)
    if (principal === null) throw new Error('it opens nothing')
    const from = (origin: { ip?: string; remote?: true }) => core().as(userActor(principal), origin)
    await expect(from({ ip: '192.0.2.9', remote: true }).sessions.whoami()).resolves.toBeDefined()
    for (const origin of [{ ip: '198.51.100.1', remote: true as const }, { remote: true as const }]) {
      await expect(from(origin).sessions.whoami()).rejects.toEqual(refused('auth.addressNotAllowed'))
      await expect(from(origin).users.updateCurrent({ fullName: 'Eve' })).rejects.toEqual(refused('auth.addressNotAllowed'))
    }
    await expect(from({ ip: '::ffff:192.0.2.9', remote: true }).users.updateCurrent({ fullName: 'Ada' })).resolves.toBeDefined()
  })

  test('ABUSE 10: act in their organization alone, and lose it with the membership', async () => {
    const [here, there] = [await world().newOrganization(), await world().newOrganization()]
    const user = await world().newUser()
    await world().join(here, user, 'owner')
    await world().join(there, user, 'owner')
    const ada = await world().signIn(user)
    const { secret, token } = await ada.as.tokens.create({
      name: 'here',
      organizationId: here,
      scopes: ['organizations.get', 'organizations.update'],
    })
    expect(token.organizationId).toBe(here)
    const calls = await opening(core(), secret)
    await expect(calls.organizations.get({ organizationId: here })).resolves.toMatchObject({ id: here })
    await expect(calls.organizations.get({ organizationId: there })).rejects.toEqual(refused('request.notFound'))
    await expect(calls.organizations.update({ organizationId: there, name: 'Taken' })).rejects.toEqual(refused('request.notFound'))
    const elsewhere = await world().newOrganization()
    await expect(ada.as.tokens.create({ name: 'x', organizationId: elsewhere })).rejects.toEqual(refused('request.notFound'))
    await world().join(here, await world().newUser(), 'owner')
    await world().asSystem().organizations.removeMember({ organizationId: here, userId: user.id })
    await expect((await opening(core(), secret)).organizations.get({ organizationId: here })).rejects.toEqual(refused('request.notFound'))
  })

  test('ABUSE 42: rotation changes the secret, and widens nothing', async () => {
    const admin = await world().asSuperadmin()
    const limits = { scopes: ['users.count'], allowedIps: ['192.0.2.0/24'], lifetimeDays: 10 }
    const first = await admin.as.tokens.create({ name: 'counts', ...limits })
    world().clock.advance(minute)
    await opening(core(), first.secret) // it is cached from now on
    const second = await admin.as.tokens.rotate({ tokenId: first.token.id })
    expect(await world().rows('select keys from invalidations where ? = any(keys)', [first.token.id])).toHaveLength(1) // for other processes
    expect(second.secret).not.toBe(first.secret)
    const { name, scopes, allowedIps } = second.token
    expect({ name, scopes, allowedIps }).toEqual({ name: 'counts', scopes: limits.scopes, allowedIps: limits.allowedIps })
    expect(second.token.expiresAt).toEqual(new Date(world().clock.now().getTime() + 10 * day))
    expect(await through(core(), first.secret)).toBeNull()
    expect(await admin.as.tokens.get({ tokenId: first.token.id })).toMatchObject({ state: 'replaced', replacedBy: second.token.id })
    await expect(admin.as.tokens.rotate({ tokenId: first.token.id })).rejects.toEqual(refused('tokens.over'))

    const third = await admin.as.tokens.rotate({ tokenId: second.token.id, overlapSeconds: 60 })
    for (const { secret } of [second, third]) await (await through(core(), secret, { ip: '192.0.2.1', remote: true }))?.users.count({})
    await expect(admin.as.tokens.rotate({ tokenId: second.token.id })).rejects.toEqual(refused('tokens.over'))
    world().clock.advance(minute)
    expect([await through(core(), second.secret), await through(core(), third.secret)]).toEqual([null, expect.anything()])
  })

  test('of an account that an organization manages: its admins make them for the organization, and see no others', async () => {
    const [ours, theirs] = [await world().newOrganization(), await world().newOrganization()]
    const admin = await world().asMember(ours, 'admin')
    const bot = await world()
      .asSystem()
      .users.create({ username: `bot-of-${ours.slice(-6)}`, kind: 'service', organizationId: ours })
    if (bot === null) throw new Error('no bot')
    await world().join(theirs, bot, 'owner')
    const { token, secret } = await admin.as.tokens.create({ name: 'ours', userId: bot.id })
    expect(token.organizationId).toBe(ours)
    await expect((await opening(core(), secret)).organizations.get({ organizationId: theirs })).rejects.toEqual(refused('request.notFound'))
    await expect(admin.as.tokens.create({ name: 'x', userId: bot.id, organizationId: theirs })).rejects.toEqual(refused('request.notFound'))
    const system = world().asSystem()
    const foreign = await system.tokens.create({ name: 'theirs', userId: bot.id, organizationId: theirs })
    const free = await system.tokens.create({ name: 'anywhere', userId: bot.id })
    expect((await admin.as.tokens.list({ userId: bot.id })).items.map(({ name }) => name).sort()).toEqual(['anywhere', 'ours'])
    for (const call of [admin.as.tokens.get, admin.as.tokens.revoke, admin.as.tokens.rotate])
      await expect(call({ tokenId: foreign.token.id })).rejects.toEqual(refused('request.notFound'))
    await expect(admin.as.tokens.rotate({ tokenId: free.token.id })).rejects.toEqual(refused('request.notFound'))
    await expect(admin.as.tokens.rotate({ tokenId: token.id })).resolves.toMatchObject({ token: { organizationId: ours } })
  })
})

describe.each(bothDatabases)('API tokens as they are kept, on %s', (database) => {
  const world = useWorld({ database })
  const core = () => world().core

  test('stand for their user, without a session, and are shown once', async () => {
    const ada = await world().signUp()
    const { token, secret } = await ada.as.tokens.create({ name: 'backup' })
    expect(secret).toMatch(new RegExp(`^${token.prefix}_[0-9A-Za-z]{49}$`))
    expect(token).toMatchObject({
      name: 'backup',
      userId: ada.user.id,
      state: 'active',
      scopes: null,
      expiresAt: null,
      createdBy: ada.user.id,
    })
    const calls = await opening(core(), secret)
    expect(await calls.sessions.whoami()).toMatchObject({ user: { id: ada.user.id }, session: null })
    const shown = [await ada.as.tokens.get({ tokenId: token.id }), ...(await ada.as.tokens.list()).items]
    expect(shown).toEqual([token, token])
    expect(JSON.stringify(await world().rows('select * from tokens where kind = ?', ['api']))).not.toContain(secret)
    expect(JSON.stringify(await world().rows('select * from audit_entries'))).not.toContain(secret)
  })

  test('are made for service users, which have no password, by whoever is above them', async () => {
    const admin = await world().asSuperadmin()
    const bot = await world().newUser({ kind: 'service', email: undefined, username: 'the-bot', password: undefined })
    const { secret, token } = await admin.as.tokens.create({ name: 'the bot', userId: bot.id })
    expect(token).toMatchObject({ userId: bot.id, createdBy: admin.user.id })
    expect(await (await opening(core(), secret)).sessions.whoami()).toMatchObject({ user: { username: 'the-bot' } })
    const ada = await world().signUp()
    await expect(ada.as.tokens.create({ name: 'x', userId: bot.id })).rejects.toEqual(refused('request.notFound'))
    await expect(ada.as.tokens.list({ userId: bot.id })).rejects.toEqual(refused('request.notFound'))
    await expect(ada.as.tokens.revoke({ tokenId: token.id })).rejects.toEqual(refused('request.notFound'))
    await expect(admin.as.tokens.create({ name: 'x', userId: ada.user.id })).rejects.toEqual(refused('tokens.notServiceUser'))
    const own = await ada.as.tokens.create({ name: 'own' })
    await expect(admin.as.tokens.rotate({ tokenId: own.token.id })).rejects.toEqual(refused('tokens.notServiceUser'))
    await expect(admin.as.tokens.revoke({ tokenId: own.token.id })).resolves.toMatchObject({ state: 'revoked' })
  })

  test('are known to have been used, to the minute, written off the path of requests', async () => {
    const ada = await world().signUp()
    const { secret, token } = await ada.as.tokens.create({ name: 'used' })
    const lastUsed = async () => (await ada.as.tokens.get({ tokenId: token.id })).lastUsedAt
    for (let count = 0; count < 5; count++) await core().authenticate(secret)
    expect(await lastUsed()).toBeNull()
    await core().writeLastSeen()
    const first = world().clock.now()
    expect(await lastUsed()).toEqual(first)
    world().clock.advance(minute - 1)
    await core().authenticate(secret)
    await core().writeLastSeen()
    expect(await lastUsed()).toEqual(first)
    world().clock.advance(1)
    await core().authenticate(secret)
    await core().writeLastSeen()
    expect(await lastUsed()).toEqual(world().clock.now())
  })
})

describe('verification', () => {
  const world = useWorld()

  test('tells whose token it is and what it may do, and of what opens nothing only that', async () => {
    const admin = await world().asSuperadmin()
    const ada = await world().signUp()
    const { secret, token } = await ada.as.tokens.create({ name: 'x', scopes: ['users.current'], lifetimeDays: 1 })
    const before = await world().counts()
    const answer = await admin.as.tokens.verify({ token: secret })
    expect(answer).toEqual({
      active: true,
      kind: 'api',
      user: { id: ada.user.id, username: ada.user.username },
      tokenId: token.id,
      scopes: ['users.current'],
      organizationId: null,
      impersonator: null,
      audience: null,
      pendingSteps: [],
      expiresAt: token.expiresAt,
    })
    const seconds = Math.floor((token.expiresAt?.getTime() ?? 0) / 1000)
    expect(await admin.as.tokens.introspect({ token: secret })).toEqual({
      active: true,
      token_type: 'Bearer',
      sub: ada.user.id,
      username: ada.user.username,
      client_id: 'denizen',
      iss: 'http://localhost:4000',
      jti: token.id,
      scope: 'users.current',
      exp: seconds,
    })
    expect(await world().counts()).toEqual(before) // it writes nothing
    await ada.as.tokens.revoke({ tokenId: token.id })
    for (const text of [secret, 'x', `${secret}x`, secret.replace('api', 'access'), 'eyJ.eyJ.x']) {
      expect(await admin.as.tokens.verify({ token: text })).toEqual({ active: false })
      expect(await admin.as.tokens.introspect({ token: text })).toEqual({ active: false })
    }
  })

  test('is for services alone, and heeds addresses', async () => {
    const [admin, ada] = [await world().asSuperadmin(), await world().signUp()]
    await expect(ada.as.tokens.verify({ token: ada.token })).rejects.toEqual(refused('request.denied'))
    await expect(world().asAnonymous().tokens.introspect({ token: ada.token })).rejects.toEqual(refused('request.unauthenticated'))
    const { secret } = await ada.as.tokens.create({ name: 'at home', allowedIps: ['192.0.2.0/24'] })
    const isActive = async (ip?: string) => (await admin.as.tokens.verify({ token: secret, ...(ip !== undefined && { ip }) })).active
    expect([await isActive('192.0.2.1'), await isActive('198.51.100.1'), await isActive()]).toEqual([true, false, false])
    const service = await admin.as.tokens.create({ name: 'gateway', scopes: ['tokens.verify'] })
    const principal = await world().core.authenticate(service.secret)
    if (principal === null) throw new Error('it opens nothing')
    expect(await world().core.as(userActor(principal)).tokens.verify({ token: ada.token })).toMatchObject({ active: true, kind: 'access' })
  })
})
