import { uuidOf, type Calls, type Id, type InputOf, type Signatures, type User } from '@denizen/core'
import { databases, runs, useWorld, type World } from '@denizen/core/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

type Filter = NonNullable<InputOf<Signatures['users']['list']>['where']>

/** A user, with what of it stands in other tables. */
interface Known {
  readonly user: User
  readonly roles: readonly string[]
  readonly organizations: readonly string[]
  readonly lastSeenAt: Date | null
}

const textFields = ['username', 'email', 'fullName', 'displayName', 'phone', 'locale', 'timezone', 'resourcePolicy'] as const
const flagFields = ['emailVerified', 'needPasswordChange', 'sudoSessionEnabled', 'isBot', 'isScanner', 'legalHold'] as const
const timeFields = ['createdAt', 'updatedAt', 'statusChangedAt', 'archivedAt', 'lastSeenAt'] as const

/** What a filter means, said as simply as it can be: no SQL, no index, one user after the other. */
function fits(known: Known, filter: Filter): boolean {
  const { user } = known
  const checks = [
    filter.id === undefined || [filter.id].flat().includes(user.id),
    filter.status === undefined || [filter.status].flat().includes(user.status),
    filter.kind === undefined || [filter.kind].flat().includes(user.kind),
    filter.role === undefined || known.roles.includes(filter.role),
    filter.memberOf === undefined || known.organizations.includes(filter.memberOf),
    filter.homeOrganizationId === undefined || user.homeOrganizationId === filter.homeOrganizationId,
    ...textFields.map((field) => fitsText(user[field], filter[field])),
    ...flagFields.map((field) => filter[field] === undefined || user[field] === filter[field]),
    ...timeFields.map((field) => fitsRange(field === 'lastSeenAt' ? known.lastSeenAt : user[field], filter[field])),
    (filter.and ?? []).every((inner) => fits(known, inner)),
    filter.or === undefined || filter.or.some((inner) => fits(known, inner)),
    filter.not === undefined || !fits(known, filter.not),
  ]
  return checks.every(Boolean)
}

function fitsText(value: string | null, wanted: Filter['username']): boolean {
  if (wanted === undefined) return true
  if (wanted === null || value === null) return wanted === value
  const compared = plain(value)
  if (typeof wanted === 'string') return compared === plain(wanted)
  if ('in' in wanted) return wanted.in.map(plain).includes(compared)
  return 'startsWith' in wanted ? compared.startsWith(plain(wanted.startsWith)) : compared.includes(plain(wanted.contains))
}

const plain = (text: string) => text.normalize('NFC').trim().toLowerCase().replaceAll('ς', 'σ')

function fitsRange(value: Date | null, wanted: Filter['createdAt']): boolean {
  if (wanted === undefined) return true
  if (wanted === null || value === null) return wanted === value
  const { from, until } = wanted as { from?: Date; until?: Date }
  return (from === undefined || value >= from) && (until === undefined || value < until)
}

const nameOf = (fullName: string | undefined) => (fullName === undefined ? {} : { fullName })

/** People of every sort, and what a filter may ask about them. */
async function populate(world: World): Promise<{ everybody: Known[]; organizations: Id<'org'>[] }> {
  const organizations = [await world.newOrganization(), await world.newOrganization()]
  const [one, other] = organizations
  if (one === undefined || other === undefined) throw new Error('there are two')
  await world.ownDomain(one, 'one.example')
  await world.newPolicy('small')
  const names = ['Ada Lovelace', 'ÉVA 100%', 'Οδυσσεύς', 'a_b\\c', undefined, 'Zoë "Z" {x,y}', 'Straße', 'ada']
  const statuses = ['active', 'inactive', 'suspended', 'pending', 'temporary', 'archived'] as const
  const kinds = ['human', 'service'] as const
  const roles = ['user', 'monitor', 'superadmin'] as const
  const everybody: Known[] = []
  for (let number = 0; number < 48; number++) {
    world.clock.advance(number % 3) // some share their moment
    const at = (step: number) => `${['one', 'other', 'third'][number % 3] ?? ''}${step}.example`
    const made = await world.newUser({
      username: `${['ada', 'bob', 'éva'][number % 3] ?? ''}_${number}`,
      ...(number % 5 !== 4 && { email: `P${number}@${number % 2 === 0 ? 'one.example' : at(number % 4)}` }),
      ...nameOf(names[number % names.length]),
      emailVerified: number % 2 === 0,
    })
    const home = number % 4 === 0 ? one : number % 4 === 1 ? other : null
    const status = statuses[number % statuses.length] ?? 'active'
    const seen = number % 3 === 0 ? null : new Date(made.createdAt.getTime() + number * 1000)
    const assigned = number % 7 === 0 ? 'monitor' : null
    await world.rows(
      `update users set status = ?, kind = ?, email = case when ? then null else email end, phone = ?, locale = ?, timezone = ?, resource_policy = ?, sudo_session_enabled = ?, is_bot = ?,
          is_scanner = ?, legal_hold = ?, need_password_change = ?, home_organization_id = (select id from organizations where id = ?),
          status_changed_at = ?, archived_at = ?, updated_at = ? where username = ? returning 1`,
      [
        status,
        number % 10 === 4 ? 'anonymous' : kinds[number % kinds.length],
        number % 10 === 4,
        number % 2 === 0 ? `+4144668${1000 + number}` : null,
        number % 3 === 0 ? 'de-CH' : null,
        number % 4 === 0 ? 'Europe/Zurich' : null,
        number % 6 === 0 ? 'small' : null,
        number % 5 === 0,
        number % 7 === 0,
        number % 11 === 0,
        number % 13 === 0,
        number % 9 === 0,
        home === null ? null : uuidOf(home),
        number % 2 === 0 ? made.createdAt : null,
        status === 'archived' ? made.createdAt : null,
        new Date(made.createdAt.getTime() + (number % 5) * 1000),
        made.username,
      ],
    )
    if (assigned !== null) await world.grant(made, assigned)
    const memberships = number % 2 === 0 ? [one] : number % 3 === 0 ? [one, other] : []
    for (const organization of memberships) await world.join(organization, made)
    if (seen !== null)
      await world.rows(`insert into user_activity (user_id, last_seen_at) select id, ? from users where username = ? returning 1`, [
        seen,
        made.username,
      ])
    everybody.push({
      user: await world.asSystem().users.get({ userId: made.id }),
      roles: roles.filter((role) => role === 'user' || role === assigned),
      organizations: memberships,
      lastSeenAt: seen,
    })
  }
  return { everybody, organizations }
}

/** Filters that hit: made of what the users have, and pieces of it. */
function filtersOver({
  everybody,
  organizations,
}: {
  everybody: readonly Known[]
  organizations: readonly Id<'org'>[]
}): fc.Arbitrary<Filter> {
  const textOf = (field: (typeof textFields)[number]) => {
    const values = everybody.flatMap(({ user }) => user[field] ?? [])
    const value = fc.constantFrom(...values, 'nobody', '%', '_', '\\', "' or true --")
    const piece = fc
      .tuple(value, fc.nat(8), fc.integer({ min: 1, max: 6 }))
      .map(([text, from, length]) => text.slice(from, from + length).trim())
    const part = piece.map((text) => (text === '' ? 'a' : text)).map((text) => (text.length % 2 === 0 ? text.toUpperCase() : text))
    return fc.oneof(
      value,
      fc.constant(null),
      fc.record({ in: fc.array(value, { minLength: 1, maxLength: 4 }) }),
      fc.record({ startsWith: part }),
      fc.record({ contains: part }),
    )
  }
  const instant = fc.constantFrom(
    ...everybody.flatMap(({ user, lastSeenAt }) => [user.createdAt, user.updatedAt, ...(lastSeenAt === null ? [] : [lastSeenAt])]),
  )
  const range = fc.oneof(
    fc.constant(null),
    fc.record({ from: instant }),
    fc.record({ until: instant }),
    fc.record({ from: instant, until: instant }),
  )
  const organization = fc.constantFrom(...organizations)
  const one = <Item>(arbitrary: fc.Arbitrary<Item>) => fc.oneof(arbitrary, fc.array(arbitrary, { minLength: 1, maxLength: 3 }))
  const fields = {
    id: one(fc.constantFrom(...everybody.map(({ user }) => user.id))),
    status: one(fc.constantFrom('active', 'inactive', 'suspended', 'pending', 'temporary', 'archived' as const)),
    kind: one(fc.constantFrom('human', 'anonymous', 'service' as const)),
    role: fc.constantFrom('user', 'monitor', 'superadmin', 'no such role'),
    memberOf: organization,
    homeOrganizationId: fc.option(organization),
    ...Object.fromEntries(textFields.map((field) => [field, textOf(field)])),
    ...Object.fromEntries(flagFields.map((field) => [field, fc.boolean()])),
    ...Object.fromEntries(timeFields.map((field) => [field, range])),
  }
  const flat = fc
    .tuple(fc.shuffledSubarray(Object.keys(fields), { minLength: 0, maxLength: 2 }), fc.record(fields))
    .map(([names, values]) => Object.fromEntries(names.map((name) => [name, (values as Record<string, unknown>)[name]])) as Filter)
  const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      flat,
      fc.tuple(flat, fc.array(tie('filter'), { minLength: 1, maxLength: 3 })).map(([own, inner]) => ({ ...own, and: inner })),
      fc.tuple(flat, fc.array(tie('filter'), { minLength: 1, maxLength: 3 })).map(([own, inner]) => ({ ...own, or: inner })),
      fc.tuple(flat, tie('filter')).map(([own, inner]) => ({ ...own, not: inner })),
    ),
  }))
  return filter
}

async function idsOf(list: ReturnType<Calls['users']['list']>): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of list) ids.push(id)
  return ids.toSorted()
}

describe.each(databases)('filters of users on %s', (database) => {
  const world = useWorld({ database })
  let people: Awaited<ReturnType<typeof populate>>
  beforeAll(async () => {
    people = await populate(world())
  })

  test('any filter selects whom its plain meaning selects, and counts them', async () => {
    const property = fc.asyncProperty(filtersOver(people), async (where) => {
      const expected = people.everybody.filter((known) => fits(known, where)).map(({ user }) => user.id)
      const { users } = world().asSystem()
      expect(await idsOf(users.list({ where, limit: 7 }))).toEqual(expected.toSorted())
      expect(await users.count({ where })).toEqual({ count: expected.length })
    })
    await fc.assert(property, { numRuns: runs(database === 'postgres' ? 80 : 16) })
  })

  test('ABUSE 16: no filter, order or cursor reaches past the users that an organization manages', async () => {
    const [organizationId] = people.organizations
    if (organizationId === undefined) throw new Error('there are two')
    const managed = people.everybody.filter(
      ({ user }) => user.homeOrganizationId === organizationId && (user.email === null || user.email.endsWith('@one.example')),
    )
    expect(managed.length).toBeGreaterThan(3)
    expect(managed.length).toBeLessThan(people.everybody.length / 2)
    const admin = await world().asMember(organizationId, 'admin')
    const property = fc.asyncProperty(
      filtersOver({ ...people, organizations: [organizationId] }),
      fc.boolean(),
      async (filter, negated) => {
        const where = withoutRoles(negated ? { or: [{ not: filter }, filter] } : filter)
        const expected = managed.filter((known) => fits(known, where)).map(({ user }) => user.id)
        const { users } = admin.as
        expect(await idsOf(users.list({ organizationId, where, limit: 3 }))).toEqual(expected.toSorted())
        expect(await users.count({ organizationId, where })).toEqual({ count: expected.length })
        const found = await users.search({ organizationId, where, query: 'a', limit: 100 })
        expect(found.items.every(({ id }) => expected.includes(id))).toBe(true)
      },
    )
    try {
      await fc.assert(property, { numRuns: runs(database === 'postgres' ? 30 : 8) })
    } finally {
      await world().rows('delete from users where id = ? returning 1', [uuidOf(admin.user.id)]) // everybody is who was there before
    }
  })
})

function withoutRoles(filter: Filter): Filter {
  const { role: _, and, or, not, ...rest } = filter
  return {
    ...rest,
    ...(and && { and: and.map(withoutRoles) }),
    ...(or && { or: or.map(withoutRoles) }),
    ...(not && { not: withoutRoles(not) }),
  }
}
