import { idOf, type DenizenError, type Id } from '@denizen/core'
import { useWorld, type SignedInUser } from '@denizen/core/testing'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: DenizenError) => error.code,
  )

describe('an answer is given again only to whoever may do now what they did then', () => {
  const world = useWorld()
  let superadmin: SignedInUser
  let organizationId: Id<'org'>
  let [owner, admin]: [SignedInUser, SignedInUser] = [null as never, null as never]
  let options: { idempotencyKey: string }
  beforeAll(async () => {
    superadmin = await world().asSuperadmin()
  })
  beforeEach(async () => {
    organizationId = await world().newOrganization()
    owner = await world().asMember(organizationId, 'owner')
    admin = await world().asMember(organizationId, 'admin')
    options = { idempotencyKey: crypto.randomUUID() }
  })
  const removed = () => owner.as.organizations.removeMember({ organizationId, userId: admin.user.id })

  test('not to a former member, whether or not the target is still there', async () => {
    const { teams, organizations } = admin.as
    const { id: teamId } = await teams.create({ organizationId, name: 'Support' })
    const calls = [
      () => organizations.update({ organizationId, name: 'Mine' }, { idempotencyKey: 'update' }),
      () => teams.create({ organizationId, name: 'Others' }, { idempotencyKey: 'create' }),
      () => teams.update({ teamId, name: 'Support desk' }, { idempotencyKey: 'rename' }),
      () => teams.delete({ teamId }, { idempotencyKey: 'delete' }),
    ]
    for (const call of calls) {
      const first: unknown = await call()
      expect(await call()).toEqual(first)
    }
    expect(await codeOf(calls[2]?.() ?? Promise.resolve())).toBe('done') // its team is gone
    await removed()
    for (const call of calls) expect(await codeOf(call())).toBe('request.notFound')
    await world().join(organizationId, admin.user, 'admin')
    for (const call of calls) expect(await codeOf(call())).toBe('done')
  })

  test('not to whoever lost the role, and no other input is looked at', async () => {
    const other = await world().asSuperadmin()
    const create = (username: string) => other.as.users.create({ username }, options)
    await create(`kept-${organizationId.slice(-8)}`)
    await superadmin.as.users.demote({ userId: other.user.id })
    expect(await codeOf(create(`kept-${organizationId.slice(-8)}`))).toBe('request.denied')
    expect(await codeOf(create('another'))).toBe('request.denied')
  })

  test('neither is a refusal', async () => {
    const { principal } = await world().signUp()
    const reader = world().core.as({ kind: 'user', principal })
    const call = () => reader.resources.register({ type: 'document', organizationId }, options)
    await world().join(organizationId, { id: principal.userId }, 'admin')
    expect(await codeOf(call())).toBe('done')
    await owner.as.organizations.removeMember({ organizationId, userId: principal.userId })
    expect(await codeOf(call())).toBe('request.notFound')
  })

  /** Commands that take from their caller what the rule asks for. */
  const endings: Readonly<Record<string, () => Promise<(key: { idempotencyKey: string }) => Promise<unknown>>>> = {
    'leaves an organization': async () => (key) => admin.as.organizations.removeMember({ organizationId, userId: admin.user.id }, key),
    'is owner no more': async () => {
      const toUserId = admin.user.id
      return (key) => owner.as.organizations.transferOwnership({ organizationId, toUserId }, key)
    },
    'archives their organization': async () => (key) => owner.as.organizations.archive({ organizationId }, key),
    'is superadmin no more': async () => {
      const other = await world().asSuperadmin()
      return (key) => other.as.users.demote({ userId: other.user.id }, key)
    },
    'gives a permission back': async () => {
      const helper = await world().asMember(organizationId)
      for (const permission of ['access.revokePermission', 'access.listAssignments'])
        await world().access.give({ userId: helper.user.id, permission, on: { organizationId } })
      const [userId, permission] = [helper.user.id, 'access.revokePermission']
      return (key) => helper.as.access.revokePermission({ userId, permission, on: { organizationId } }, key)
    },
    'takes the permission out of their role': async () => {
      const permission = 'roles.revokePermission'
      const roleId = await world().access.newRole({ organizationId, permissions: [permission] })
      const helper = await world().asMember(organizationId)
      await world().access.give({ userId: helper.user.id, roleId, on: { organizationId } })
      return (key) => helper.as.roles.revokePermission({ roleId, permission }, key)
    },
    'deletes a resource on which they held the permission': async () => {
      const resourceId = await world().access.newResource({ organizationId })
      const editor = await world().asMember(organizationId)
      await world().access.give({ userId: editor.user.id, permission: 'resources.delete', on: { resourceId } })
      return (key) => editor.as.resources.delete({ resourceId }, key)
    },
    'deletes a resource of their own': async () => {
      const writer = await world().signUp()
      const resource = await writer.as.resources.register({ type: 'document', key: crypto.randomUUID() })
      return (key) => writer.as.resources.delete({ resourceId: resource?.id ?? 'res_' }, key)
    },
  }
  test.each(Object.entries(endings))('it is, to whoever %s by that very command', async (_name, prepare) => {
    const call = await prepare()
    const first = await call(options)
    expect(await call(options)).toEqual(first)
    expect(await codeOf(call({ idempotencyKey: crypto.randomUUID() }))).not.toBe('done')
  })

  test('a key that was used for another action says nothing but that', async () => {
    const { id: teamId } = await admin.as.teams.create({ organizationId, name: 'Support' }, options)
    expect(await codeOf(admin.as.teams.delete({ teamId }, options))).toBe('request.idempotencyConflict')
    await removed()
    expect(await codeOf(admin.as.teams.delete({ teamId }, options))).toBe('request.notFound')
  })

  test('13: whose target is gone does not tell, by the key, whether another input names something of somebody else', async () => {
    const elsewhere = await world().newOrganization(`elsewhere-${organizationId.slice(-8)}`)
    const stranger = await world().asMember(elsewhere, 'owner')
    const [mine, theirs] = [
      await admin.as.teams.create({ organizationId, name: 'Support' }),
      await stranger.as.teams.create({ organizationId: elsewhere, name: 'Support' }),
    ]
    const remove = (teamId: Id<'team'>) => codeOf(admin.as.teams.delete({ teamId }, options))
    const nobodys = idOf('team', crypto.randomUUID())
    expect([await remove(mine.id), await remove(mine.id)]).toEqual(['done', 'done'])
    expect([await remove(theirs.id), await remove(nobodys)]).toEqual(['request.notFound', 'request.notFound'])
    const { slug } = await owner.as.organizations.get({ organizationId })
    const apply = (organization: string) =>
      codeOf(owner.as.access.apply({ document: { version: 1, organization, roles: { reader: { permissions: ['paper.read'] } } } }, options))
    expect([await apply(slug), await apply(slug)]).toEqual(['done', 'done'])
    expect([await apply(`elsewhere-${organizationId.slice(-8)}`), await apply('of-nobody')]).toEqual([
      'request.notFound',
      'request.notFound',
    ])
  })

  test('an answer that was stored before there were terms is given by what the caller may do now', async () => {
    const call = () => admin.as.teams.create({ organizationId, name: 'Support' }, options)
    const first = await call()
    await world().rows(`update idempotency_keys set answer = (answer::jsonb #- '{json,terms}')::text where key = ? returning 1`, [
      options.idempotencyKey,
    ])
    expect(await call()).toEqual(first)
    await removed()
    expect(await codeOf(call())).toBe('request.notFound')
  })
})
