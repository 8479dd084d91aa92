import type { DenizenError, InputOf, Signatures } from '@denizen/core'
import { databases, useWorld } from '@denizen/core/testing'
import { describe, expect, it } from 'vitest'

type Document = InputOf<Signatures['access']['apply']>['document']

const failure = (call: Promise<unknown>): Promise<DenizenError> =>
  call.then(
    () => expect.unreachable('it should have failed'),
    (error: DenizenError) => error,
  )

describe.each(databases)('access as code on %s', (database) => {
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
    const heldBy = async (userId: string) =>
      (await boss.as.access.listAssignments({ organizationId, userId: userId as `usr_${string}` })).items
    return { slug, organizationId, boss, ada, bob, teamId, folder, document, heldBy }
  }

  it('is planned, applied as planned, and stands then: a second time nothing is to be done', async () => {
    const { organizationId, boss, ada, bob, document, teamId } = await acme()
    const { access } = boss.as
    const before = await world().counts()
    const plan = await access.plan({ document })
    expect(await world().counts()).toEqual(before)
    expect([plan.refusal, plan.changes.count, plan.effects]).toMatchObject([
      null,
      4,
      {
        users: 2,
        teams: 1,
        count: 3,
        items: expect.arrayContaining([
          expect.objectContaining({
            subject: { kind: 'user', id: ada.user.id, name: ada.user.username },
            gained: ['document.read', 'document.write'],
            lost: [],
          }),
          expect.objectContaining({
            subject: expect.objectContaining({ id: bob.user.id }) as unknown,
            on: expect.objectContaining({ name: 'folder handbook' }) as unknown,
            gained: ['document.read'],
          }),
          expect.objectContaining({ subject: { kind: 'team', id: teamId, name: 'Support' }, gained: ['document.read'] }),
        ]) as unknown,
      },
    ])
    const { changes, effects } = await access.apply({ document, basedOn: plan.fingerprint })
    expect({ changes, effects }).toEqual({ changes: plan.changes, effects: plan.effects })
    const signedIn = await world().signIn(ada.user)
    expect(signedIn.principal.grants.list(organizationId)).toEqual(expect.arrayContaining(['document.read', 'document.write']))
    const rows = await world().counts()
    expect((await access.apply({ document })).changes.count).toBe(0)
    expect((await access.diff({ document })).count).toBe(0)
    const after = await world().counts()
    expect([after['role_assignments'], after['roles'], after['events']]).toEqual([rows['role_assignments'], rows['roles'], rows['events']])
  })

  it('is refused with everything that is not there, each with its place', async () => {
    const { slug, boss } = await acme()
    const document: Document = {
      version: 1,
      organization: slug,
      roles: { 'a.b': { permissions: ['users.gett'], includes: ['nothing'] }, 'bad/name': {} },
      exclusions: { apart: { roles: ['a.b', 'no-role'], cardinality: 3 } },
      assignments: [
        { user: 'kate', role: 'a.b' },
        { team: 'Nobody', role: 'other', on: { team: 'None' } },
        { user: boss.user.username, permission: 'document.read', on: { resource: { type: 'folder', key: 'gone' } } },
        { user: boss.user.username, permission: 'document.read' },
        { user: boss.user.id, permission: 'document.read' },
      ],
      tests: [{ who: 'eve', can: 'document.read' }],
    }
    for (const verb of ['apply', 'plan', 'diff', 'test'] as const) {
      const { code, details } = await failure(boss.as.access[verb]({ document }))
      expect([code, details['count']]).toEqual(['access.documentInvalid', 12])
      expect((details['issues'] as { path: string; message: string }[]).map(({ path }) => path.replace('document.', ''))).toEqual([
        'roles.a.b.permissions.0',
        'roles.a.b.includes.0',
        'roles.bad/name',
        'exclusions.apart.roles.1',
        'exclusions.apart.cardinality',
        'assignments.0.user',
        'assignments.1.team',
        'assignments.1.role',
        'assignments.1.on.team',
        'assignments.2.on.resource',
        'tests.0.who',
        'assignments.4',
      ])
    }
    const { message } = await failure(boss.as.access.diff({ document }))
    expect(message).toBe(
      'The document cannot be applied: document.roles.a.b.permissions.0: there is no such action: did you mean users.get? (and 11 more)',
    )
  })

  it('of the installation names no scope, because all of it counts everywhere', async () => {
    const { user, as } = await world().asSuperadmin()
    const document: Document = { version: 1, assignments: [{ user: user.id, permission: 'document.read', on: { team: 'Support' } }] }
    expect((await failure(as.access.diff({ document }))).message).toBe(
      'The document cannot be applied: document.assignments.0.on: everything in a document of the installation counts everywhere: ' +
        'leave this out, or set "organization" at its top',
    )
  })

  it('leaves alone what it does not mention, unless it manages all of a kind', async () => {
    const { slug, organizationId, boss, ada, bob, document, heldBy } = await acme()
    const { access } = boss.as
    await access.apply({ document })
    const small: Document = { version: 1, organization: slug, roles: { viewer: { description: 'Reads' } } }
    expect(await access.diff({ document: small })).toMatchObject({
      count: 1,
      roles: [{ change: 'update', name: 'viewer', description: { before: null, after: 'Reads' }, permissions: { added: [], removed: [] } }],
    })
    expect(await access.diff({ document: { version: 1, organization: slug } })).toMatchObject({ count: 0 })
    const managed: Document = { ...small, manage: 'assignments' }
    expect(
      (await access.diff({ document: managed })).assignments.map(({ change, subject }) => `${change} ${subject.kind}`).toSorted(),
    ).toEqual(['end team', 'end user'])
    // With a role go those who have it, and what it was included by loses it.
    const without: Document = { ...small, roles: { viewer: {} }, manage: ['roles'] }
    const plan = await access.plan({ document: without })
    expect(plan.changes).toMatchObject({
      count: 2,
      roles: [{ change: 'delete', name: 'editor' }],
      assignments: [{ change: 'end', role: 'editor' }],
    })
    expect(plan.effects.items).toMatchObject([{ subject: { id: ada.user.id }, gained: [], lost: ['document.read', 'document.write'] }])
    await access.apply({ document: without, basedOn: plan.fingerprint })
    expect([(await heldBy(ada.user.id)).length, (await heldBy(bob.user.id)).length]).toEqual([0, 0])
    expect((await access.listAssignments({ organizationId })).items.map(({ role }) => role?.name)).toEqual(['viewer'])
    await access.apply({ document: { version: 1, organization: slug, manage: ['roles', 'assignments', 'exclusions'] } })
    expect(await access.export({ organizationId })).toMatchObject({ roles: {}, assignments: [] })
  })

  it('is exported alike whatever was given first', async () => {
    const { slug, organizationId, boss, bob } = await acme()
    const { access } = boss.as
    const places = [{ team: 'Support' }, { resource: { type: 'folder', key: 'handbook' } }]
    const given = places.map((on) => ({ user: bob.user.username, permission: 'document.read', on }))
    const exported = async (assignments: typeof given) => {
      await access.apply({ document: { version: 1, organization: slug, manage: ['assignments'] } })
      for (const assignment of assignments) {
        world().clock.advance(1000)
        await access.apply({ document: { version: 1, organization: slug, assignments: [assignment] } })
      }
      return (await access.export({ organizationId })).assignments
    }
    const inOrder = await exported(given)
    expect(inOrder).toHaveLength(2)
    expect(await exported(given.toReversed())).toEqual(inOrder)
  })

  it('gives anew what is on other terms, and ends what is over', async () => {
    const { slug, boss, ada, heldBy } = await acme()
    const { access } = boss.as
    const on = (terms: object): Document => ({
      version: 1,
      organization: slug,
      assignments: [{ user: ada.user.username, permission: 'document.share', ...terms }],
    })
    await access.apply({ document: on({}) })
    const later = new Date(world().clock.now().getTime() + 86_400_000).toISOString()
    const plan = await access.plan({ document: on({ until: later }) })
    expect(plan.changes.assignments).toMatchObject([{ change: 'replace', before: { until: null }, after: { until: new Date(later) } }])
    expect(plan.effects.count).toBe(0)
    await access.apply({ document: on({ until: later }) })
    expect((await heldBy(ada.user.id)).map(({ validUntil }) => validUntil?.toISOString())).toEqual([later])
    const conditional = await access.apply({ document: on({ when: { assurance: 'aal2' } }) })
    expect(conditional.effects.items).toMatchObject([{ lost: ['document.share'], conditional: false }])
    await access.apply({ document: on({ until: '2000-01-01' }) })
    expect(await heldBy(ada.user.id)).toEqual([])
    const given = await access.plan({ document: on({ when: { networks: ['10.0.0.0/8'] } }) })
    expect(given.effects.items).toMatchObject([{ gained: ['document.share'], conditional: true }])
    const history = await world().rows(
      'select 1 from role_assignments where user_id is not null and permission = ? and revoked_at is not null',
      ['document.share'],
    )
    expect(history.length).toBeGreaterThanOrEqual(3)
  })

  it('is not applied where its tests fail, unless that is asked for', async () => {
    const { boss, ada, bob, document, heldBy } = await acme()
    const { access } = boss.as
    const tests = [
      { who: ada.user.username, can: ['document.read', 'document.write'], cannot: 'document.delete' },
      { who: bob.user.username, cannot: 'document.read' },
      { who: bob.user.username, can: 'document.read', on: { resource: { type: 'folder', key: 'handbook' } } },
      { team: 'Support', can: 'document.read', on: { resource: { type: 'folder', key: 'handbook' } } },
    ]
    const failing: Document = {
      ...document,
      tests: [...tests, { who: ada.user.username, cannot: 'document.read' }, { who: boss.user.username, cannot: 'users.create' }],
    }
    const error = await failure(access.apply({ document: failing }))
    expect([error.code, error.details]).toMatchObject(['access.testsFailed', { failed: 2, results: [{ test: 4 }, { test: 5 }] }])
    expect(await heldBy(ada.user.id)).toEqual([])
    expect(await access.test({ document: failing })).toMatchObject({ passed: 6, failed: 2 })
    expect((await access.test({ document: failing })).results.flatMap(({ reason }) => reason ?? [])).toEqual([
      'the role editor gives it',
      'their membership of the organization gives it',
    ])
    expect(await access.test({ document: { ...document, tests }, live: true })).toMatchObject({ passed: 2, failed: 4 })
    expect(await access.apply({ document: failing, skipTests: true })).toMatchObject({ tests: { failed: 2 } })
    expect(await access.test({ document: { ...document, tests }, live: true })).toMatchObject({ passed: 6, failed: 0 })
    const conditions: Document = {
      ...document,
      assignments: [{ user: bob.user.username, permission: 'document.share', when: { assurance: 'aal2', networks: ['10.0.0.0/8'] } }],
      tests: [
        { who: bob.user.username, can: 'document.share' },
        { who: bob.user.username, can: 'document.share', with: { assurance: 'aal2', address: '10.1.2.3' } },
      ],
    }
    expect((await access.test({ document: conditions })).results.map(({ passed, reason }) => [passed, reason])).toEqual([
      [false, 'it is granted only under a condition that the test does not meet'],
      [true, null],
    ])
  })

  it('a plan that is not what would be done any more is refused', async () => {
    const { slug, boss, ada, document } = await acme()
    const { access } = boss.as
    const { fingerprint } = await access.plan({ document })
    await access.apply({
      document: { version: 1, organization: slug, assignments: [{ user: ada.user.username, permission: 'document.read' }] },
    })
    expect(await failure(access.apply({ document, basedOn: fingerprint }))).toMatchObject({ code: 'access.planOutdated', kind: 'conflict' })
    const again = await access.plan({ document })
    await access.apply({ document, basedOn: again.fingerprint })
    expect(await failure(access.apply({ document, basedOn: again.fingerprint }))).toMatchObject({ code: 'access.planOutdated' })
  })
})
