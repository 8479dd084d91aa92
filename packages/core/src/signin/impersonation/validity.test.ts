import { userActor, type DenizenError, type Id, type User } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: DenizenError) => error.code,
  )

interface Question {
  readonly permission: string
  readonly on?: { readonly organizationId: Id<'org'> }
}

const needed = ['auth.impersonate', 'users.get', 'organizations.create']

describe.each(databases)('an impersonation stands on what its impersonator holds now, on %s', (database) => {
  const world = useWorld({ database })
  let superadmin: SignedInUser
  beforeAll(async () => {
    superadmin = await world().asSuperadmin()
  })

  /** An impersonation, in the caches, and whether it goes on. */
  async function begun(by: SignedInUser, user: User, question: Question = { permission: 'organizations.create' }) {
    const { accessToken, refreshToken, session } = await by.as.auth.impersonate({ userId: user.id, reason: 'ticket 4711' })
    const asked = { userId: user.id, sessionId: session.id, ...question }
    const check = () =>
      superadmin.as.access.check(asked).then(
        ({ allowed }) => allowed,
        () => false,
      )
    const opens = async () => [(await world().core.authenticate(accessToken)) !== null, await check()]
    expect([await opens(), await opens()]).toEqual(Array(2).fill([true, true]))
    const principal = await world().core.authenticate(accessToken)
    if (principal === null) throw new Error('a new token opens nothing')
    return { opens, refreshToken, as: world().core.as(userActor(principal)) }
  }

  async function expectOver({ opens, refreshToken, as }: Awaited<ReturnType<typeof begun>>) {
    expect(await opens()).toEqual([false, false])
    expect(await codeOf(as.users.updateCurrent({ fullName: 'Eve' }))).toBe('request.unauthenticated')
    expect(await codeOf(world().asAnonymous().auth.refresh({ refreshToken }))).toBe('auth.invalidRefreshToken')
  }

  const losses: Readonly<Record<string, () => Promise<{ readonly helper: User; readonly take: () => Promise<unknown> }>>> = {
    'its permission is taken out of the role': async () => {
      const [helper, roleId] = [await world().newUser(), await world().access.newRole({ permissions: needed })]
      await world().access.give({ userId: helper.id, roleId })
      return { helper, take: () => superadmin.as.roles.revokePermission({ roleId, permission: 'auth.impersonate' }) }
    },
    'the role is deleted': async () => {
      const [helper, roleId] = [await world().newUser(), await world().access.newRole({ permissions: needed })]
      await world().access.give({ userId: helper.id, roleId })
      return { helper, take: () => superadmin.as.roles.delete({ roleId }) }
    },
    'the assignment is over': async () => {
      const [helper, roleId] = [await world().newUser(), await world().access.newRole({ permissions: needed })]
      await world().access.give({ userId: helper.id, roleId, validUntil: new Date(world().clock.now().getTime() + 60_000) })
      return { helper, take: async () => world().clock.advance(60_000) }
    },
    'a right that the user has as well is over': async () => {
      const [helper, roleId] = [await world().newUser(), await world().access.newRole({ permissions: ['auth.impersonate', 'users.get'] })]
      await world().rows(`update role_assignments set valid_until = ? where user_id = (select id from users where email = ?) returning 1`, [
        new Date(world().clock.now().getTime() + 60_000),
        helper.email,
      ])
      await world().access.give({ userId: helper.id, roleId })
      return { helper, take: async () => world().clock.advance(60_000) }
    },
  }
  test.each(Object.entries(losses))('71: it is over when %s', async (_name, prepare) => {
    const { helper, take } = await prepare()
    const impersonation = await begun(await world().signIn(helper), await world().newUser())
    await take()
    await expectOver(impersonation)
  })

  interface Ending {
    readonly organizationId: Id<'org'>
    readonly teamId: Id<'team'>
    readonly userId: Id<'usr'>
  }
  const endings: Readonly<Record<string, (of: Ending) => Promise<unknown>>> = {
    'the organization is suspended': ({ organizationId }) => superadmin.as.organizations.update({ organizationId, status: 'suspended' }),
    'the organization manages the account no more': ({ organizationId }) =>
      superadmin.as.organizations.removeDomain({ organizationId, domain: 'ended.example' }),
    'they leave the team that has the permission': ({ teamId, userId }) => superadmin.as.teams.removeMember({ teamId, userId }),
    'they leave that team, also if they come back': async ({ teamId, userId }) => {
      await superadmin.as.teams.removeMember({ teamId, userId })
      await superadmin.as.teams.addMember({ teamId, userId })
    },
    'the organization is suspended for a while': async ({ organizationId }) => {
      for (const status of ['suspended', 'active'] as const) await superadmin.as.organizations.update({ organizationId, status })
    },
  }
  test.each(Object.entries(endings))('71: limited to an organization, it is over when %s', async (_name, end) => {
    const organizationId = await world().newOrganization()
    await world().rows(`delete from organization_domains where domain = 'ended.example' returning 1`)
    await world().ownDomain(organizationId, 'ended.example')
    const user = await world().newUser({ organizationId, email: `${crypto.randomUUID()}@ended.example` })
    const helper = await world().asMember(organizationId, 'admin')
    await world().join(organizationId, await world().newUser(), 'owner')
    const { id: teamId } = await superadmin.as.teams.create({ organizationId, name: 'Support' })
    await superadmin.as.teams.addMember({ teamId, userId: helper.user.id })
    await world().access.give({ teamId, permission: 'auth.impersonate', on: { organizationId } })
    const impersonation = await begun(await world().signIn(helper.user), user, { permission: 'teams.list', on: { organizationId } })
    await end({ organizationId, teamId, userId: helper.user.id })
    await expectOver(impersonation)
  })

  const rises: Readonly<Record<string, (user: User) => Promise<unknown>>> = {
    'is promoted': ({ id: userId }) => superadmin.as.users.promote({ userId }),
    'gets a role': async ({ id: userId }) => {
      const roleId = await world().access.newRole({ permissions: ['users.archive'] })
      return superadmin.as.access.assignRole({ userId, roleId })
    },
    'gets a permission': ({ id: userId }) => superadmin.as.access.grantPermission({ userId, permission: 'users.archive' }),
    'becomes the owner of an organization': async ({ id: userId }) => {
      const organizationId = await world().newOrganization()
      return superadmin.as.organizations.addMember({ organizationId, userId, role: 'owner' })
    },
  }
  test.each(Object.entries(rises))('21: never upward, also later: it is over when its user %s', async (_name, raise) => {
    const [helper, user] = [await world().newUser(), await world().newUser()]
    await world().access.give({ userId: helper.id, roleId: await world().access.newRole({ permissions: needed }) })
    const mine = await begun(await world().signIn(helper), user)
    const superadmins = await begun(superadmin, user)
    await raise(user)
    await expectOver(mine)
    expect(await superadmins.opens()).toEqual([true, true])
  })

  /** What takes an impersonation's footing, and gives it back; nobody uses it in between. */
  const interruptions: Readonly<
    Record<string, () => Promise<{ helper: User; user?: User; take: () => Promise<unknown>; back: () => Promise<unknown> }>>
  > = {
    'its permission is taken out of the role and put back': async () => {
      const [helper, roleId] = [await world().newUser(), await world().access.newRole({ permissions: needed })]
      await world().access.give({ userId: helper.id, roleId })
      const input = { roleId, permission: 'auth.impersonate' }
      return { helper, take: () => superadmin.as.roles.revokePermission(input), back: () => superadmin.as.roles.grantPermission(input) }
    },
    'the role is assigned again after its time': async () => {
      const [helper, roleId] = [await world().newUser(), await world().access.newRole({ permissions: needed })]
      await world().access.give({ userId: helper.id, roleId, validUntil: new Date(world().clock.now().getTime() + 60_000) })
      const again = () => superadmin.as.access.assignRole({ userId: helper.id, roleId })
      return { helper, take: async () => world().clock.advance(60_000), back: again }
    },
    'its user is promoted and demoted': async () => {
      const [helper, user] = [await world().newUser(), await world().newUser()]
      await world().access.give({ userId: helper.id, roleId: await world().access.newRole({ permissions: needed }) })
      const { id: userId } = user
      return { helper, user, take: () => superadmin.as.users.promote({ userId }), back: () => superadmin.as.users.demote({ userId }) }
    },
    'the impersonator is demoted and promoted': async () => {
      const helper = await world().newUser()
      await world().grant(helper, 'superadmin')
      const { id: userId } = helper
      return { helper, take: () => superadmin.as.users.demote({ userId }), back: () => superadmin.as.users.promote({ userId }) }
    },
  }
  test.each(Object.entries(interruptions))('71: it is over for good when %s', async (_name, prepare) => {
    const { helper, user, take, back } = await prepare()
    const impersonation = await begun(await world().signIn(helper), user ?? (await world().newUser()))
    await take()
    await back()
    await expectOver(impersonation)
  })

  test('a plan tells, and ends nothing', async () => {
    // Those of other tests that time has ended would be put down as over by the same change.
    await world().rows(
      `update sessions set ended_at = created_at, end_reason = 'impersonationOver' where impersonator_id is not null and ended_at is null returning 1`,
    )
    const [helper, roleId] = [await world().newUser(), await world().access.newRole({ permissions: needed })]
    await world().access.give({ userId: helper.id, roleId })
    const impersonation = await begun(await world().signIn(helper), await world().newUser())
    const plan = await superadmin.as.roles.revokePermission.plan({ roleId, permission: 'auth.impersonate' })
    expect(plan.rows).toMatchObject({ sessions: { updated: 1 } })
    expect(await impersonation.opens()).toEqual([true, true])
  })

  test('it lasts no longer than the assignment that it stands on', async () => {
    const [helper, roleId] = [await world().newUser(), await world().access.newRole({ permissions: needed })]
    const until = new Date(world().clock.now().getTime() + 10 * 60_000)
    await world().access.give({ userId: helper.id, roleId, validUntil: until })
    const by = await world().signIn(helper)
    const opened = await by.as.auth.impersonate({ userId: (await world().newUser()).id, reason: 'ticket 4711' })
    expect([opened.session.expiresAt, opened.accessTokenExpiresAt]).toEqual([until, until])
  })

  describe('what the impersonator holds from some networks only', () => {
    const from = (ip: string) => ({ ip, userAgent: null, remote: true as const })
    const [office, elsewhere] = ['192.0.2.7', '198.51.100.1']

    test('21: carries it from there only, for every use', async () => {
      const helper = await world().newUser()
      await world().access.give({
        userId: helper.id,
        roleId: await world().access.newRole({ permissions: needed }),
        condition: { networks: ['192.0.2.0/24'] },
      })
      const there = world().core.as(userActor((await world().signIn(helper)).principal), from(office))
      const user = await world().newUser()
      const { accessToken, refreshToken, session } = await there.auth.impersonate({ userId: user.id, reason: 'ticket 4711' })
      const principal = await world().core.authenticate(accessToken)
      if (principal === null) throw new Error('a new token opens nothing')
      const codes = async (ip: string) => {
        const as = world().core.as(userActor(principal), from(ip))
        const { active } = await world().asSystem().tokens.introspect({ token: accessToken, ip })
        return [
          await codeOf(as.sessions.whoami()),
          await codeOf(as.users.updateCurrent({ fullName: ip })),
          await codeOf(as.access.check({ permission: 'organizations.create' })),
          await codeOf(world().core.as({ kind: 'anonymous' }, from(ip)).auth.refresh({ refreshToken })),
          active,
        ]
      }
      expect(await codes(elsewhere)).toEqual([...Array<string>(4).fill('auth.addressNotAllowed'), false])
      // Who asks about it names no address: it counts from none.
      const asked = { userId: user.id, sessionId: session.id, permission: 'organizations.create' }
      expect(await superadmin.as.access.check(asked)).toEqual({ allowed: false })
      expect(await codeOf(superadmin.as.access.explain(asked))).toBe('request.notFound')
      expect(await codes(office)).toEqual([...Array<string>(4).fill('done'), true])
    })

    test('does not limit an impersonation that stands on other assignments', async () => {
      const helper = await world().newUser()
      const roleId = await world().access.newRole({ permissions: needed })
      await world().access.give({ userId: helper.id, roleId })
      await world().access.give({ userId: helper.id, permission: 'users.archive', condition: { networks: ['192.0.2.0/24'] } })
      const { as } = await begun(await world().signIn(helper), await world().newUser())
      expect(await codeOf(as.users.updateCurrent({ fullName: 'Somebody' }))).toBe('done')
    })
  })
})
