import type { Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { builtInRoles } from '../../grants/index.ts'
import { uuidOf } from '../../kernel/id.ts'

const noRole = { code: 'request.notFound', details: { type: 'role' } }
const notHeld = (...permissions: string[]) => ({ code: 'access.notHeld', kind: 'denied', details: { permissions } })
const unknownRole = 'rol_01h455vb4pex5vsknk084sn02q'

let names = 0
const newName = () => `role ${++names}`

describe.each(databases)('roles on %s', (database) => {
  const world = useWorld({ database })
  let organizationId: Id<'org'>
  let owner: SignedInUser
  let superadmin: SignedInUser
  beforeAll(async () => {
    organizationId = await world().newOrganization()
    owner = await world().asMember(organizationId, 'owner')
    superadmin = await world().asSuperadmin()
  })

  const events = async (subject: string) =>
    (await world().rows<{ type: string }>('select type from events where subject = ? order by id', [subject])).map(({ type }) => type)

  test('an organization makes roles of its own, which are shown as they were made', async () => {
    const reader = await owner.as.roles.create({ organizationId, name: newName(), permissions: ['document.read'] })
    const name = newName()
    const made = await owner.as.roles.create({
      organizationId,
      name: ` ${name} `,
      description: 'writes',
      permissions: ['users.get', 'document.write', 'users.get'],
      includes: [reader.id, reader.id],
    })
    expect(made).toMatchObject({
      organizationId,
      name,
      description: 'writes',
      builtIn: false,
      permissions: ['document.write', 'users.get'],
      includes: [{ id: reader.id, name: reader.name }],
      version: 1,
    })
    expect(await owner.as.roles.get({ roleId: made.id })).toEqual(made)
    expect(await events(made.id)).toEqual(['roles.created'])
  })

  test('what is changed is told, and a version that was read before is refused', async () => {
    const { id: roleId } = await owner.as.roles.create({ organizationId, name: newName(), description: 'old' })
    const name = newName()
    const renamed = await owner.as.roles.update({ roleId, version: 1, name, description: null })
    expect(renamed).toMatchObject({ name, description: null, version: 2 })
    expect(await owner.as.roles.update({ roleId, name })).toEqual(renamed)
    const conflict = { code: 'request.versionConflict', details: { expected: 1, current: 2 } }
    await expect(owner.as.roles.update({ roleId, version: 1, name: newName() })).rejects.toMatchObject(conflict)
    const granting = await owner.as.roles.grantPermission({ roleId, permission: 'document.*' })
    expect(granting).toMatchObject({ changed: true, role: { permissions: ['document.*'], version: 3 } })
    expect(await owner.as.roles.grantPermission({ roleId, permission: 'document.*' })).toEqual({ ...granting, changed: false })
    await expect(owner.as.roles.setParents({ roleId, version: 2, includes: [] })).rejects.toMatchObject({ code: 'request.versionConflict' })
    // A single one does not come out of the pattern.
    expect(await owner.as.roles.revokePermission({ roleId, permission: 'document.read' })).toEqual({ ...granting, changed: false })
    expect(await owner.as.roles.revokePermission({ roleId, permission: 'document.*' })).toMatchObject({
      changed: true,
      role: { permissions: [], version: 4 },
    })
    expect(await events(roleId)).toEqual(
      expect.arrayContaining(['roles.created', 'roles.updated', 'roles.permissionGranted', 'roles.permissionRevoked']),
    )
    expect(await events(roleId)).toHaveLength(4)
  })

  test('what a role had stays in the history, with who gave it and who took it', async () => {
    const { id: roleId } = await owner.as.roles.create({ organizationId, name: newName(), permissions: ['document.read'] })
    await owner.as.roles.revokePermission({ roleId, permission: 'document.read' })
    world().clock.advance(1_000)
    await owner.as.roles.grantPermission({ roleId, permission: 'document.read' })
    const rows = await world().rows<{ ended: boolean; by: string; ender: string | null }>(
      'select revoked_at is not null as ended, granted_by as by, revoked_by as ender from role_permissions where role_id = ? order by granted_at',
      [uuidOf(roleId)],
    )
    const by = uuidOf(owner.user.id)
    expect(rows).toEqual([
      { ended: true, by, ender: by },
      { ended: false, by, ender: null },
    ])
  })

  test('a permission of Denizen that does not exist is refused with what was probably meant', async () => {
    const { id: roleId } = await owner.as.roles.create({ organizationId, name: newName() })
    const unknown = { code: 'access.unknownPermission', kind: 'invalid' }
    for (const call of [
      () => owner.as.roles.grantPermission({ roleId, permission: 'users.lst' }),
      () => owner.as.roles.create({ organizationId, name: newName(), permissions: ['document.read', 'users.lst'] }),
    ]) {
      const error: unknown = await call().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ ...unknown, details: { permission: 'users.lst' } })
      expect(error).toHaveProperty('details.suggestions.0', 'users.list')
    }
    expect(await owner.as.roles.grantPermission({ roleId, permission: 'invoice.approve' })).toMatchObject({ changed: true })
  })

  test('names are unique in an organization and in the installation, and free in another', async () => {
    const taken = { code: 'roles.nameTaken', kind: 'conflict' }
    const { id, name } = await owner.as.roles.create({ organizationId, name: newName() })
    const other = await owner.as.roles.create({ organizationId, name: newName() })
    await expect(owner.as.roles.create({ organizationId, name })).rejects.toMatchObject(taken)
    await expect(owner.as.roles.update({ roleId: other.id, name })).rejects.toMatchObject(taken)
    expect(await superadmin.as.roles.create({ name })).toMatchObject({ organizationId: null, name })
    await expect(superadmin.as.roles.create({ name })).rejects.toMatchObject(taken)
    await expect(superadmin.as.roles.create({ name: 'superadmin' })).rejects.toMatchObject(taken)
    await owner.as.roles.delete({ roleId: id })
    expect(await owner.as.roles.create({ organizationId, name })).toMatchObject({ name })
  })

  test('built-in roles are not changed, not even by who may do everything', async () => {
    const builtIn = { code: 'roles.builtIn', kind: 'conflict' }
    for (const as of [superadmin.as, world().asSystem()])
      for (const { id: roleId } of Object.values(builtInRoles)) {
        expect(await as.roles.get({ roleId })).toMatchObject({ builtIn: true, organizationId: null })
        await expect(as.roles.update({ roleId, description: 'Mine.' })).rejects.toMatchObject(builtIn)
        await expect(as.roles.delete({ roleId })).rejects.toMatchObject(builtIn)
        await expect(as.roles.grantPermission({ roleId, permission: 'users.get' })).rejects.toMatchObject(builtIn)
        await expect(as.roles.revokePermission({ roleId, permission: 'users.get' })).rejects.toMatchObject(builtIn)
        await expect(as.roles.setParents({ roleId, includes: [] })).rejects.toMatchObject(builtIn)
      }
  })

  describe('19: nobody makes or changes a role above themselves', () => {
    test('an organization’s owner puts into a role what they hold there, and nothing else', async () => {
      const { id: roleId } = await owner.as.roles.create({ organizationId, name: newName(), permissions: ['users.get', 'application'] })
      for (const permission of ['*', 'queries', 'users.*', 'users.promote', 'users.import'])
        await expect(owner.as.roles.grantPermission({ roleId, permission })).rejects.toMatchObject(notHeld(permission))
      const permissions = ['users.get', 'users.promote', '*']
      await expect(owner.as.roles.create({ organizationId, name: newName(), permissions })).rejects.toMatchObject(
        notHeld('*', 'users.promote'),
      )
      const monitor = builtInRoles.monitor.id
      for (const call of [
        () => owner.as.roles.setParents({ roleId, includes: [monitor] }),
        () => owner.as.roles.create({ organizationId, name: newName(), includes: [monitor] }),
      ])
        await expect(call()).rejects.toMatchObject(noRole)
      expect((await owner.as.roles.get({ roleId })).permissions).toEqual(['application', 'users.get'])
    })

    test('a role above them is not theirs to touch in any way, itself or by what it includes', async () => {
      const high = await superadmin.as.roles.create({ organizationId, name: newName(), permissions: ['users.promote'] })
      const higher = await superadmin.as.roles.create({ organizationId, name: newName(), includes: [high.id] })
      const low = await owner.as.roles.create({ organizationId, name: newName() })
      for (const roleId of [high.id, higher.id]) {
        const refused = notHeld('users.promote')
        await expect(owner.as.roles.update({ roleId, name: newName() })).rejects.toMatchObject(refused)
        await expect(owner.as.roles.delete({ roleId })).rejects.toMatchObject(refused)
        await expect(owner.as.roles.grantPermission({ roleId, permission: 'users.get' })).rejects.toMatchObject(refused)
        await expect(owner.as.roles.revokePermission({ roleId, permission: 'users.promote' })).rejects.toMatchObject(refused)
        await expect(owner.as.roles.setParents({ roleId, includes: [] })).rejects.toMatchObject(refused)
        await expect(owner.as.roles.setParents({ roleId: low.id, includes: [roleId] })).rejects.toMatchObject(refused)
        await expect(owner.as.roles.create({ organizationId, name: newName(), includes: [roleId] })).rejects.toMatchObject(refused)
      }
      expect((await owner.as.roles.get({ roleId: low.id })).includes).toEqual([])
    })

    test('holding something everywhere is not enough for a role of the installation, nor in another organization', async () => {
      const elsewhere = await world().newOrganization()
      const roleId = await world().access.newRole({ permissions: ['roles.*', 'users.get'] })
      const { user } = await world().asMember(elsewhere)
      await world().access.give({ userId: user.id, roleId, on: { organizationId: elsewhere } })
      const there = (await world().signIn(user)).as
      await expect(there.roles.create({ name: newName(), permissions: ['users.get'] })).rejects.toMatchObject({ code: 'request.denied' })
      await expect(there.roles.update({ roleId, name: newName() })).rejects.toMatchObject(noRole)
      expect(await there.roles.create({ organizationId: elsewhere, name: newName(), permissions: ['users.get'] })).toMatchObject({
        version: 1,
      })
      await expect(
        there.roles.create({ organizationId: elsewhere, name: newName(), permissions: ['document.read'] }),
      ).rejects.toMatchObject(notHeld('document.read'))
      await expect(there.roles.create({ organizationId, name: newName() })).rejects.toMatchObject({ code: 'request.notFound' })

      const everywhere = await world().newUser()
      await world().access.give({ userId: everywhere.id, roleId })
      const manager = (await world().signIn(everywhere)).as
      expect(await manager.roles.create({ name: newName(), permissions: ['users.get', 'roles.list'] })).toMatchObject({
        organizationId: null,
      })
      await expect(manager.roles.create({ name: newName(), permissions: ['users.list'] })).rejects.toMatchObject(notHeld('users.list'))
    })

    test('members, and those who only look, change nothing', async () => {
      const [member, monitor] = [await world().asMember(organizationId), await world().asMonitor()]
      const { id: roleId } = await owner.as.roles.create({ organizationId, name: newName() })
      await expect(member.as.roles.create({ organizationId, name: newName() })).rejects.toMatchObject({ code: 'request.denied' })
      await expect(member.as.roles.get({ roleId })).rejects.toMatchObject(noRole)
      expect(await monitor.as.roles.get({ roleId })).toMatchObject({ id: roleId })
      for (const call of [
        () => monitor.as.roles.update({ roleId, name: newName() }),
        () => monitor.as.roles.delete({ roleId }),
        () => monitor.as.roles.grantPermission({ roleId, permission: 'document.read' }),
        () => monitor.as.roles.setParents({ roleId, includes: [] }),
      ])
        await expect(call()).rejects.toMatchObject({ code: 'request.denied' })
    })
  })

  test('14: a role of another organization is not there, to be seen, changed or included', async () => {
    const elsewhere = await world().newOrganization()
    const foreigner = await world().asMember(elsewhere, 'owner')
    const { id: theirs } = await foreigner.as.roles.create({ organizationId: elsewhere, name: newName(), permissions: ['document.read'] })
    const { id: ours } = await owner.as.roles.create({ organizationId, name: newName() })
    for (const roleId of [theirs, unknownRole] as const) {
      for (const call of [
        () => owner.as.roles.get({ roleId }),
        () => owner.as.roles.update({ roleId, name: newName() }),
        () => owner.as.roles.delete({ roleId }),
        () => owner.as.roles.grantPermission({ roleId, permission: 'document.read' }),
        () => owner.as.roles.revokePermission({ roleId, permission: 'document.read' }),
        () => owner.as.roles.setParents({ roleId, includes: [] }),
        () => owner.as.roles.setParents({ roleId: ours, includes: [roleId] }),
        () => owner.as.roles.create({ organizationId, name: newName(), includes: [roleId] }),
        () => superadmin.as.roles.setParents({ roleId: ours, includes: [roleId] }),
      ])
        await expect(call()).rejects.toMatchObject(noRole)
    }
    await expect(superadmin.as.roles.create({ name: newName(), includes: [ours] })).rejects.toMatchObject(noRole)
    const insert = world().rows(
      `insert into role_inclusions (role_id, role_home, included_id, included_home, added_at)
        select r.id, r.home, i.id, i.home, now() from roles r, roles i where r.id = ? and i.id = ?`,
      [uuidOf(ours), uuidOf(theirs)],
    )
    await expect(insert).rejects.toMatchObject({ constraint: 'role_inclusions_same_home' })
  })

  test('nothing is changed in a suspended organization, and the roles of an archived one are there for nobody', async () => {
    const there = await world().newOrganization()
    const { id: roleId } = await superadmin.as.roles.create({ organizationId: there, name: newName() })
    const become = (status: string) => world().rows('update organizations set status = ? where id = ?', [status, uuidOf(there)])
    const changes = [
      () => superadmin.as.roles.update({ roleId, name: newName() }),
      () => superadmin.as.roles.grantPermission({ roleId, permission: 'document.read' }),
      () => superadmin.as.roles.setParents({ roleId, includes: [] }),
      () => superadmin.as.roles.delete({ roleId }),
    ]
    await become('suspended')
    for (const call of changes) await expect(call()).rejects.toMatchObject({ code: 'organizations.inactive' })
    await expect(superadmin.as.roles.create({ organizationId: there, name: newName() })).rejects.toMatchObject({
      code: 'organizations.inactive',
    })
    expect((await superadmin.as.roles.list({ organizationId: there })).items).toHaveLength(1)
    await become('archived')
    for (const call of [...changes, () => superadmin.as.roles.get({ roleId })]) await expect(call()).rejects.toMatchObject(noRole)
    await expect(superadmin.as.roles.list({ organizationId: there })).rejects.toMatchObject({ details: { type: 'organization' } })
  })
})
