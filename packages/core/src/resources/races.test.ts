import type { Id } from '@denizen/core'
import { lost, raced, untilSeen, useWorld, withoutGuard, won, type SignedInUser } from '@denizen/core/testing'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { uuidOf } from '../kernel/id.ts'
import type { ResourceId } from './model.ts'

/** PGlite runs one transaction after the other and hides every race: all of these are on PostgreSQL. */
const connections = 28
const atOnce = 22
const world = useWorld({ connections })

let organizationId: Id<'org'>
let admins: SignedInUser[] = []
beforeAll(async () => {
  organizationId = await world().newOrganization()
  admins = await world().crowd(atOnce, { organizationId, role: 'admin' })
})
afterEach(() => vi.restoreAllMocks())

/** 22 people, and some of them again, until there are 50 callers. */
const callers = () => [...admins, ...admins, ...admins].slice(0, 50)

const exclusively = 'lock table resources in exclusive mode'
const allPolicies = 'lock table resource_policies in access exclusive mode'

/** Takes out a guard: statements that hold a text are sent without it. Gives how often. */
const without = (guard: string, instead = '') => withoutGuard(world(), (query) => query.replace(guard, instead))

const rowsOf = (condition: string, ...parameters: readonly unknown[]) =>
  world().rows<{ id: string }>(`select id::text as id from resources where deleted_at is null and ${condition}`, parameters)

let keys = 0
const newKey = () => `key-${++keys}`

/** 50 calls of 22 admins, who all register the same. */
async function register50(ifAbsent: boolean) {
  const key = newKey()
  const calls = callers().map(
    ({ as }) =>
      () =>
        as.resources.register({ type: 'document', key, organizationId, ifAbsent }),
  )
  const results = await raced<unknown>(world(), exclusively, calls)
  return { key, results, rows: await rowsOf('key = ?', key) }
}

test('of 50 who register the same at once one has it; the others are told, or get null where they asked for that', async () => {
  const { results, rows, key } = await register50(false)
  expect([won(results).length, rows.length]).toEqual([1, 1])
  for (const error of lost(results)) expect(error).toMatchObject({ code: 'resources.keyTaken' })
  const absent = await register50(true)
  expect(lost(absent.results)).toEqual([])
  expect(won(absent.results).filter((answer) => answer !== null)).toEqual([expect.objectContaining({ key: absent.key })])
  expect(absent.rows).toHaveLength(1)
  const events = await world().rows(`select 1 from events where type = 'resources.registered' and payload->>'key' in (?, ?)`, [
    key,
    absent.key,
  ])
  expect(events).toHaveLength(2)
})

/** Somebody with a policy of one document, and 50 calls that would each give them another. */
async function quotaOfOne() {
  const user = await world().newUser()
  await world().join(organizationId, user)
  const name = `one-${newKey()}`
  await world().newPolicy(name, { maxResourcesPerType: 1 })
  await world().rows('update users set resource_policy = ? where id = ? returning 1', [name, uuidOf(user.id)])
  const own = await world().signIn(user)
  const spare = await world().access.newResource({ organizationId })
  const calls = callers().map(({ as }, index) => {
    if (index === 7) return () => own.as.resources.register({ type: 'document' })
    if (index === 17) return () => as.resources.transfer({ resourceId: spare, toUserId: user.id })
    return () => as.resources.register({ type: 'document', organizationId, ownerUserId: user.id })
  })
  const results = await raced<unknown>(world(), allPolicies, calls)
  return { results, rows: await rowsOf('owner_user_id = ?', uuidOf(user.id)) }
}

test('ABUSE 40: a policy of one and 50 callers: one resource, however they come by it', async () => {
  const { results, rows } = await quotaOfOne()
  expect([won(results).length, rows.length]).toEqual([1, 1])
  for (const error of lost(results)) expect(error).toMatchObject({ code: 'resources.tooMany', details: { type: 'document', limit: 1 } })
})

test('of an organization, too: 50 callers who register for it, and one resource', async () => {
  const there = await world().newOrganization()
  const bosses = await world().crowd(atOnce, { organizationId: there, role: 'admin' })
  const name = `one-${newKey()}`
  await world().newPolicy(name, { maxResourcesPerType: { document: 1 } })
  await world().rows('update organizations set resource_policy = ? where id = ? returning 1', [name, uuidOf(there)])
  const calls = [...bosses, ...bosses, ...bosses].slice(0, 50).map(
    ({ as }) =>
      () =>
        as.resources.register({ type: 'document', organizationId: there }),
  )
  const results = await raced<unknown>(world(), allPolicies, calls)
  expect(won(results)).toHaveLength(1)
  expect(await rowsOf('organization_id = ?', uuidOf(there))).toHaveLength(1)
})

/** Admins register something in a folder each, and one of them deletes it: before all of them, or among them. */
async function registerAndDelete(when: 'first' | 'among', recursive: boolean) {
  const parentId = await world().access.newResource({ organizationId, type: 'folder' })
  const deleting = () => world().asSystem().resources.delete({ resourceId: parentId, recursive })
  const calls = admins.map(
    ({ as }) =>
      () =>
        as.resources.register({ type: 'document', parentId }),
  )
  const gate = `select 1 from resources where id = '${uuidOf(parentId)}' for update`
  const results =
    when === 'first'
      ? await raced<unknown>(world(), gate, calls, { first: deleting })
      : await raced<unknown>(world(), exclusively, [...calls.slice(0, 11), deleting, ...calls.slice(11)])
  return { parentId, results }
}

/** How it may end: what was put there is deleted with it, or keeps it from being deleted; nothing is inside of what is not there. */
async function expectWhole({ parentId, results }: Awaited<ReturnType<typeof registerAndDelete>>): Promise<void> {
  const orphans = await world().rows(
    'select 1 from resources c join resources p on p.id = c.parent_id where p.id = ? and p.deleted_at is not null and c.deleted_at is null',
    [uuidOf(parentId)],
  )
  expect(orphans).toEqual([])
  const answers = won(results) as ({ deleted: number } | { id: ResourceId })[]
  const [deletion] = answers.flatMap((answer) => ('deleted' in answer ? [answer.deleted] : []))
  if (deletion === undefined) {
    expect(await rowsOf('parent_id = ?', uuidOf(parentId))).toHaveLength(answers.length)
    return
  }
  expect(deletion).toBe(answers.length)
  for (const error of lost(results)) expect(error).toMatchObject({ code: 'request.notFound' })
}

test('what is deleted while something is put into it leaves nothing behind that would be inside of nothing', async () => {
  for (const recursive of [true, false])
    for (const when of ['first', 'among'] as const) await expectWhole(await registerAndDelete(when, recursive))
})

test('what is given on something while it is deleted ends with it, or is not given', async () => {
  for (const gate of ['row', 'lock table role_assignments in exclusive mode']) {
    const resourceId = await world().access.newResource({ organizationId })
    const calls = admins.map(
      ({ as }, index) =>
        () =>
          as.resources.grant({ resourceId, userId: admins[atOnce - 1 - index]?.user.id ?? '', permission: 'document.read' }),
    )
    const deleting = () => world().asSystem().resources.delete({ resourceId })
    const results =
      gate === 'row'
        ? await raced<unknown>(world(), `select 1 from resources where id = '${uuidOf(resourceId)}' for update`, calls, { first: deleting })
        : await raced<unknown>(world(), gate, [...calls, deleting])
    for (const error of lost(results)) expect(error).toMatchObject({ code: 'request.notFound' })
    const given = won(results).filter((answer) => 'assigned' in (answer as object))
    expect(won(results)).toContainEqual({ resourceId, deleted: 1, assignmentsEnded: given.length })
    expect(await world().rows('select 1 from role_assignments where resource_id = ? and revoked_at is null', [uuidOf(resourceId)])).toEqual(
      [],
    )
  }
})

/** The owner hands the same over to 21 others at once. */
async function transferTo21() {
  const owner = await world().asMember(organizationId)
  const others = (await world().crowd(atOnce - 1, { organizationId })).map(({ user }) => user)
  const resourceId = await world().access.newResource({ ownerUserId: owner.user.id })
  const results = await raced(
    world(),
    exclusively,
    others.map(
      ({ id }) =>
        () =>
          owner.as.resources.transfer({ resourceId, toUserId: id }),
    ),
  )
  return { resourceId, results }
}

test('who hands the same over to 21 people at once has given it to one', async () => {
  const { results, resourceId } = await transferTo21()
  expect(won(results)).toHaveLength(1)
  for (const error of lost(results)) expect(error).toMatchObject({ code: 'request.notFound' })
  expect(await world().rows(`select 1 from events where type = 'resources.transferred' and subject = ?`, [resourceId])).toHaveLength(1)
})

/** Admins put something into what somebody owns, while they hand it over, with all that is inside. */
test('what is put into something while it changes hands belongs to whoever has that then', async () => {
  const [ada, { user: bob }] = [await world().asMember(organizationId), await world().asMember(organizationId)]
  const root = await world().access.newResource({ ownerUserId: ada.user.id })
  const inner = await world().access.newResource({ ownerUserId: ada.user.id, parentId: root })
  const superadmin = await world().asSuperadmin()
  const calls = Array.from({ length: 24 }, (_, index) => () => {
    if (index === 11) return ada.as.resources.transfer({ resourceId: root, toUserId: bob.id })
    return superadmin.as.resources.register({ type: 'document', parentId: index % 2 === 0 ? root : inner })
  })
  const results = await raced<unknown>(world(), exclusively, calls)
  expect(lost(results)).toEqual([])
  expect(await rowsOf('path @> array[?]::uuid[] and owner_user_id <> ?', uuidOf(root), uuidOf(bob.id))).toEqual([])
  expect(await rowsOf('path @> array[?]::uuid[]', uuidOf(root))).toHaveLength(25)
})

test('without the locks there would be more than one: the tests above can fail', async () => {
  const unlocked = without('pg_advisory_xact_lock(hashtextextended($1, 0))', 'hashtextextended($1, 0)')
  await untilSeen('more than the policy allows', async () => (await quotaOfOne()).rows.length > 1)
  expect(unlocked()).toBeGreaterThan(20)
  vi.restoreAllMocks()

  const open = without(' for key share of r')
  await untilSeen('something inside of nothing', async () => {
    const whole = expectWhole(await registerAndDelete('first', true))
    return whole.then(
      () => false,
      (error: Error) => /to deeply equal/.test(error.message),
    )
  })
  expect(open()).toBeGreaterThan(20)
  vi.restoreAllMocks()

  const early = without('select 1 from resources where id = ? for update', 'select ?::uuid')
  await untilSeen('several who were given the same', async () => won((await transferTo21()).results).length > 1)
  expect(early()).toBeGreaterThan(20)
})

test('without the index there would be many with one key: the first test can fail', async () => {
  const [index] = await world().rows<{ definition: string }>(`select pg_get_indexdef('resources_key_unique'::regclass) as definition`)
  if (index === undefined) throw new Error('there is no such index')
  await world().rows('drop index resources_key_unique')
  try {
    await untilSeen('two with one key', async () => (await register50(false)).rows.length > 1)
  } finally {
    await world().rows(`update resources set key = id::text where key like 'key-%' returning 1`)
    await world().rows(index.definition)
  }
})
