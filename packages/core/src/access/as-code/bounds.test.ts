import { userActor, type Calls, type DenizenError, type Id, type InputOf, type Signatures } from '@denizen/core'
import { useWorld, type SignedInUser } from '@denizen/core/testing'
import { beforeAll, describe, expect, it } from 'vitest'

type Document = InputOf<Signatures['access']['apply']>['document']

const world = useWorld()
const range = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
const failure = (call: Promise<unknown>): Promise<DenizenError> =>
  call.then(
    () => expect.unreachable('it should have failed'),
    (error: DenizenError) => error,
  )

let organizationId: Id<'org'>
let boss: SignedInUser
beforeAll(async () => {
  organizationId = await world().newOrganization('bounded')
  boss = await world().asMember(organizationId, 'owner')
})
const about = (rest: Omit<Document, 'version'>): Document => ({ version: 1, organization: 'bounded', ...rest })

describe('S1: case 60: what one document may ask for', () => {
  it('2000 questions, in however many tests', async () => {
    const asking = (tests: number) =>
      about({ tests: range(tests, () => ({ who: boss.user.id, can: range(100, (index) => `app.p${index}`) })) })
    expect(await boss.as.access.test({ document: asking(20), live: true })).toMatchObject({ passed: 2000, failed: 0 })
    expect(await failure(boss.as.access.test({ document: asking(21), live: true }))).toMatchObject({ code: 'request.invalid' })
  })

  it('400 changes of roles and 100 of exclusions: more are shown, and refused before they are tried', async () => {
    const named = <T>(count: number, value: T) => Object.fromEntries(range(count, (index) => [`one-${index}`, value]))
    const pair = { roles: ['one-0', 'one-1'] }
    const document = about({ roles: named(401, { permissions: ['app.a'] }), exclusions: named(101, pair) })
    for (const verb of ['plan', 'apply', 'test'] as const)
      expect(await failure(boss.as.access[verb]({ document }))).toMatchObject({
        code: 'access.documentInvalid',
        details: { count: 2, issues: [{ path: 'document.roles' }, { path: 'document.exclusions' }] },
      })
    const { details } = await failure(boss.as.access.apply({ document }))
    const [inRoles, inExclusions] = (details as { issues: readonly { message: string }[] }).issues.map(({ message }) => message)
    const [, fit, last] = /the first (\d+), up to "([^"]+)", fit/.exec(inRoles ?? '') ?? []
    expect([fit, last]).toEqual(['400', expect.stringMatching(/^one-\d+$/)])
    expect(inExclusions).toContain('a document without "manage" that has some of the exclusions')
    expect((await boss.as.access.diff({ document })).count).toBe(502)
    await boss.as.access.apply({ document: about({ roles: { large: { permissions: range(200, (index) => `app.a${index}`) } } }) })
    const turned = (count: number) => about({ roles: { large: { permissions: range(count, (index) => `app.b${index}`) } } })
    expect(await failure(boss.as.access.plan({ document: turned(200) }))).toMatchObject({
      details: {
        issues: [{ path: 'document.roles', message: expect.stringContaining('some of the permissions of the role "large"') as string }],
      },
    })
    expect((await boss.as.access.diff({ document: turned(200) })).count).toBe(1)
  })

  it('tests about one user in several situations and places are answered as each by itself', async () => {
    const { user } = await world().asMember(organizationId)
    const folder = await world().access.newResource({ organizationId, type: 'folder', key: 'bounded' })
    await boss.as.access.grantPermission({ userId: user.id, permission: 'app.there', on: { resourceId: folder } })
    await boss.as.access.grantPermission({
      userId: user.id,
      permission: 'app.sure',
      on: { organizationId },
      condition: { assurance: 'aal2' },
    })
    const on = { resource: folder }
    const tests: Document['tests'] = [
      { who: user.id, can: 'app.there', on },
      { who: user.id, cannot: 'app.there' },
      { who: user.id, cannot: 'app.there', on },
      { who: user.id, can: 'app.sure' },
      { who: user.id, can: 'app.sure', with: { assurance: 'aal2' } },
    ]
    const { results } = await boss.as.access.test({ document: about({ tests }), live: true })
    expect(results.map(({ passed, reason }) => (passed ? 'passed' : reason))).toEqual([
      'passed',
      'passed',
      'a permission of their own gives it',
      'it is granted only under a condition that the test does not meet',
      'passed',
    ])
  })
})

describe('S1: case 60: how many documents are worked on at once', () => {
  const document = about({})
  const busy = (of: string) => ({ code: 'request.tooManyAtOnce', kind: 'unavailable', details: { of, retryAfter: 5 } })
  /** Nobody gets further than to the lock of the organizations, until the work is done. */
  async function whileHeld(work: () => Promise<void>): Promise<void> {
    const client = await world().connect()
    await client.query('begin')
    await client.query('lock table organizations in access exclusive mode')
    try {
      await work()
    } finally {
      await client.query('rollback')
    }
  }

  it('one of each caller, whatever it does with it, and three in all; whoever comes later is refused before anything is asked', async () => {
    const others = await world().crowd(3, { organizationId, role: 'owner' })
    const [ada, bob, eve] = others.map(({ as }) => as) as [Calls, Calls, Calls]
    const running: Promise<unknown>[] = []
    await whileHeld(async () => {
      running.push(boss.as.access.diff({ document }))
      for (const verb of ['diff', 'plan', 'apply', 'test'] as const)
        expect(await failure(boss.as.access[verb]({ document }))).toMatchObject(busy('you'))
      expect(await failure(boss.as.access.apply.plan({ document }))).toMatchObject(busy('you'))
      running.push(ada.access.diff({ document }), bob.access.diff({ document }))
      expect(await failure(eve.access.plan({ document }))).toMatchObject(busy('this server'))
    })
    await Promise.allSettled(running)
    expect((await eve.access.diff({ document })).count).toBe(0)
  })

  it('one of each organization; who has no business there keeps nobody from it', async () => {
    const [ada] = await world().crowd(1, { organizationId, role: 'owner' })
    const stranger = await world().asMember(await world().newOrganization('elsewhere'), 'owner')
    const role = { roles: { held: { permissions: ['app.held'] } } }
    const client = await world().connect()
    await client.query('begin')
    await client.query('lock table role_permissions in access exclusive mode')
    const both = [boss.as, (ada as SignedInUser).as].map(({ access }) => access.diff({ document: about(role) }))
    expect(await failure(Promise.race(both))).toMatchObject(busy('this organization'))
    expect(await failure(stranger.as.access.diff({ document: about(role) }))).toMatchObject({ code: 'request.notFound' })
    const elsewhere = stranger.as.access.diff({ document: { version: 1, organization: 'elsewhere' } })
    await client.query('rollback')
    expect((await Promise.any(both)).count).toBe(1)
    expect((await elsewhere).count).toBe(0)
  })

  it('places are given back, also by what failed', async () => {
    for (const _ of range(4, () => 0))
      expect(await failure(boss.as.access.plan({ document: about({ tests: [{ who: 'nobody', can: 'app.a' }] }) }))).toMatchObject({
        code: 'access.documentInvalid',
      })
    const { principal } = boss
    expect((await world().another({}).as(userActor(principal)).access.diff({ document })).count).toBe(0)
  })
})
