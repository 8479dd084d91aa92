import { userActor, type Calls, type Id, type InputOf, type Signatures } from '@denizen/core'
import { raced, useWorld, type SignedInUser } from '@denizen/core/testing'
import { beforeAll, expect, test } from 'vitest'

type Document = InputOf<Signatures['access']['apply']>['document']

/** PGlite runs one transaction after the other and hides every race: all of these are on PostgreSQL. */
const atOnce = 22
const world = useWorld({ connections: 28 })

let organizationId: Id<'org'>
let member: SignedInUser
/** Each in a Denizen of their own: one works on one document of an organization at a time. */
let bosses: { readonly as: Calls }[] = []
beforeAll(async () => {
  organizationId = await world().newOrganization('raced')
  member = await world().asMember(organizationId)
  const crowd = await world().crowd(atOnce, { organizationId, role: 'owner' })
  bosses = crowd.map(({ principal }) => ({ as: world().another({}).as(userActor(principal)) }))
})

const gate = 'lock table organizations in exclusive mode'

const documentOf = (name: string): Document => ({
  version: 1,
  organization: 'raced',
  roles: { [name]: { permissions: ['document.read'] }, [`${name}-more`]: { includes: [name] } },
})

const givingOf = (name: string): Document => ({
  ...documentOf(name),
  assignments: [{ user: member.user.username, role: `${name}-more` }],
})

const codes = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.map((result) => (result.status === 'fulfilled' ? 'done' : String((result.reason as { code?: string }).code))).toSorted()

// Of roles only: where somebody is given something, the lock of their row serialises already.
test('of many who apply one plan at once one does, and to the others it is outdated', async () => {
  const document = documentOf('planned')
  const [boss] = bosses
  if (boss === undefined) throw new Error('there are some')
  const { fingerprint } = await boss.as.access.plan({ document })
  const results = await raced(
    world(),
    gate,
    bosses.map(
      ({ as }) =>
        () =>
          as.access.apply({ document, basedOn: fingerprint }),
    ),
  )
  expect(codes(results)).toEqual([...Array.from({ length: atOnce - 1 }, () => 'access.planOutdated'), 'done'])
})

test('of many who apply one document at once one makes it so, and the others find it so', async () => {
  const document = documentOf('same')
  const results = await raced(
    world(),
    gate,
    bosses.map(
      ({ as }) =>
        () =>
          as.access.apply({ document }),
    ),
  )
  const counts = results.map((result) =>
    result.status === 'fulfilled' ? (result.value as { changes: { count: number } }).changes.count : -1,
  )
  expect(counts.toSorted((one, other) => other - one)).toEqual([2, ...Array.from({ length: atOnce - 1 }, () => 0)])
})

test('many who apply a document each at once make all of them so', async () => {
  const results = await raced(
    world(),
    gate,
    bosses.map(
      ({ as }, index) =>
        () =>
          as.access.apply({ document: givingOf(`own-${index}`) }),
    ),
  )
  expect(codes(results)).toEqual(Array.from({ length: atOnce }, () => 'done'))
  const held = await world().rows(
    'select 1 from role_assignments a join roles r on r.id = a.role_id where r.name like ? and a.revoked_at is null',
    ['own-%'],
  )
  expect(held).toHaveLength(atOnce)
})
