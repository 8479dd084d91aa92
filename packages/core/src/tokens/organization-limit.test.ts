import { actions, userActor, type Calls, type Id, type User } from '@denizen/core'
import { useWorld, type SignedInUser } from '@denizen/core/testing'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )

describe('68: S12: an API token for one organization', () => {
  const world = useWorld()
  let [here, there]: [Id<'org'>, Id<'org'>] = ['org_', 'org_']
  let user: SignedInUser
  let limited: Calls
  beforeAll(async () => {
    ;[here, there] = [await world().newOrganization(), await world().newOrganization()]
    const account = await world().newUser()
    for (const organizationId of [here, there]) {
      await world().join(organizationId, account, 'admin')
      await world().join(organizationId, await world().newUser(), 'owner')
    }
    user = await world().signIn(account)
    const { secret } = await user.as.tokens.create({ name: 'here', organizationId: here })
    const principal = await world().core.authenticate(secret)
    if (principal === null) throw new Error('a new token opens nothing')
    limited = world().core.as(userActor(principal))
  })

  test('does what is about that organization, and tells whose it is', async () => {
    expect(await limited.sessions.whoami()).toMatchObject({ user: { id: user.user.id } })
    const current = await limited.users.current({})
    expect([current.user.id, current.memberships.map(({ organization }) => organization.id)]).toEqual([user.user.id, [here]])
    expect((await limited.organizations.list({})).items.map(({ id }) => id)).toEqual([here])
    const team = await limited.teams.create({ organizationId: here, name: 'Ours' })
    await limited.teams.addMember({ teamId: team.id, userId: user.user.id })
    expect(await limited.access.check({ permission: 'teams.create', on: { organizationId: here } })).toEqual({ allowed: true })
    expect(await limited.access.check({ permission: 'teams.create', on: { organizationId: there } })).toEqual({ allowed: false })
    expect((await limited.tokens.issueAgent({})).token).toBeDefined()
    await expect(limited.teams.removeMember({ teamId: team.id, userId: user.user.id })).resolves.toBeDefined()
  })

  test('does nothing to the account of its user, and reads nothing of it', async () => {
    const [own] = (await user.as.sessions.list()).items
    const sessionId = own?.id ?? 'ses_'
    const { items: tokens } = await user.as.tokens.list()
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      updateCurrent: () => limited.users.updateCurrent({ fullName: 'Eve' }),
      updatePreferences: () => limited.users.updatePreferences({ preferences: { a: 1 } }),
      get: () => limited.users.get({ userId: user.user.id }),
      activity: () => limited.users.activity({ userId: user.user.id }),
      endAll: () => limited.sessions.endAll(),
      end: () => limited.sessions.end({ sessionId }),
      sessions: () => limited.sessions.list(),
      session: () => limited.sessions.get({ sessionId }),
      tokens: () => limited.tokens.list(),
      revoke: () => limited.tokens.revoke({ tokenId: tokens[0]?.id ?? 'tok_' }),
      history: () => limited.auth.listLoginHistory({}),
      factors: () => limited.factors.list({}),
      passkeys: () => limited.passkeys.list({}),
      identities: () => limited.identities.list({}),
      invitations: () => limited.organizations.listInvitations({}),
      verification: () => limited.auth.requestEmailVerification({}),
    }
    const answers = Object.fromEntries(
      await Promise.all(Object.entries(calls).map(async ([name, call]) => [name, await codeOf(call())] as const)),
    )
    expect(answers).toEqual(Object.fromEntries(Object.keys(calls).map((name) => [name, 'auth.outOfOrganization'])))
    expect(await codeOf(user.as.sessions.list())).toBe('done')
  })

  test('joins, leaves and founds no other organization', async () => {
    expect(await codeOf(limited.organizations.create({ slug: 'founded-by-a-token', name: 'Founded' }))).toBe('request.denied')
    expect(await codeOf(limited.organizations.removeMember({ organizationId: there, userId: user.user.id }))).toBe('request.notFound')
    const elsewhere = await world().newOrganization()
    await world().rows('update users set email_verified = true where email = ? returning 1', [user.user.email])
    await world()
      .asSystem()
      .organizations.invite({ organizationId: elsewhere, email: user.user.email ?? '', role: 'member' })
    const [invitation] = (await user.as.organizations.listInvitations({})).items
    const invitationId = invitation?.id ?? 'inv_'
    expect(await codeOf(limited.organizations.acceptInvitation({ invitationId }))).toBe('auth.outOfOrganization')
    expect(await codeOf(limited.organizations.declineInvitation({ invitationId }))).toBe('auth.outOfOrganization')
    expect(await codeOf(user.as.organizations.acceptInvitation({ invitationId }))).toBe('done')
  })

  test('S12: has no answer of its user’s for a key, and its user has none of its own', async () => {
    const named = { idempotencyKey: 'founds-a-team' }
    const team = { organizationId: there, name: 'Theirs' }
    const made = await user.as.teams.create(team, named)
    expect(await codeOf(limited.teams.create(team, named))).toBe('request.notFound')
    expect((await user.as.teams.create(team, named)).id).toBe(made.id)
    const ours = { organizationId: here, name: 'Of the token' }
    expect(await codeOf(limited.teams.create(ours, { idempotencyKey: 'of-the-token' }))).toBe('done')
    expect(await codeOf(user.as.teams.create({ ...ours, name: 'Of the user' }, { idempotencyKey: 'of-the-token' }))).toBe('done')
  })

  test('of those actions that ask for no permission, only these are about the credential itself', () => {
    const about = [...actions].filter(([, { aboutCredential }]) => aboutCredential === true).map(([name]) => name)
    expect(about.toSorted()).toEqual([
      'access.check',
      'access.checkMany',
      'access.listAssignments',
      'access.listPermissions',
      'access.listResources',
      'auth.signOut',
      'auth.stopImpersonating',
      'organizations.list',
      'resources.list',
      'sessions.whoami',
      'tokens.issueAgent',
      'tokens.issueWebsocket',
      'users.current',
    ])
  })
})

describe('68: S12: an impersonation by a permission of one organization', () => {
  const world = useWorld()
  let [here, there]: [Id<'org'>, Id<'org'>] = ['org_', 'org_']
  let [admin, account]: [SignedInUser, User] = [null as never, null as never]
  const begin = async (by: SignedInUser) => {
    const { accessToken, session } = await by.as.auth.impersonate({ userId: account.id, reason: 'ticket 4711' })
    const principal = await world().core.authenticate(accessToken)
    if (principal === null) throw new Error('a new token opens nothing')
    return { accessToken, sessionId: session.id, as: world().core.as(userActor(principal)) }
  }
  // For each test: one of them takes the permission away.
  beforeEach(async () => {
    ;[here, there] = [await world().newOrganization(), await world().newOrganization()]
    const domain = `${crypto.randomUUID()}.example`
    await world().ownDomain(here, domain)
    account = await world().newUser({ organizationId: here, email: `managed@${domain}` })
    admin = await world().asMember(here, 'admin')
    for (const organizationId of [here, there]) await world().join(organizationId, await world().newUser(), 'owner')
    for (const user of [account, admin.user]) await world().join(there, user, 'admin')
    await world().access.give({ userId: admin.user.id, permission: 'auth.impersonate', on: { organizationId: here } })
    admin = await world().signIn(admin.user)
  })

  test('does what is about that organization, and nothing to the account; it can be stopped', async () => {
    const { as, accessToken, sessionId } = await begin(admin)
    const current = await as.users.current({})
    expect([current.user.id, current.memberships.map(({ organization }) => organization.id)]).toEqual([account.id, [here]])
    expect((await as.teams.list({ organizationId: here })).items).toEqual([])
    const check = { permission: 'teams.create', on: { organizationId: there } }
    expect(await as.access.check(check)).toEqual({ allowed: false })
    const superadmin = await world().asSuperadmin()
    const asked = { ...check, userId: account.id }
    expect(await superadmin.as.access.check(asked)).toEqual({ allowed: true })
    expect(await superadmin.as.access.check({ ...asked, sessionId })).toEqual({ allowed: false })
    expect(await superadmin.as.access.explain({ ...asked, sessionId })).toMatchObject({ allowed: false })
    const refused = {
      there: () => as.teams.create({ organizationId: there, name: 'Theirs' }),
      leave: () => as.organizations.removeMember({ organizationId: there, userId: account.id }),
      switch: () => as.organizations.switch({ organizationId: there }),
      found: () => as.organizations.create({ slug: 'founded-by-another', name: 'Founded' }),
      profile: () => as.users.updateCurrent({ fullName: 'Eve' }),
      sessions: () => as.sessions.list(),
      endAll: () => as.sessions.endAll(),
      history: () => as.auth.listLoginHistory({}),
      invitations: () => as.organizations.listInvitations({}),
    }
    const answers = await Promise.all(Object.entries(refused).map(async ([name, call]) => [name, await codeOf(call())] as const))
    expect(Object.fromEntries(answers)).toEqual({
      there: 'request.notFound',
      leave: 'request.notFound',
      switch: 'request.notFound',
      found: 'request.denied',
      ...Object.fromEntries(['profile', 'sessions', 'endAll', 'history', 'invitations'].map((name) => [name, 'auth.outOfOrganization'])),
    })
    expect(await codeOf(as.auth.stopImpersonating())).toBe('done')
    expect(await world().core.authenticate(accessToken)).toBeNull()
  })

  test('by a permission everywhere it has no such limit', async () => {
    const { as } = await begin(await world().asSuperadmin())
    expect(await codeOf(as.users.updateCurrent({ fullName: 'Ada' }))).toBe('done')
    expect(await codeOf(as.teams.create({ organizationId: there, name: 'Theirs' }))).toBe('done')
  })

  test('it ends with the membership that the permission was held by, and is not revived', async () => {
    const { accessToken } = await begin(admin)
    const other = world().another({})
    expect(await other.authenticate(accessToken)).not.toBeNull()
    await world().asSystem().organizations.removeMember({ organizationId: here, userId: admin.user.id })
    expect(await world().core.authenticate(accessToken)).toBeNull()
    await world().join(here, admin.user, 'admin')
    expect(await world().another({}).authenticate(accessToken)).toBeNull()
  })
})
