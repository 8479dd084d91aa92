import { builtInRoles, uuidOf, type Id } from '@denizen/core'
import { runs, useWorld, type SignedInUser } from '@denizen/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

type On = { organizationId: Id<'org'> } | { teamId: Id<'team'> } | { resourceId: Id<'res'> } | Record<string, never>

const permissions = ['document.read', 'document.write', 'organizations.get', 'users.archive'] as const
const patterns = ['document.read', 'document.*', 'application', '*', 'queries', 'organizations.get'] as const

/** Which of so many; the world decides how many there are. */
const one = fc.nat(1000)
const grant = fc.record({
  to: one,
  team: fc.boolean(),
  what: one,
  role: fc.constantFrom('none', 'plain', 'including', 'builtIn'),
  on: fc.constantFrom('system', 'organization', 'team', 'resource'),
  where: one,
  when: fc.constantFrom('now', 'now', 'now', 'later', 'over'),
  condition: fc.constantFrom('none', 'none', 'networks', 'assurance'),
})
const small = fc.record({
  members: fc.array(fc.record({ user: one, organization: one, role: fc.constantFrom('owner', 'admin', 'member') }), { maxLength: 6 }),
  seats: fc.array(fc.record({ user: one, team: one }), { maxLength: 4 }),
  resources: fc.array(fc.record({ inside: one, nested: fc.boolean(), organization: one, owner: one, owned: fc.boolean() }), {
    minLength: 2,
    maxLength: 8,
  }),
  grants: fc.array(grant, { maxLength: 10 }),
  suspended: fc.option(one),
  frozen: fc.option(one),
  archived: fc.option(one),
  exclusive: fc.boolean(),
})
type Small = typeof small extends fc.Arbitrary<infer T> ? T : never

function at<Item>(list: readonly Item[], index: number): Item {
  const item = list[index % list.length]
  if (item === undefined) throw new Error('the list is empty')
  return item
}

describe('whom and what is listed', () => {
  const world = useWorld()

  /** Five users, two organizations with a team each, and what the random world says of them. */
  async function build(plan: Small) {
    const { access } = world()
    const users = await Promise.all(Array.from({ length: 5 }, () => world().newUser()))
    const organizations = [await world().newOrganization(), await world().newOrganization()]
    const teams = await Promise.all(
      organizations.map(async (organizationId) => (await world().asSystem().teams.create({ organizationId, name: 'Blue' })).id),
    )
    const joined = new Set<string>()
    for (const { user, organization, role } of plan.members) {
      const key = `${user % 5} ${organization % 2}`
      if (!joined.has(key)) await world().join(at(organizations, organization), at(users, user), role as 'member')
      joined.add(key)
    }
    for (const { user, team } of plan.seats)
      if (joined.has(`${user % 5} ${team % 2}`))
        await world()
          .asSystem()
          .teams.addMember({ teamId: at(teams, team), userId: at(users, user).id })
    const resources: { id: Id<'res'>; organizationId: Id<'org'> | null }[] = []
    for (const { inside, nested, organization, owner, owned } of plan.resources) {
      const parent = nested && resources.length > 0 ? at(resources, inside) : null
      const organizationId = parent === null ? at([...organizations, null], organization) : parent.organizationId
      const ownerUserId = owned || organizationId === null ? at(users, owner).id : null
      const id = await access.newResource({ organizationId, ownerUserId, ...(parent !== null && { parentId: parent.id }) })
      resources.push({ id, organizationId })
    }
    const roles = new Map<string, Id<'rol'>>()
    for (const [index, permission] of patterns.entries()) {
      const plain = await access.newRole({ permissions: [permission] })
      roles.set(`plain ${index}`, plain).set(`including ${index}`, await access.newRole({ includes: [plain] }))
    }
    const [first, second] = [roles.get('plain 0'), roles.get('plain 1')]
    if (plan.exclusive && first !== undefined && second !== undefined) await exclude([first, second])
    const builtIn = [builtInRoles.superadmin.id, builtInRoles.monitor.id]
    const minute = 60_000
    const now = world().clock.now().getTime()
    for (const { to, team, what, role, on, where, when, condition } of plan.grants) {
      const place: On =
        on === 'organization'
          ? { organizationId: at(organizations, where) }
          : on === 'team'
            ? { teamId: at(teams, where) }
            : on === 'resource'
              ? { resourceId: at(resources, where).id }
              : {}
      const given =
        role === 'none'
          ? { permission: at(patterns, what) }
          : {
              roleId: role === 'builtIn' ? at(builtIn, what) : roles.get(`${role} ${what % patterns.length}`),
            }
      if ('roleId' in given && given.roleId === undefined) continue
      await access
        .give({
          ...(team && on !== 'system' ? { teamId: at(teams, to) } : { userId: at(users, to).id }),
          ...(given as { permission: string }),
          ...(on !== 'system' && { on: place as { organizationId: Id<'org'> } }),
          ...(when === 'later' && { validFrom: new Date(now + minute) }),
          ...(when === 'over' && { validFrom: new Date(now - 2 * minute), validUntil: new Date(now - minute) }),
          ...(condition === 'networks' && { condition: { networks: ['10.0.0.0/8'] } }),
          ...(condition === 'assurance' && { condition: { assurance: 'aal2' } }),
        })
        .catch((error: unknown) => {
          // Twice the same, or a team of one organization on something of the other: the database refuses both.
          if (!String(error).includes('violates')) throw error
        })
    }
    const set = (sql: string, id: string) => world().rows(`update ${sql} where id = ?`, [uuidOf(id)])
    if (plan.suspended !== null) await set(`users set status = 'suspended'`, at(users, plan.suspended).id)
    if (plan.frozen !== null) await set('users set grants_frozen_at = now()', at(users, plan.frozen).id)
    if (plan.archived !== null) await set(`organizations set status = 'archived'`, at(organizations, plan.archived))
    return { users, organizations, teams, resources }
  }

  async function exclude(roles: readonly Id<'rol'>[]) {
    const [row] = await world().rows<{ id: string }>(
      `insert into role_exclusions (id, name, kind, cardinality, created_at, updated_at) values (gen_random_uuid(), gen_random_uuid()::text, 'dynamic', 2, now(), now()) returning id::text as id`,
    )
    for (const role of roles)
      await world().rows(
        `insert into role_exclusion_members (exclusion_id, role_id, exclusion_home, role_home)
          select ?::uuid, r.id, '00000000-0000-0000-0000-000000000000', r.home from roles r where r.id = ?`,
        [row?.id, uuidOf(role)],
      )
  }

  async function allPages<Item>(
    page: (cursor: string | undefined) => Promise<{ items: readonly Item[]; nextCursor: string | null }>,
  ): Promise<Item[]> {
    const items: Item[] = []
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { items: more, nextCursor } = await page(cursor)
      items.push(...more)
      cursor = nextCursor
    }
    return items
  }

  test('as access.check says, for every user, permission and place of a random world, to whoever asks', async () => {
    const root = await world().asSuperadmin()
    const agree = async (asker: SignedInUser, { users, organizations, teams, resources }: Awaited<ReturnType<typeof build>>) => {
      const { as } = asker
      const places: On[] = [
        {},
        ...organizations.map((organizationId) => ({ organizationId })),
        ...teams.map((teamId) => ({ teamId })),
        ...resources.map(({ id }) => ({ resourceId: id })),
      ]
      for (const permission of permissions) {
        const checks = places.map((on) => ({ permission, on: on as { organizationId: Id<'org'> } }))
        const allowed = await Promise.all(users.map(({ id: userId }) => as.access.checkMany({ userId, checks })))
        for (const [index, on] of places.entries()) {
          const who = await allPages((cursor) =>
            as.access.whoCan({ permission, on: on as { organizationId: Id<'org'> }, limit: 2, ...(cursor !== undefined && { cursor }) }),
          ).catch(() => null)
          const may = users.filter((_, user) => allowed[user]?.allowed[index] === true)
          const told = who?.filter(({ id }) => users.some((user) => user.id === id)) ?? []
          expect(told.filter(({ conditional }) => !conditional).map(({ id }) => id)).toEqual(may.map(({ id }) => id).toSorted())
          expect(who?.map(({ id }) => id)).toEqual(who?.map(({ id }) => id).toSorted())
          for (const { through } of who ?? []) expect(through.length).toBeGreaterThan(0)
        }
        if (asker !== root) continue
        for (const [user, { id: userId }] of users.entries()) {
          const listed = await allPages((cursor) =>
            as.access.listResources({ userId, permission, limit: 3, ...(cursor !== undefined && { cursor }) }),
          )
          const here = listed.map(({ id }) => id).filter((id) => resources.some((resource) => resource.id === id))
          const may = resources.filter(
            ({ id }) => allowed[user]?.allowed[places.findIndex((on) => 'resourceId' in on && on.resourceId === id)],
          )
          expect(here).toEqual(may.map(({ id }) => id).toSorted())
          expect(listed.map(({ id }) => id)).toEqual([...new Set(listed.map(({ id }) => id))].toSorted())
          const [organizationId] = organizations
          const inOne = await as.access.listResources({
            userId,
            permission,
            ...(organizationId !== undefined && { organizationId }),
            type: 'document',
            limit: 100,
          })
          expect(inOne.items.map(({ id }) => id)).toEqual(
            may
              .filter((resource) => resource.organizationId === organizationId)
              .map(({ id }) => id)
              .toSorted(),
          )
        }
      }
    }
    await fc.assert(
      fc.asyncProperty(small, async (plan) => {
        const built = await build(plan)
        await agree(root, built)
        const admin = await world().newUser()
        const [organizationId] = built.organizations
        if (organizationId !== undefined) await world().join(organizationId, admin, 'admin')
        const signedIn = await world().signIn(admin)
        await agree(signedIn, built)
      }),
      { numRuns: runs(3) },
    )
  })
})
