import { uuidOf, type Id } from '@denizen/core'
import { databases, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const day = 86_400_000

describe.each(databases)('a review (%s)', (database) => {
  const world = useWorld({ database })

  /** An organization with an administrator who was there long ago. */
  async function founded() {
    const organizationId = await world().newOrganization()
    const { user: boss } = await world().asMember(organizationId, 'admin')
    const { user: ada } = await world().asMember(organizationId)
    const on = { organizationId }
    const review = async (input: { unusedDays?: number; kinds?: ('grants' | 'roles' | 'tokens')[] } = {}) =>
      (await world().signIn(boss)).as.access.review({ organizationId, ...input })
    return { organizationId, boss, ada, on, review }
  }

  /** Days pass, and sessions with them. */
  const wait = (days: number) => world().clock.advance(days * day)
  const write = () => world().core.writeLastSeen()
  /** That somebody used a permission now. */
  async function used(userId: Id<'usr'>, permission: string, organizationId: Id<'org'> | null) {
    await world().rows('insert into permission_uses (user_id, permission, home, last_used_at) values (?, ?, ?, ?) returning 1', [
      uuidOf(userId),
      permission,
      organizationId === null ? '00000000-0000-0000-0000-000000000000' : uuidOf(organizationId),
      world().clock.now(),
    ])
  }

  test('lists what was granted long ago and never used, with the call that takes it away', async () => {
    const { organizationId, ada, on, review } = await founded()
    const roleId = await world().access.newRole({ organizationId, name: 'lister', permissions: ['users.list'] })
    const given = world().clock.now()
    const id = await world().access.give({ userId: ada.id, roleId, on })
    wait(90)
    expect((await review({ kinds: ['grants'] })).items).toEqual([])
    wait(1)
    const { items, unusedSince, recordedSince, nextCursor } = await review({ kinds: ['grants'] })
    expect(items).toEqual([
      {
        kind: 'grant',
        id,
        name: 'lister',
        reason: 'neverUsed',
        subject: { kind: 'user', id: ada.id, name: ada.username },
        scope: { kind: 'organization', organizationId, teamId: null, resourceId: null },
        organizationId,
        lastUsedAt: null,
        since: given,
        givenBy: null,
        remedy: { action: 'access.unassignRole', input: { assignmentId: id } },
      },
    ])
    expect(nextCursor).toBeNull()
    expect(unusedSince).toEqual(new Date((Math.floor(world().clock.now().getTime() / day) - 90) * day))
    expect(recordedSince.getTime()).toBeLessThanOrEqual(world().clock.now().getTime())
    expect((await review({ kinds: ['grants'], unusedDays: 92 })).items).toEqual([])
  })

  test('what is used is not in it, as long as that is not too long ago: by a role that it includes, in its organization', async () => {
    const { organizationId, ada, on, review } = await founded()
    const included = await world().access.newRole({ organizationId, permissions: ['users.*'] })
    const roleId = await world().access.newRole({ organizationId, name: 'outer', includes: [included] })
    await world().access.give({ userId: ada.id, roleId, on })
    wait(100)
    const { as } = await world().signIn(ada)
    await as.users.list({ organizationId })
    await write()
    expect((await review({ kinds: ['grants'] })).items).toEqual([])
    const lastUsedAt = world().clock.now()
    wait(91)
    expect((await review({ kinds: ['grants'] })).items).toMatchObject([{ name: 'outer', reason: 'unused', lastUsedAt }])
  })

  test('a use in another organization, or of another permission, is no use of it', async () => {
    const { organizationId, ada, on, review } = await founded()
    await world().access.give({ userId: ada.id, permission: 'users.list', on })
    wait(100)
    await used(ada.id, 'users.list', await world().newOrganization())
    await used(ada.id, 'users.list', null)
    await used(ada.id, 'users.listed', organizationId)
    expect((await review({ kinds: ['grants'] })).items).toMatchObject([
      { name: 'users.list', reason: 'neverUsed', remedy: { action: 'access.revokePermission' } },
    ])
    await used(ada.id, 'users.list', organizationId)
    expect((await review({ kinds: ['grants'] })).items).toEqual([])
  })

  test.each([
    ['*', 'document.read', true],
    ['document.*', 'document.read', true],
    ['document.*', 'documents.read', false],
    ['application', 'document.read', true],
    ['application', 'users.list', false],
    ['queries', 'users.list', true],
    ['queries', 'users.update', false],
    ['queries', 'document.read', false],
  ])('a pattern %s is used by %s: %s', async (permission, use, isUse) => {
    const { organizationId, ada, on, review } = await founded()
    await world().access.give({ userId: ada.id, permission, on })
    wait(100)
    await used(ada.id, use, organizationId)
    expect((await review({ kinds: ['grants'] })).items).toHaveLength(isUse ? 0 : 1)
  })

  test('a team uses what any of its people uses; what is on a resource, whoever used it in its organization', async () => {
    const { organizationId, ada, boss, on, review } = await founded()
    const { id: teamId } = await world().asSystem().teams.create({ organizationId, name: 'Readers' })
    await world().asSystem().teams.addMember({ teamId, userId: ada.id })
    const resourceId = await world().access.newResource({ organizationId })
    await world().access.give({ teamId, permission: 'document.read', on })
    await world().access.give({ userId: boss.id, permission: 'document.read', on: { resourceId } })
    wait(100)
    const { items } = await review({ kinds: ['grants'] })
    expect(items).toHaveLength(2)
    expect(items).toContainEqual(expect.objectContaining({ subject: { kind: 'team', id: teamId, name: 'Readers' } }))
    const scope = { kind: 'resource', organizationId, teamId: null, resourceId }
    expect(items).toContainEqual(expect.objectContaining({ subject: { kind: 'user', id: boss.id, name: boss.username }, scope }))
    await used(ada.id, 'document.read', organizationId)
    expect((await review({ kinds: ['grants'] })).items).toMatchObject([{ subject: { id: boss.id } }])
  })

  test('what is over, taken away, or begins later is not in it', async () => {
    const { ada, on, review } = await founded()
    const now = world().clock.now().getTime()
    await world().access.give({ userId: ada.id, permission: 'a.over', on, validUntil: new Date(now + day) })
    await world().access.give({ userId: ada.id, permission: 'a.later', on, validFrom: new Date(now + 99 * day) })
    const revoked = await world().access.give({ userId: ada.id, permission: 'a.revoked', on })
    await world().rows('update role_assignments set revoked_at = ? where id = ? returning 1', [world().clock.now(), uuidOf(revoked)])
    wait(100)
    expect((await review({ kinds: ['grants'] })).items).toEqual([])
  })

  test('roles that nobody has, and that nobody used', async () => {
    const { organizationId, ada, on, review } = await founded()
    const [inner, idle] = [await world().access.newRole({ organizationId, name: 'inner', permissions: ['a.b'] }), 'idle']
    const outer = await world().access.newRole({ organizationId, name: 'outer', permissions: ['a.c'], includes: [inner] })
    const unassigned = await world().access.newRole({ organizationId, name: idle, permissions: ['a.d'] })
    await world().access.give({ userId: ada.id, roleId: outer, on })
    wait(100)
    const fresh = await world().access.newRole({ organizationId, name: 'fresh' })
    await used(ada.id, 'a.b', organizationId)
    const { items } = await review({ kinds: ['roles'] })
    expect(items.map(({ id }) => id)).not.toContain(fresh)
    // Whoever used what the inner one allows needed both: the outer one is how they have it.
    expect(items).toMatchObject([
      { kind: 'role', id: unassigned, name: idle, reason: 'unassigned', remedy: { action: 'roles.delete', input: { roleId: unassigned } } },
    ])
    wait(91)
    const later = await review({ kinds: ['roles'] })
    const reasons = Object.fromEntries(later.items.map(({ name, reason }) => [name, reason]))
    expect(reasons).toEqual({ inner: 'unused', outer: 'unused', idle: 'unassigned', fresh: 'unassigned' })
  })

  test('tokens that nobody showed: of accounts that the organization manages, and of no others', async () => {
    const { organizationId, ada, review } = await founded()
    const bot = await world()
      .asSystem()
      .users.create({ username: `bot-${organizationId}`, kind: 'service', organizationId })
    if (bot === null) throw new Error('it was there already')
    const { token } = await world().asSystem().tokens.create({ name: 'idle', userId: bot.id })
    const { secret } = await world().asSystem().tokens.create({ name: 'busy', userId: bot.id, organizationId })
    const elsewhere = await world().newOrganization()
    await world().join(elsewhere, bot)
    await world().asSystem().tokens.create({ name: 'elsewhere', userId: bot.id, organizationId: elsewhere })
    await (await world().signIn(ada)).as.tokens.create({ name: 'not ours' })
    wait(100)
    await world().core.authenticate(secret)
    await write()
    expect((await review({ kinds: ['tokens'] })).items).toMatchObject([
      {
        kind: 'token',
        id: token.id,
        name: 'idle',
        reason: 'neverUsed',
        subject: { kind: 'user', id: bot.id, name: bot.username },
        remedy: { action: 'tokens.revoke', input: { tokenId: token.id } },
      },
    ])
    await world().asSystem().tokens.revoke({ tokenId: token.id })
    expect((await review({ kinds: ['tokens'] })).items).toEqual([])
  })

  test('goes page by page through everything, one kind after the other', async () => {
    const { organizationId, boss, ada, on } = await founded()
    for (const permission of ['a.a', 'a.b', 'a.c']) await world().access.give({ userId: ada.id, permission, on })
    for (const name of ['one', 'two']) await world().access.newRole({ organizationId, name })
    const bot = await world()
      .asSystem()
      .users.create({ username: `pages-${organizationId}`, kind: 'service', organizationId })
    await world().asSystem().tokens.create({ name: 'idle', userId: bot?.id })
    wait(100)
    const { as } = await world().signIn(boss)
    const whole = await as.access.review({ organizationId })
    const names: string[] = []
    let cursor: string | undefined
    do {
      const page = await as.access.review({ organizationId, limit: 2, ...(cursor !== undefined && { cursor }) })
      names.push(...page.items.map(({ name }) => name))
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(names).toHaveLength(6)
    expect(names).toEqual(whole.items.map(({ name }) => name))
    expect(new Set(names)).toEqual(new Set(['a.a', 'a.b', 'a.c', 'one', 'two', 'idle']))
  })

  test('only of one’s own organization; of everything only for whoever holds it everywhere', async () => {
    const { organizationId, ada, on } = await founded()
    const other = await founded()
    const roleId = await world().access.newRole({ name: `everywhere-${organizationId}`, permissions: ['a.b'] })
    await world().access.give({ userId: ada.id, roleId, on })
    await world().access.give({ userId: ada.id, roleId })
    wait(100)
    const stranger = await world().signIn(other.boss)
    await expect(stranger.as.access.review({ organizationId })).rejects.toMatchObject({ code: 'request.notFound' })
    await expect(stranger.as.access.review({})).rejects.toMatchObject({ code: 'request.denied' })
    await expect((await world().signIn(ada)).as.access.review({ organizationId })).rejects.toMatchObject({ code: 'request.denied' })
    expect((await other.review()).items).toEqual([])
    const monitor = await world().asMonitor()
    const seen: string[] = []
    for await (const item of pagesOf(monitor.as.access)) if (item.subject?.id === ada.id) seen.push(item.scope?.kind ?? '')
    // Not the role that every user has.
    expect(seen.toSorted()).toEqual(['organization', 'system'])
    await expect(monitor.as.access.review({ organizationId: 'org_01h455vb4pex5vsknk084sn02q' })).rejects.toMatchObject({
      code: 'request.notFound',
    })
  })
})

async function* pagesOf(access: Awaited<ReturnType<ReturnType<ReturnType<typeof useWorld>>['asMonitor']>>['as']['access']) {
  let cursor: string | undefined
  do {
    const page = await access.review({ limit: 100, kinds: ['grants'], ...(cursor !== undefined && { cursor }) })
    yield* page.items
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
}
