import type { DenizenError, Id, InputOf, Signatures } from '@denizen/core'
import { databases, useWorld } from '@denizen/core/testing'
import { describe, expect, it, vi } from 'vitest'

type Document = InputOf<Signatures['access']['apply']>['document']

const failure = (call: Promise<unknown>): Promise<DenizenError> =>
  call.then(
    () => expect.unreachable('it should have failed'),
    (error: DenizenError) => error,
  )

describe.each(databases)('the rules of access as code on %s', (database) => {
  const world = useWorld({ database })

  /** An organization with an owner and two members, of whom one sits in a team; and a folder. */
  async function acme() {
    const slug = `acme-${crypto.randomUUID().slice(0, 8)}`
    const organizationId = await world().newOrganization(slug)
    const boss = await world().asMember(organizationId, 'owner')
    const [ada, bob] = [await world().asMember(organizationId), await world().asMember(organizationId)]
    const { id: teamId } = await boss.as.teams.create({ organizationId, name: 'Support' })
    await boss.as.teams.addMember({ teamId, userId: bob.user.id })
    const folder = await world().access.newResource({ organizationId, type: 'folder', key: 'handbook' })
    const document: Document = {
      version: 1,
      organization: slug,
      roles: {
        editor: { description: 'Writes', permissions: ['document.write'], includes: ['viewer'] },
        viewer: { permissions: ['document.read'] },
      },
      assignments: [
        { user: ada.user.username, role: 'editor' },
        { team: 'support', role: 'viewer', on: { resource: { type: 'folder', key: 'handbook' } } },
      ],
    }
    return { slug, organizationId, boss, ada, bob, teamId, folder, document }
  }

  it('is carried out by the rules of doing it by hand: nobody gives what they do not hold', async () => {
    const { organizationId, slug, ada, bob, boss } = await acme()
    const role = await world().access.newRole({
      organizationId,
      permissions: ['access.plan', 'access.apply', 'access.assignRole', 'access.grantPermission', 'document.read'],
    })
    await world().access.give({ userId: ada.user.id, roleId: role, on: { organizationId } })
    const clerk = await world().signIn(ada.user)
    const gift = (permission: string): Document => ({
      version: 1,
      organization: slug,
      assignments: [{ user: bob.user.username, permission }],
    })
    expect((await clerk.as.access.apply({ document: gift('document.read') })).changes.count).toBe(1)
    const above = gift('document.write')
    expect(await failure(clerk.as.access.apply({ document: above }))).toMatchObject({ code: 'access.notHeld', kind: 'denied' })
    // What it would come to may be seen all the same, and applied by somebody else.
    const plan = await clerk.as.access.plan({ document: above })
    expect(plan).toMatchObject({ refusal: { code: 'access.notHeld' }, effects: { items: [{ gained: ['document.write'] }] } })
    const { fingerprint, refusal } = await boss.as.access.plan({ document: above })
    expect([fingerprint, refusal]).toEqual([plan.fingerprint, null])
    // To apply a document is no way around the permissions to do what is in it.
    const made: Document = { version: 1, organization: slug, roles: { made: {} } }
    expect(await failure(clerk.as.access.apply({ document: made }))).toMatchObject({
      code: 'request.denied',
      details: { permission: 'roles.create' },
    })
    expect(await failure(bob.as.access.plan({ document: made }))).toMatchObject({ code: 'request.denied' })
    expect(await world().rows('select 1 from role_assignments where permission = ? and revoked_at is null', ['document.write'])).toEqual([])
  })

  it('keeps roles apart that exclude each other, and roles out of circles; of what is refused nothing stays', async () => {
    const { slug, boss, ada } = await acme()
    const { access } = boss.as
    const document: Document = {
      version: 1,
      organization: slug,
      roles: { payer: { permissions: ['invoice.pay'] }, approver: { permissions: ['invoice.approve'] }, clerk: { includes: ['payer'] } },
      exclusions: { 'pay-and-approve': { roles: ['payer', 'approver'] } },
      assignments: [{ user: ada.user.username, role: 'clerk' }],
    }
    const both: Document = { ...document, assignments: [...(document.assignments ?? []), { user: ada.user.username, role: 'approver' }] }
    const before = await world().counts()
    expect(await failure(access.apply({ document: both }))).toMatchObject({ code: 'access.excluded' })
    expect(await failure(access.plan({ document: both }))).toMatchObject({ code: 'access.excluded' })
    expect(
      await failure(access.apply({ document: { ...document, roles: { ...document.roles, payer: { includes: ['clerk'] } } } })),
    ).toMatchObject({
      code: 'roles.cycle',
    })
    const after = await world().counts()
    expect([after['roles'], after['role_assignments'], after['role_exclusions']]).toEqual([
      before['roles'],
      before['role_assignments'],
      before['role_exclusions'],
    ])
    await access.apply({ document })
    // What goes, goes first: roles are exchanged in one document.
    const turned: Document = { ...document, manage: 'assignments', assignments: [{ user: ada.user.username, role: 'approver' }] }
    expect((await access.apply({ document: turned })).effects.items).toMatchObject([{ gained: ['invoice.approve'], lost: ['invoice.pay'] }])
    const dynamic: Document = { ...both, exclusions: { 'pay-and-approve': { kind: 'dynamic', roles: ['payer', 'approver'] } } }
    expect((await access.plan({ document: dynamic })).effects.items).toMatchObject([{ lost: ['invoice.approve'] }])
    await access.apply({ document: dynamic })
    expect((await access.diff({ document: dynamic })).count).toBe(0)
    expect(await access.diff({ document: { version: 1, organization: slug, manage: 'exclusions' } })).toMatchObject({
      exclusions: [{ change: 'delete' }],
    })
  })

  it('knows of one organization only; of the installation, whoever runs that', async () => {
    const { slug, organizationId, boss, ada } = await acme()
    const other = await acme()
    await other.boss.as.access.apply({ document: other.document })
    const { access } = boss.as
    const notFound = { code: 'request.notFound', details: { type: 'organization' } }
    for (const organization of [other.slug, other.organizationId, 'never-there']) {
      const document: Document = { ...other.document, organization }
      for (const verb of ['plan', 'apply', 'diff', 'test'] as const)
        expect(await failure(access[verb]({ document }))).toMatchObject(notFound)
    }
    expect(await failure(access.export({ organizationId: other.organizationId }))).toMatchObject(notFound)
    const { roles } = await other.boss.as.roles.list({ organizationId: other.organizationId }).then(({ items }) => ({ roles: items }))
    const names: Document = {
      version: 1,
      organization: slug,
      assignments: [
        { user: other.ada.user.username, permission: 'document.read' },
        { user: other.ada.user.id, permission: 'document.read' },
        { user: other.ada.user.email ?? '', permission: 'document.read' },
        { team: other.teamId, permission: 'document.read' },
        { user: ada.user.username, role: roles[0]?.id ?? '' },
        { user: ada.user.username, permission: 'document.read', on: { resource: other.folder } },
        { user: ada.user.username, permission: 'document.read', on: { team: other.teamId } },
      ],
    }
    expect((await failure(access.plan({ document: names }))).details).toMatchObject({ count: 7 })
    for (const verb of ['plan', 'apply', 'diff', 'test'] as const)
      expect(await failure(access[verb]({ document: { version: 1 } }))).toMatchObject({ code: 'request.denied' })
    expect(await failure(access.export({}))).toMatchObject({ code: 'request.denied' })
    expect((await access.export({ organizationId })).assignments).toEqual([])
  })

  it('ends what goes together: however many, it is as many statements, and each stays in the history, with who took it and an event', async () => {
    const { organizationId, slug, boss, teamId } = await acme()
    const roleId = await world().access.newRole({ organizationId, permissions: ['document.read'] })
    const empty: Document = { version: 1, organization: slug, manage: ['assignments'], assignments: [] }
    const connection = world().orm.em.getConnection()
    const statements: number[] = []
    for (const count of [3, 12]) {
      const userIds: Id<'usr'>[] = []
      while (userIds.length < count) {
        const { id } = await world().newUser()
        await world().join(organizationId, { id })
        userIds.push(id)
      }
      for (const userId of userIds) await world().access.give({ userId, roleId, on: { organizationId } })
      await world().access.give({ teamId, roleId, on: { organizationId } })
      await world().access.give({ teamId, permission: 'document.write', on: { teamId } })
      world().clock.advance(1000)
      const sent = vi.spyOn(connection, 'execute')
      expect((await boss.as.access.apply({ document: empty })).changes.count).toBe(count + 2)
      // Only those of its own transaction: beside it, a command that takes long asks others to give way.
      const own = sent.mock.calls.find(([text]) => typeof text === 'string' && text.startsWith('select 1 from organizations'))?.[3]
      expect(own).toBeDefined()
      statements.push(sent.mock.calls.filter(([, , , transaction]) => transaction === own).length)
      sent.mockRestore()
      const { items } = await boss.as.access.listAssignments({ organizationId, history: true, limit: 100 })
      const now = items.filter(({ revokedAt }) => revokedAt?.getTime() === world().clock.now().getTime())
      expect(new Set(now.map(({ state, revokedBy }) => `${state} ${revokedBy}`))).toEqual(new Set([`revoked ${boss.user.id}`]))
      const events = await world().rows<{ subject: string }>(
        `select subject from events where type = 'access.unassigned' and at = ? order by 1`,
        [world().clock.now()],
      )
      expect(events.map(({ subject }) => subject)).toEqual([...userIds, teamId, teamId].sort())
      for (const userId of userIds)
        expect((await world().rows('select 1 from invalidations where ? = any(keys)', [userId])).length).toBeGreaterThan(0)
    }
    expect(statements[1]).toBe(statements[0])
  })

  it('of the installation leaves the built-in roles that are nobody’s to give, and keeps a superadmin', async () => {
    const system = world().asSystem()
    const admin = await world().asSuperadmin()
    const user = await world().newUser()
    const document: Document = {
      version: 1,
      roles: { auditor: { permissions: ['queries'], includes: ['monitor'] } },
      assignments: [{ user: user.username, role: 'auditor' }],
      tests: [{ who: user.username, can: 'users.list', cannot: 'users.create' }],
    }
    expect((await admin.as.access.apply({ document })).effects.items).toMatchObject([{ on: { kind: 'system' }, subject: { id: user.id } }])
    const all: Document = { ...document, manage: 'assignments' }
    expect(await failure(system.access.apply({ document: all }))).toMatchObject({ code: 'users.lastSuperadmin' })
    const kept: Document = { ...all, assignments: [...(all.assignments ?? []), { user: admin.user.username, role: 'superadmin' }] }
    await system.access.apply({ document: kept })
    expect((await system.access.diff({ document: kept })).count).toBe(0)
    expect(
      await world().rows(
        'select 1 from role_assignments a join roles r on r.id = a.role_id where r.name = ? and a.revoked_at is null limit 1',
        ['user'],
      ),
    ).toHaveLength(1)
    const broken: Document = {
      version: 1,
      roles: { user: {} },
      assignments: [
        { team: 'Support', role: 'monitor' },
        { user: user.username, role: 'monitor', on: { team: 'x' } },
      ],
    }
    expect((await failure(system.access.diff({ document: broken }))).details).toMatchObject({ count: 3 })
  })
})
