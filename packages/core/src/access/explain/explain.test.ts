import { builtInRoles, userActor, type Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { uuidOf } from '../../kernel/id.ts'

const notThere = { code: 'request.notFound', details: { type: 'user or place' } }
const hour = 3_600_000

describe.each(databases)('explaining on %s', (database) => {
  const world = useWorld({ database })
  let organizationId: Id<'org'>
  let [owner, member]: SignedInUser[] = []
  const people = () => {
    if (owner === undefined || member === undefined) throw new Error('they are there from beforeAll on')
    return { owner, member }
  }
  const later = (ms: number) => new Date(world().clock.now().getTime() + ms)

  beforeAll(async () => {
    organizationId = await world().newOrganization('acme')
    ;[owner, member] = [await world().asMember(organizationId, 'owner'), await world().asMember(organizationId)]
  })

  /** A new member, with a team that they sit in and a document in a folder. */
  async function scene() {
    const { user: ada } = await world().asMember(organizationId)
    const folder = await world().access.newResource({ organizationId, type: 'folder', key: `plans ${ada.username}` })
    const document = await world().access.newResource({ organizationId, key: `budget ${ada.username}`, parentId: folder })
    const { id: teamId } = await people().owner.as.teams.create({ organizationId, name: `Team ${ada.username}` })
    await people().owner.as.teams.addMember({ teamId, userId: ada.id })
    return { ada, folder, document, teamId }
  }

  const explain = (userId: Id<'usr'>, permission: string, on: object = { organizationId }, as = people().owner) =>
    as.as.access.explain({ userId, permission, on: on as { organizationId: Id<'org'> } })

  test('the chain goes from the team by the role and what it includes to the pattern, and to where it was given', async () => {
    const { ada, folder, document, teamId } = await scene()
    const reader = await world().access.newRole({ organizationId, name: `reader ${ada.username}`, permissions: ['document.*'] })
    const between = await world().access.newRole({ organizationId, name: `between ${ada.username}`, includes: [reader] })
    const editor = await world().access.newRole({ organizationId, name: `editor ${ada.username}`, includes: [between, reader] })
    await world().access.give({ teamId, roleId: editor, on: { resourceId: folder }, validUntil: later(hour) })
    const explained = await explain(ada.id, 'document.read', { resourceId: document })
    expect(explained).toMatchObject({
      allowed: true,
      on: { kind: 'resource', id: document, name: `document budget ${ada.username}` },
      because: [
        {
          via: 'assignment',
          subject: { kind: 'team', id: teamId },
          // By the shortest way: past the role in between.
          roles: [{ id: editor }, { id: reader }],
          pattern: 'document.*',
          scope: { kind: 'resource', id: folder, name: `folder plans ${ada.username}` },
          validUntil: later(hour),
          hidden: false,
        },
      ],
      unmet: [],
      missing: [],
    })
    expect(explained.because[0]?.text).toMatch(
      /^\S+ sits in the team Team \S+, which is editor \S+ on folder plans \S+, which includes reader \S+, which has document\.\*, until \d{4}-\d\d-\d\d \d\d:\d\d UTC$/,
    )
    expect(explained.summary).toContain(
      `${ada.username} may document.read on document budget ${ada.username}: ${ada.username} sits in the team`,
    )
  })

  test('memberships and owning are reasons too, and every reason is told', async () => {
    const { ada, document } = await scene()
    await world().access.give({ userId: ada.id, permission: 'teams.list', on: { organizationId } })
    const listed = await explain(ada.id, 'teams.list')
    expect(listed.because.map(({ via, roles, pattern }) => [via, roles.map(({ name }) => name), pattern])).toEqual([
      ['membership', ['member'], 'teams.list'],
      ['assignment', [], 'teams.list'],
    ])
    await world().rows('update resources set owner_user_id = ? where id = ?', [uuidOf(ada.id), uuidOf(document)])
    const owned = await explain(ada.id, 'document.read', { resourceId: document })
    expect(owned.because).toMatchObject([{ via: 'ownership', pattern: 'application' }])
  })

  test('a denial tells what would nearly allow it, and why it does not', async () => {
    const { ada, document } = await scene()
    const on = { resourceId: document }
    const codes = async () => (await explain(ada.id, 'document.read', on)).unmet.map(({ code }) => code)
    await world().access.give({ userId: ada.id, permission: 'document.read', on, validFrom: later(hour) })
    await world().access.give({ userId: ada.id, permission: 'document.*', on, validUntil: later(0) })
    await world().access.give({ userId: ada.id, permission: 'application', on, condition: { assurance: 'aal2' } })
    const id = await world().access.give({ userId: ada.id, permission: 'document.read', on: { organizationId } })
    await world().rows('update role_assignments set revoked_at = ? where id = ?', [world().clock.now(), uuidOf(id)])
    const role = await world().access.newRole({ organizationId, name: `far ${ada.username}`, permissions: ['document.read'] })
    await world().access.give({ userId: ada.id, roleId: role, on, condition: { networks: ['192.0.2.0/24'] } })
    expect((await codes()).toSorted()).toEqual(['begins', 'expired', 'network', 'revoked', 'secondFactor'])
    const { unmet } = await explain(ada.id, 'document.read', on)
    expect(unmet.find(({ code }) => code === 'begins')).toMatchObject({ at: later(hour), reason: { pattern: 'document.read' } })
    expect(unmet.find(({ code }) => code === 'begins')?.text).toMatch(/; but it begins only at \d{4}-/)

    await world().asSystem().users.setStatus({ userId: ada.id, status: 'suspended', reason: 'left' })
    const suspended = await explain(ada.id, 'document.read', on)
    expect(suspended.unmet[0]).toMatchObject({ code: 'userStatus', text: `${ada.username} is suspended, so none of their grants apply` })
    expect(suspended.missing).toEqual([])
    await world().asSystem().users.setStatus({ userId: ada.id, status: 'active' })
    await world().rows('update users set grants_frozen_at = ? where id = ?', [world().clock.now(), uuidOf(ada.id)])
    expect((await explain(ada.id, 'document.read', on)).unmet[0]).toMatchObject({ code: 'frozen' })
  })

  test('the smallest grant comes first, with those who could give it; roles come with what else they bring', async () => {
    const { ada, document } = await scene()
    // Nobody but the owner could give it: no superadmin of another test.
    await world().rows('update role_assignments set revoked_at = ? where role_id = ? and revoked_at is null returning 1', [
      world().clock.now(),
      uuidOf(builtInRoles.superadmin.id),
    ])
    const small = await world().access.newRole({
      organizationId,
      name: `small ${ada.username}`,
      permissions: ['paper.read', 'paper.write'],
    })
    const { missing, summary } = await explain(ada.id, 'paper.read', { resourceId: document })
    expect(missing[0]).toMatchObject({
      membership: null,
      grant: { role: null, permission: 'paper.read', on: { kind: 'resource', id: document } },
      brings: 0,
      givers: { users: [{ userId: people().owner.user.id }], count: 1 },
    })
    expect(missing[1]).toMatchObject({ grant: { role: { id: small } }, brings: 1 })
    expect(missing.at(-1)).toMatchObject({ membership: { organizationId, role: 'owner' }, grant: null })
    expect(summary).toContain(`The smallest change: give ${ada.username} paper.read on document budget ${ada.username}`)
  })

  test('whoever is no member has to become one first', async () => {
    const admin = await world().asSuperadmin()
    const stranger = await world().newUser()
    const { unmet, missing } = await explain(stranger.id, 'paper.read', { organizationId }, admin)
    expect(unmet).toMatchObject([{ code: 'notMember', reason: null }])
    expect(missing[0]).toMatchObject({ membership: { organizationId, role: 'member' }, grant: { permission: 'paper.read' } })
    const listing = await explain(stranger.id, 'teams.list', { organizationId }, admin)
    expect(listing.missing[0]).toMatchObject({ membership: { organizationId, role: 'member' }, grant: null })
  })

  test('in an organization that is suspended nothing helps', async () => {
    const admin = await world().asSuperadmin()
    const closed = await world().newOrganization()
    const user = await world().newUser()
    await world().join(closed, user)
    await admin.as.organizations.update({ organizationId: closed, status: 'suspended' })
    const { allowed, unmet, missing } = await explain(user.id, 'teams.list', { organizationId: closed }, admin)
    expect({ allowed, missing }).toEqual({ allowed: false, missing: [] })
    expect(unmet).toMatchObject([{ code: 'organizationStatus', reason: { via: 'membership' } }])
  })

  test('a permission of our own that there is not is named, with the nearest', async () => {
    const { allowed, nearest, summary, missing } = await explain(people().member.user.id, 'teams.lst')
    expect({ allowed, missing }).toEqual({ allowed: false, missing: [] })
    expect(nearest[0]).toBe('teams.list')
    expect(summary).toMatch(/^There is no permission teams\.lst, .* Did you mean teams\.list,/)
  })

  test('roles that exclude each other, or were laid down, are told of: what to do is to activate them', async () => {
    const { ada } = await scene()
    const [payer, checker] = await Promise.all(
      ['payer', 'checker'].map((name) =>
        world().access.newRole({ organizationId, name: `${name} ${ada.username}`, permissions: [`${name}.work`] }),
      ),
    )
    if (payer === undefined || checker === undefined) throw new Error('two roles were made')
    for (const roleId of [payer, checker]) await world().access.give({ userId: ada.id, roleId, on: { organizationId } })
    await world().rows(
      `with x as (insert into role_exclusions (id, organization_id, name, kind, cardinality, version, created_at, updated_at)
          values (gen_random_uuid(), ?, ?, 'dynamic', 2, 1, now(), now()) returning id, home)
        insert into role_exclusion_members (exclusion_id, exclusion_home, role_id, role_home)
          select x.id, x.home, r.id, r.home from x, roles r where r.id = any(?::uuid[])`,
      [uuidOf(organizationId), `set ${ada.username}`, `{${uuidOf(payer)},${uuidOf(checker)}}`],
    )
    expect((await explain(ada.id, 'payer.work')).unmet).toMatchObject([{ code: 'contested' }])
    const session = await world().signIn(ada)
    const { sessionId } = session.principal
    if (sessionId === null) throw new Error('whoever signed in has a session')
    await world().rows('update sessions set activated_roles = ? where id = ?', [`{${uuidOf(payer)}}`, uuidOf(sessionId)])
    const inSession = (permission: string) =>
      people().owner.as.access.explain({ userId: ada.id, sessionId, permission, on: { organizationId } })
    expect(await inSession('payer.work')).toMatchObject({ allowed: true, because: [{ roles: [{ id: payer }] }] })
    expect((await inSession('checker.work')).unmet).toMatchObject([{ code: 'contested' }])
    await world().rows(`update sessions set activated_roles = '{}', dropped_roles = ? where id = ?`, [
      `{${uuidOf(checker)}}`,
      uuidOf(sessionId),
    ])
    expect((await inSession('checker.work')).unmet).toMatchObject([{ code: 'deactivated' }])
    await expect(
      people().owner.as.access.explain({ userId: people().member.user.id, sessionId, permission: 'payer.work', on: { organizationId } }),
    ).rejects.toMatchObject(notThere)
  })

  test('of themselves somebody is told what the credential that they show may do, as checks say', async () => {
    const on = { organizationId: await world().newOrganization() }
    const admin = await world().asMember(on.organizationId, 'admin')
    const { secret } = await admin.as.tokens.create({ name: 'limited', scopes: ['access.explain', 'access.check', 'teams.list'] })
    const principal = await world().core.authenticate(secret)
    if (principal === null) throw new Error('a new token opens nothing')
    const limited = world().core.as(userActor(principal))
    for (const permission of ['teams.list', 'teams.create']) {
      const { allowed } = await limited.access.explain({ permission, on })
      expect(allowed).toBe((await limited.access.check({ permission, on })).allowed)
      expect(allowed).toBe(permission === 'teams.list')
    }
    const { unmet, missing } = await limited.access.explain({ permission: 'teams.create', on })
    expect(unmet).toMatchObject([{ code: 'credential', reason: { via: 'membership', roles: [{ name: 'admin' }] } }])
    expect(missing).toEqual([])
  })

  test('what is there on other terms has to be ended first, and whoever can only give is not named', async () => {
    const { ada, document, folder } = await scene()
    const { owner: boss } = people()
    const given = { userId: ada.id, permission: 'document.read' }
    const id = await world().access.give({ ...given, on: { resourceId: document }, validFrom: later(hour) })
    await world().access.give({ ...given, on: { resourceId: folder }, condition: { assurance: 'aal2' } })
    const sharer = await world().asMember(organizationId)
    for (const permission of ['document.read', 'resources.grant'])
      await world().access.give({ userId: sharer.user.id, permission, on: { resourceId: document } })
    const explained = await explain(ada.id, 'document.read', { resourceId: document })
    const [smallest] = explained.missing
    expect(smallest).toMatchObject({ membership: null, grant: { permission: 'document.read', on: { id: document } }, ends: id })
    expect(smallest?.text).toContain(`revoke what they have of it for another time (${id}), then give`)
    expect(smallest?.givers.users.map(({ userId }) => userId)).toEqual([boss.user.id])
    const give = () => boss.as.access.grantPermission({ ...given, on: { resourceId: document } })
    await expect(give()).rejects.toMatchObject({ code: 'access.alreadyAssigned', details: { assignmentId: id } })
    await boss.as.access.revokePermission({ ...given, on: { resourceId: document } })
    expect((await explain(ada.id, 'document.read', { resourceId: document })).missing[0]).toMatchObject({ ends: null })
    await give()
    expect(await explain(ada.id, 'document.read', { resourceId: document })).toMatchObject({ allowed: true })
  })

  test('what was laid down is not to be given once more', async () => {
    const ada = await world().asMember(organizationId)
    const roleId = await world().access.newRole({ organizationId, name: `reader ${ada.user.username}`, permissions: ['document.read'] })
    await world().access.give({ userId: ada.user.id, roleId, on: { organizationId } })
    await ada.as.access.deactivateRole({ roleId })
    const { unmet, missing } = await ada.as.access.explain({ permission: 'document.read', on: { organizationId } })
    expect(unmet).toMatchObject([{ code: 'deactivated' }])
    expect(missing.map(({ grant }) => grant?.role?.id ?? null)).not.toContain(roleId)
  })

  describe('who may ask', () => {
    test('of their own access everybody where they can see the place, of others who was granted it there', async () => {
      const { member: plain, owner: boss } = people()
      expect(await plain.as.access.explain({ permission: 'teams.create', on: { organizationId } })).toMatchObject({ allowed: false })
      expect(await plain.as.access.explain({ permission: 'organizations.create' })).toMatchObject({
        allowed: true,
        user: { userId: plain.user.id },
      })
      await expect(explain(boss.user.id, 'teams.create', { organizationId }, plain)).rejects.toMatchObject({ code: 'request.denied' })
      await expect(explain(boss.user.id, 'teams.create', {}, plain)).rejects.toMatchObject(notThere)
      await expect(explain(plain.user.id, 'users.get', {}, boss)).rejects.toMatchObject(notThere)
      await expect(world().asAnonymous().access.explain({ permission: 'users.get' })).rejects.toMatchObject({
        code: 'request.unauthenticated',
      })
    })

    test('a foreign user, a foreign place and what was never there look the same', async () => {
      const elsewhere = await world().newOrganization()
      const foreign = await world().asMember(elsewhere, 'owner')
      const [theirs, unknown] = ['res_01h455vb4pex5vsknk084sn02q', 'usr_01h455vb4pex5vsknk084sn02q'] as const
      const resourceId = await world().access.newResource({ organizationId: elsewhere, key: 'secret' })
      for (const call of [
        () => explain(foreign.user.id, 'teams.list'),
        () => explain(unknown, 'teams.list'),
        () => explain(people().member.user.id, 'teams.list', { organizationId: elsewhere }),
        () => explain(people().member.user.id, 'teams.list', { resourceId }),
        () => explain(people().member.user.id, 'teams.list', { resourceId: theirs }),
        () => people().member.as.access.explain({ permission: 'teams.list', on: { organizationId: elsewhere } }),
        () => people().member.as.access.explain({ permission: 'teams.list', on: { resourceId } }),
      ])
        await expect(call()).rejects.toMatchObject(notThere)
    })

    test('what somebody holds everywhere is not looked into from an organization, nor who else could give something', async () => {
      const { ada } = await scene()
      await world().access.give({ userId: ada.id, permission: 'paper.read' })
      const { because } = await explain(ada.id, 'paper.read')
      expect(because).toMatchObject([
        {
          hidden: true,
          roles: [],
          pattern: null,
          assignmentId: ada.id.replace('usr_', 'asg_').length > 0 ? because[0]?.assignmentId : null,
        },
      ])
      const admin = await world().asSuperadmin()
      expect((await explain(ada.id, 'paper.read', { organizationId }, admin)).because).toMatchObject([
        { hidden: false, pattern: 'paper.read' },
      ])
      // Superadmins could give it as well: they are counted, and not named.
      const { missing } = await explain(ada.id, 'letter.read')
      const giver = missing[0]?.givers
      expect(giver?.users.map(({ userId }) => userId)).toEqual([people().owner.user.id])
      expect(giver?.count).toBeGreaterThan(1)
    })
  })
})
