import { newId, systemActor, userActor, uuidOf, type Actor, type Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const notFound = { code: 'request.notFound', kind: 'notFound' } as const
const denied = { code: 'request.denied', kind: 'denied' } as const

describe.each(databases)('decisions on %s', (database) => {
  const world = useWorld({ database })
  const unknown = <Prefix extends string>(prefix: Prefix): Id<Prefix> => newId(prefix, world().clock.now(), world().ports.random.bytes(10))
  const call = (actor: Actor, name: string, input: unknown, ip: string | null = null) =>
    world().core.run(name, input, { actor, origin: { requestId: 'req_test', ip, userAgent: null, ...(ip !== null && { remote: true }) } })
  const token = async (owner: SignedInUser, options: Record<string, unknown> = {}) => {
    const { secret } = await owner.as.tokens.create({ name: 'app', ...options })
    const principal = await world().core.authenticate(secret)
    if (principal === null) throw new Error('a new token opens nothing')
    return world().core.as(userActor(principal))
  }
  /** An organization with a document in a folder, an administrator, a member, and somebody else. */
  const acme = async () => {
    const organizationId = await world().newOrganization()
    const folder = await world().access.newResource({ organizationId, type: 'folder' })
    const resourceId = await world().access.newResource({ organizationId, parentId: folder })
    const [admin, member, stranger] = [
      await world().asMember(organizationId, 'admin'),
      await world().asMember(organizationId),
      await world().signUp(),
    ]
    return { organizationId, folder, resourceId, admin, member, stranger }
  }

  describe('access.check', () => {
    test('anybody may ask about themselves: what is held everywhere, in the organization, on what it is in, or owned', async () => {
      const { organizationId, folder, resourceId, admin, member, stranger } = await acme()
      const on = { resourceId }
      const may = async ({ as }: SignedInUser) => (await as.access.check({ permission: 'document.read', on })).allowed
      expect([await may(admin), await may(member), await may(stranger)]).toEqual([true, false, false])
      await world().access.give({ userId: member.user.id, permission: 'document.*', on: { resourceId: folder } })
      expect(await may(await world().signIn(member.user))).toBe(true)
      const owner = await world().asMember(organizationId)
      const own = await world().access.newResource({ organizationId, ownerUserId: owner.user.id })
      expect(await owner.as.access.check({ permission: 'document.delete', on: { resourceId: own } })).toEqual({ allowed: true })
      expect(await owner.as.access.check({ permission: 'users.purge', on: { resourceId: own } })).toEqual({ allowed: false })
      expect(await owner.as.access.check({ userId: owner.user.id, permission: 'organizations.get', on: { organizationId } })).toEqual({
        allowed: true,
      })
    })

    test('what a team has, its members have', async () => {
      const { organizationId, resourceId, member } = await acme()
      const { id: teamId } = await world().asSystem().teams.create({ organizationId, name: 'Blue' })
      await world().asSystem().teams.addMember({ teamId, userId: member.user.id })
      await world().access.give({ teamId, permission: 'document.read', on: { resourceId } })
      await world().access.give({ userId: member.user.id, permission: 'teams.update', on: { teamId } })
      const { as } = await world().signIn(member.user)
      expect(await as.access.check({ permission: 'document.read', on: { resourceId } })).toEqual({ allowed: true })
      expect(await as.access.check({ permission: 'teams.update', on: { teamId } })).toEqual({ allowed: true })
      expect(await as.access.check({ permission: 'teams.update', on: { organizationId } })).toEqual({ allowed: false })
    })

    test('a place that is not there and one of others look the same to whoever asks about themselves', async () => {
      const { resourceId, stranger } = await acme()
      for (const id of [resourceId, unknown('res')])
        expect(await stranger.as.access.check({ permission: 'document.read', on: { resourceId: id } })).toEqual({ allowed: false })
      const root = await world().asSuperadmin()
      expect(await root.as.access.check({ permission: 'document.read', on: { resourceId } })).toEqual({ allowed: true })
      expect(await root.as.access.check({ permission: 'document.read', on: { resourceId: unknown('res') } })).toEqual({ allowed: false })
    })

    test('about others only for whoever may ask there; what is not there and what is not theirs look the same', async () => {
      const { organizationId, resourceId, admin, member, stranger } = await acme()
      const ask = (by: SignedInUser, userId: Id<'usr'>, on: { resourceId: Id<'res'> } | { organizationId: Id<'org'> } | object) =>
        by.as.access.check({ userId, permission: 'organizations.get', on: on as { resourceId: Id<'res'> } })
      expect(await ask(admin, member.user.id, { resourceId })).toEqual({ allowed: true })
      await expect(ask(member, admin.user.id, { organizationId })).rejects.toMatchObject(denied)
      await expect(ask(admin, member.user.id, {})).rejects.toMatchObject(denied)
      const errors = await Promise.all(
        [{ resourceId }, { resourceId: unknown('res') }, { organizationId }, { organizationId: unknown('org') }].map((on) =>
          ask(stranger, member.user.id, on).catch((error: unknown) => error),
        ),
      )
      for (const error of errors) expect(error).toEqual(errors[0])
      expect(errors[0]).toMatchObject({ ...notFound, details: { type: 'place' } })
      const root = await world().asSuperadmin()
      await expect(ask(root, member.user.id, { resourceId: unknown('res') })).rejects.toMatchObject(notFound)
    })

    test('users of other tenants, users who are not there and those who run the installation have one answer for whoever runs an organization', async () => {
      const { organizationId, resourceId, admin, stranger } = await acme()
      const root = await world().asSuperadmin()
      for (const userId of [stranger.user.id, unknown('usr'), root.user.id])
        for (const on of [{ organizationId }, { resourceId }])
          expect(await admin.as.access.check({ userId, permission: 'document.read', on })).toEqual({ allowed: false })
      expect(await root.as.access.check({ userId: root.user.id, permission: 'document.read', on: { resourceId } })).toEqual({
        allowed: true,
      })
      const monitor = await world().asMonitor()
      expect(await monitor.as.access.check({ userId: root.user.id, permission: 'document.read', on: { resourceId } })).toEqual({
        allowed: true,
      })
    })

    test('owners of something outside of organizations ask about whoever was given something on it, and about nobody else', async () => {
      const [owner, guest, root] = [await world().signUp(), await world().newUser(), await world().asSuperadmin()]
      const resourceId = await world().access.newResource({ ownerUserId: owner.user.id })
      await world().access.give({ userId: guest.id, permission: 'document.read', on: { resourceId } })
      const ask = async (userId: Id<'usr'>) =>
        (await owner.as.access.check({ userId, permission: 'document.read', on: { resourceId } })).allowed
      expect([await ask(guest.id), await ask(root.user.id), await ask(unknown('usr'))]).toEqual([true, false, false])
    })

    test('in a session of the user: its factors count, and a session of somebody else or that has ended allows nothing', async () => {
      const [ada, eve, root] = [await world().signUp(), await world().signUp(), await world().asSuperadmin()]
      await world().access.give({ userId: ada.user.id, permission: 'document.read' })
      await world().access.give({ userId: ada.user.id, permission: 'document.sign', condition: { assurance: 'aal2' } })
      const ask = async (permission: string, session: Id<'ses'> | null) =>
        (await root.as.access.check({ userId: ada.user.id, permission, ...(session !== null && { sessionId: session }) })).allowed
      const { sessionId } = ada.principal
      expect([await ask('document.read', sessionId), await ask('document.read', eve.principal.sessionId)]).toEqual([true, false])
      const strong = await world().signIn(ada.user)
      await world().rows(`update sessions set assurance = 'aal2' where id = ?`, [uuidOf(strong.principal.sessionId ?? '')])
      const sign = (session: Id<'ses'> | null) => ask('document.sign', session)
      expect([await sign(sessionId), await sign(null), await sign(strong.principal.sessionId)]).toEqual([false, false, true])
      await ada.as.auth.signOut({})
      expect(await ask('document.read', sessionId)).toBe(false)
      await expect(root.as.access.check({ sessionId: sessionId ?? unknown('ses'), permission: 'document.read' })).rejects.toMatchObject({
        code: 'request.invalid',
      })
    })

    test('a credential may no more than it was made for, also on what its user was given or owns', async () => {
      const { organizationId, resourceId, admin } = await acme()
      const own = await world().access.newResource({ ownerUserId: admin.user.id })
      const [within, reads] = [await token(admin, { organizationId }), await token(admin, { scopes: ['access.*', 'document.read'] })]
      const may = async (as: typeof within, permission: string, on: Id<'res'>) =>
        (await as.access.check({ permission, on: { resourceId: on } })).allowed
      expect([await may(within, 'document.write', resourceId), await may(within, 'document.write', own)]).toEqual([true, false])
      expect([await may(reads, 'document.read', resourceId), await may(reads, 'document.read', own)]).toEqual([true, true])
      expect([await may(reads, 'document.write', resourceId), await may(reads, 'document.write', own)]).toEqual([false, false])
      const other = await world().newUser()
      await world().join(organizationId, other)
      expect(await within.access.check({ userId: other.id, permission: 'organizations.get', on: { organizationId } })).toEqual({
        allowed: true,
      })
    })

    test('from where the caller calls', async () => {
      const { user } = await world().signUp()
      const resourceId = await world().access.newResource({ organizationId: await world().newOrganization() })
      await world().access.give({ userId: user.id, permission: 'document.read', condition: { networks: ['10.0.0.0/8'] } })
      const { principal } = await world().signIn(user)
      const ask = (ip: string) => call(userActor(principal), 'access.check', { permission: 'document.read', on: { resourceId } }, ip)
      expect([await ask('10.1.2.3'), await ask('192.0.2.1')]).toEqual([{ allowed: true }, { allowed: false }])
    })

    test('the operator of the machine may everything that there is', async () => {
      const { resourceId } = await acme()
      const actor = systemActor('test')
      expect(await call(actor, 'access.check', { permission: 'document.read', on: { resourceId } })).toEqual({ allowed: true })
      expect(await call(actor, 'access.check', { permission: 'document.read', on: { resourceId: unknown('res') } })).toEqual({
        allowed: false,
      })
    })

    test('strangers are turned away before anything is looked for', async () => {
      const { resourceId } = await acme()
      for (const id of [resourceId, unknown('res')])
        await expect(
          world()
            .asAnonymous()
            .access.check({ permission: 'document.read', on: { resourceId: id } }),
        ).rejects.toMatchObject({
          kind: 'unauthenticated',
        })
    })
  })

  describe('access.checkMany', () => {
    test('as access.check says, one by one; what is not there or not theirs to ask about is no', async () => {
      const { organizationId, folder, resourceId, admin, member, stranger } = await acme()
      const places = [{ resourceId }, { resourceId: folder }, { resourceId: unknown('res') }, { organizationId }, {}] as const
      const checks = ['document.read', 'organizations.get'].flatMap((permission) => places.map((on) => ({ permission, on })))
      for (const by of [admin, member, stranger])
        for (const userId of [undefined, member.user.id, stranger.user.id]) {
          const { allowed } = await by.as.access.checkMany({ ...(userId !== undefined && { userId }), checks })
          const singly = await Promise.all(
            checks.map((check) =>
              by.as.access.check({ ...(userId !== undefined && { userId }), ...check }).then(
                (answer) => answer.allowed,
                () => false,
              ),
            ),
          )
          expect(allowed).toEqual(singly)
        }
    })
  })

  describe('access.listPermissions', () => {
    test('what is held there, and what owners have', async () => {
      const { organizationId, resourceId, admin, member, stranger } = await acme()
      await world().access.give({ userId: member.user.id, permission: 'document.read', on: { resourceId } })
      const { as } = await world().signIn(member.user)
      const { permissions } = await as.access.listPermissions({ on: { resourceId } })
      expect(permissions).toContain('document.read')
      expect(permissions).toContain('organizations.get')
      expect(permissions).toEqual(permissions.toSorted())
      // As about what is there and not theirs: what they hold everywhere.
      expect(await as.access.listPermissions({ on: { resourceId: unknown('res') } })).toEqual({ permissions: ['organizations.create'] })
      expect(await admin.as.access.listPermissions({ userId: member.user.id, on: { resourceId } })).toEqual({ permissions })
      expect(await admin.as.access.listPermissions({ userId: stranger.user.id, on: { organizationId } })).toEqual({ permissions: [] })
      const own = await world().access.newResource({ organizationId, ownerUserId: member.user.id })
      const mine = await as.access.listPermissions({ on: { resourceId: own } })
      expect(mine.permissions).toEqual(expect.arrayContaining(['application', 'resources.delete', 'organizations.get']))
      const adminsOwn = await world().access.newResource({ ownerUserId: admin.user.id })
      const narrow = await token(admin, { scopes: ['access.listPermissions', 'resources.delete', 'document.read'] })
      expect(await narrow.access.listPermissions({ on: { resourceId: adminsOwn } })).toEqual({
        permissions: ['document.read', 'resources.delete'],
      })
    })
  })
})
