import { anonymousActor, userActor, uuidOf, type Id } from '@denizen/core'
import { databases, TestFeed, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { RoleDefinitionCache } from './definitions.ts'

/** The bound of revocation: within a second at the latest, whatever happens to the connection. */
const bound = 1000

describe.each(databases)('what roles are on %s', (database) => {
  const world = useWorld({ database })

  /** Asks about somebody whom nobody asked about before: of them nothing is kept, of their roles it is. */
  async function newcomers(...roleIds: readonly Id<'rol'>[]) {
    const system = world().asSystem()
    return async (permission: string) => {
      const { id: userId } = await world().newUser()
      for (const roleId of roleIds) await world().access.give({ userId, roleId })
      return (await system.access.check({ userId, permission })).allowed
    }
  }

  test('is read once, however many hold them', async () => {
    const roleId = await world().access.newRole({ permissions: ['document.read'] })
    const memory = new RoleDefinitionCache({ clock: world().clock, soleProcess: true })
    const read = async () => (await memory.of(world().em(), [uuidOf(roleId)])).get(uuidOf(roleId))
    const first = await read()
    expect(first).toMatchObject({ permissions: ['document.read'], included: null, exclusions: null })
    expect(await read()).toBe(first)
  })

  test('counts for the next who is asked about: permissions, of included roles too, and inclusions', async () => {
    const system = world().asSystem()
    const inner = await world().access.newRole({ permissions: ['document.read', 'document.write'] })
    const { id: middle } = await system.roles.create({ name: crypto.randomUUID(), includes: [inner] })
    const { id: outer } = await system.roles.create({ name: crypto.randomUUID(), includes: [middle] })
    const ask = await newcomers(outer)
    const may = async () => [await ask('document.read'), await ask('document.write'), await ask('document.share')]
    expect(await may()).toEqual([true, true, false])
    await system.roles.revokePermission({ roleId: inner, permission: 'document.write' })
    expect(await may()).toEqual([true, false, false])
    await system.roles.grantPermission({ roleId: middle, permission: 'document.share' })
    expect(await may()).toEqual([true, false, true])
    await system.roles.setParents({ roleId: middle, includes: [] })
    expect(await may()).toEqual([false, false, true])
  })

  test('counts for the next who is asked about: sets of roles that exclude each other, and their end', async () => {
    const system = world().asSystem()
    const [pays, approves] = [
      await world().access.newRole({ permissions: ['document.pay'] }),
      await world().access.newRole({ permissions: ['document.approve'] }),
    ]
    const ask = await newcomers(pays, approves)
    expect(await ask('document.pay')).toBe(true)
    const { id: exclusionId } = await system.access.createExclusion({
      name: crypto.randomUUID(),
      kind: 'dynamic',
      roleIds: [pays, approves],
    })
    expect(await ask('document.pay')).toBe(false)
    await system.access.deleteExclusion({ exclusionId })
    expect(await ask('document.pay')).toBe(true)
  })

  test('is not kept when it was read while it changed', async () => {
    const roleId = await world().access.newRole({ permissions: ['document.read'] })
    const memory = new RoleDefinitionCache({ clock: world().clock, soleProcess: true })
    const ids = [uuidOf(roleId)]
    const reading = memory.of(world().em(), ids)
    memory.drop([roleId])
    await reading
    await world().rows('update role_permissions set revoked_at = now() where role_id = ?', [uuidOf(roleId)])
    expect((await memory.of(world().em(), ids)).get(uuidOf(roleId))).toMatchObject({ permissions: null })
  })
})

describe('what roles are, in another process', () => {
  const world = useWorld()

  test.each(['heard of', 'not heard of'])(
    'is as it was until the change is heard of, and a second at the most, when it is %s',
    async (how) => {
      const feed = new TestFeed()
      const core = world().another({ ports: { invalidation: feed } })
      await core.start()
      feed.sink.renew(world().clock.monotonic())
      const roleId = await world().access.newRole({ permissions: ['document.read'] })
      const holder = async () => {
        const signedIn = await world().signUp()
        await world().access.give({ userId: signedIn.user.id, roleId })
        return signedIn
      }
      // Of sessions and of decisions: principals are worked out from the same roles.
      const may = async () => {
        const [session, about] = [await holder(), await holder()]
        const principal = await core.authenticate(session.token)
        const root = await core.authenticate(admin.token)
        const as = core.as(root === null ? anonymousActor : userActor(root))
        const { allowed } = await as.access.check({ userId: about.user.id, permission: 'document.read' })
        return [principal?.grants.allows('document.read', null), allowed]
      }
      const admin = await world().asSuperadmin()
      expect(await may()).toEqual([true, true])
      await world().asSystem().roles.revokePermission({ roleId, permission: 'document.read' })
      expect(await may()).toEqual([true, true])
      if (how === 'heard of') feed.sink.drop([roleId])
      else world().clock.advance(bound)
      expect(await may()).toEqual([false, false])
      await core.stop()
    },
  )
})
