import { userActor, uuidOf, type DenizenError } from '@denizen/core'
import { bothDatabases, createWorld, fullName, phone, TestProvider, traced, useWorld, type Traced, type World } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const google = TestProvider.configured('google')
const settings = {
  identityProviders: [google],
  passwords: { minimumAlone: 8, minimumWithFactor: 8, history: 3, maximumAgeDays: null },
}

/** Every column of every table, also of the queue, in which one of the texts stands. */
async function found(world: World, texts: readonly string[]): Promise<readonly string[]> {
  const columns = await world.rows<{ schema: string; table: string; name: string }>(
    `select n.nspname::text as schema, c.relname::text as "table", a.attname::text as name from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where n.nspname in ('public', 'testing') and c.relkind in ('r', 'p') and not c.relispartition order by 1, 2, 3`,
  )
  const looks = columns.map(
    ({ schema, table, name }) =>
      `select '${table}.${name}' as place where exists (select from "${schema}"."${table}" where "${name}"::text ~* ?)`,
  )
  const pattern = texts.map((text) => text.replaceAll(/[.+]/g, String.raw`\$&`)).join('|')
  const places = await world.rows<{ place: string }>(
    looks.join(' union all '),
    looks.map(() => pattern),
  )
  return places.map(({ place }) => place)
}

describe.each(bothDatabases)('44: somebody with traces everywhere who is purged, on %s', (database) => {
  const world = useWorld({ database, settings })
  let traces: Traced
  /** What names, describes or locates the person. */
  let texts: readonly string[]
  beforeAll(async () => {
    traces = await traced(world(), await TestProvider.open(world().ports, google))
    const { person, guest, boss } = traces
    const { user } = person
    const pending = await world().rows<{ email: string }>('select email from verifications where user_id = ?', [uuidOf(user.id)])
    texts = [
      user.username,
      user.email ?? '',
      ...pending.map(({ email }) => email),
      fullName,
      phone,
      '192.0.2.77',
      'is traced',
      'ticket 4711',
    ]
    // In the words of others, and in what waits to be done.
    await boss.as.users.setStatus({ userId: guest.user.id, status: 'active', reason: `as ${user.email ?? ''} and ${fullName} asked` })
    await boss.as.users.create({ username: 'somebody-else' }, { idempotencyKey: `like-${user.email ?? ''}` })
    await boss.as.users.get({ userId: user.id })
    await boss.as.users.update({ userId: user.id, timezone: 'Europe/Zurich' }, { idempotencyKey: 'of-the-boss' })
    await world()
      .asAnonymous()
      .auth.requestMagicLink({ email: user.email ?? '' })
    const owned = await world().rows<{ id: string }>(
      `select organization_id::text as id from memberships where user_id = ? and role = 'owner'`,
      [uuidOf(user.id)],
    )
    for (const { id } of owned)
      await world().rows(`update memberships set role = 'owner' where organization_id = ? and user_id = ?`, [id, uuidOf(guest.user.id)])
    await boss.as.users.archive({ userId: user.id, reason: `${fullName} wants to go` })
  })

  test('before, they stand in most tables', async () => {
    expect((await found(world(), texts)).length).toBeGreaterThan(20)
  })

  test('a plan says what would go, and takes nothing away', async () => {
    const before = await world().counts()
    const { rows, events } = await traces.boss.as.users.purge.plan({ userId: traces.person.user.id, resources: 'delete' })
    expect(rows).toMatchObject({ users: { deleted: 1 }, sessions: { deleted: expect.any(Number) as number }, passkeys: { deleted: 1 } })
    expect(events).toEqual({ 'resources.deleted': 1, 'users.purged': 1 })
    expect(await world().counts()).toEqual(before)
  })

  test('afterwards nothing names, describes or locates them in any column', async () => {
    const { boss, person } = traces
    const purged = await boss.as.users.purge({ userId: person.user.id, resources: 'delete' })
    expect(await found(world(), texts)).toEqual([])
    expect(purged.resources).toEqual({ transferred: 0, deleted: 1 })
    expect(purged.tables).toMatchObject({ users: { deleted: 1 }, audit_entries: { deleted: 0 }, jobs: { deleted: 1 } })
    expect(Object.keys(purged.tables).length).toBeGreaterThan(20)
  })

  test('their id stays where it is the history of others, and nowhere else', async () => {
    const { id } = traces.person.user
    const places = await found(world(), [id, uuidOf(id)])
    const others = [
      'audit_entries.actor_id',
      'audit_entries.changes',
      'audit_entries.target_id',
      'events.actor_id',
      'events.payload',
      'events.subject',
      'former_states.value',
      'idempotency_keys.answer',
      'invalidations.keys',
      'organizations.created_by',
      'resources.created_by',
      'role_assignments.granted_by',
      'role_inclusions.added_by',
      'role_permissions.granted_by',
      'tokens.created_by',
    ]
    expect(places.filter((place) => !others.includes(place))).toEqual([])
  })

  test('the entries of others are all there, and the event tells applications', async () => {
    const { boss, person } = traces
    const [last] = await world().rows<{ changes: object }>(
      `select changes from audit_entries where action = 'users.purge' and outcome = 'succeeded' and target_id = ?`,
      [person.user.id],
    )
    expect(last?.changes).toMatchObject({ tables: { users: { deleted: 1 } } })
    const acts = await world().rows(`select 1 from audit_entries where actor_id = ? and target_id = ?`, [
      uuidOf(boss.user.id),
      person.user.id,
    ])
    expect(acts.length).toBeGreaterThan(5)
    expect(await world().rows(`select payload from events where type = 'users.purged'`)).toEqual([{ payload: { userId: person.user.id } }])
    await expect(boss.as.users.get({ userId: person.user.id })).rejects.toMatchObject({ code: 'request.notFound' })
    await expect(boss.as.users.purge({ userId: person.user.id })).rejects.toMatchObject({ code: 'request.notFound' })
  })

  test('what stands of a namesake stays theirs', async () => {
    const { boss } = traces
    const [one, other] = [await world().newUser(), await world().newUser()]
    for (const { id: userId } of [one, other]) await boss.as.users.update({ userId, fullName: 'Grace Namesake', phone: '+41 44 668 18 00' })
    await boss.as.users.archive({ userId: one.id })
    await boss.as.users.setStatus({ userId: other.id, status: 'suspended', reason: 'Grace Namesake asked for it' })
    const told = () =>
      world().rows(
        `select changes::text as told from audit_entries where target_id = ? union all select payload::text from events where subject = ?
          union all select status_reason from users where id = ? order by 1`,
        [other.id, other.id, uuidOf(other.id)],
      )
    const before = await told()
    expect(JSON.stringify(before)).toContain('Grace Namesake')
    await boss.as.users.purge({ userId: one.id })
    expect(await told()).toEqual(before)
  })

  test('nothing is taken from whoever is on legal hold', async () => {
    const { boss } = traces
    const [one, held] = [await world().newUser({ fullName: 'Edsger Leaves' }), await world().newUser()]
    await boss.as.users.setStatus({ userId: held.id, status: 'suspended', reason: 'Edsger Leaves complained' })
    await boss.as.users.setLegalHold({ userId: held.id, legalHold: true })
    await boss.as.users.archive({ userId: one.id })
    await boss.as.users.purge({ userId: one.id })
    expect(await boss.as.users.get({ userId: held.id })).toMatchObject({ statusReason: 'Edsger Leaves complained' })
  })

  test('a call whose answer told of them is not done again', async () => {
    await expect(traces.boss.as.users.create({ username: 'somebody-else' }, { idempotencyKey: 'another' })).rejects.toMatchObject({
      code: 'users.usernameTaken',
    })
    const { boss } = traces
    const again = boss.as.users.update({ userId: traces.person.user.id, timezone: 'Europe/Zurich' }, { idempotencyKey: 'of-the-boss' })
    await expect(again).rejects.toMatchObject({ code: expect.stringMatching(/alreadyAnswered|notFound/) as unknown })
  })
})

describe('who may be purged, and by whom', () => {
  const world = useWorld()
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => 'done',
      ({ code }: DenizenError) => code,
    )

  test('archived users without a legal hold, by somebody with a recent proof who may do all that they may', async () => {
    const boss = await world().asSuperadmin()
    const { user } = await world().signUp()
    const { id: userId } = user
    expect(await codeOf(boss.as.users.purge({ userId }))).toBe('users.archiveFirst')
    expect(await codeOf(boss.as.users.purge({ userId: boss.user.id }))).toBe('users.archiveFirst')
    await boss.as.users.archive({ userId })
    await boss.as.users.setLegalHold({ userId, legalHold: true })
    expect(await codeOf(boss.as.users.purge({ userId }))).toBe('users.onLegalHold')
    await boss.as.users.setLegalHold({ userId, legalHold: false })
    const other = await world().signUp()
    expect(await codeOf(other.as.users.purge({ userId }))).toBe('request.notFound')
    await boss.as.access.grantPermission({ userId: other.user.id, permission: 'users.purge' })
    const eraser = await world().signIn(other.user)
    const chief = await world().asSuperadmin()
    await boss.as.users.archive({ userId: chief.user.id })
    expect(await codeOf(eraser.as.users.purge({ userId: chief.user.id }))).toMatch(/^request\.(denied|notFound)$/)
    world().clock.advance(6 * 60_000)
    const later = await world().core.authenticate(eraser.token)
    if (later === null) throw new Error('the session is over')
    expect(await codeOf(world().core.as(userActor(later)).users.purge({ userId }))).toBe('auth.freshProofRequired')
    const again = await world().signIn(other.user)
    expect(await codeOf(again.as.users.purge({ userId }))).toBe('done')
  })

  test('not the only owner of an active organization, also where they are alone', async () => {
    const boss = await world().asSuperadmin()
    const person = await world().signUp()
    const organization = await person.as.organizations.create({ name: 'Alone', slug: `alone-${crypto.randomUUID().slice(0, 8)}` })
    const { id: userId } = person.user
    await boss.as.users.archive({ userId })
    await expect(boss.as.users.purge({ userId })).rejects.toMatchObject({
      code: 'organizations.lastOwner',
      details: { organizationIds: [organization.id] },
    })
    await boss.as.organizations.archive({ organizationId: organization.id })
    expect(await codeOf(boss.as.users.purge({ userId }))).toBe('done')
  })

  test('what they own stays in its organization, and is transferred or deleted elsewhere as said', async () => {
    const boss = await world().asSuperadmin()
    const organizationId = await world().newOrganization()
    const person = await world().asMember(organizationId, 'admin')
    const heir = await world().signUp()
    const { id: userId } = person.user
    const here = await person.as.resources.register({ type: 'folder', name: 'Plans', organizationId, ownerUserId: userId })
    const own = await person.as.resources.register({ type: 'folder', name: 'Own' })
    const inside = await person.as.resources.register({ type: 'folder', name: 'Inside', parentId: own?.id })
    await boss.as.users.archive({ userId })
    await expect(boss.as.users.purge({ userId })).rejects.toMatchObject({ code: 'users.ownsResources', details: { count: 2 } })
    expect(await codeOf(boss.as.users.purge({ userId, resources: 'transfer' }))).toBe('request.invalid')
    expect(await codeOf(boss.as.users.purge({ userId, resources: 'transfer', transferTo: userId }))).toBe('request.notFound')
    const { resources } = await boss.as.users.purge({ userId, resources: 'transfer', transferTo: heir.user.id })
    expect(resources).toEqual({ transferred: 3, deleted: 0 })
    const owners = await world().rows('select id::text, owner_user_id::text as owner from resources where deleted_at is null')
    const ownerOf = (id: string | undefined) => owners.find((row) => (row as { id: string }).id === uuidOf(id ?? ''))
    expect(ownerOf(here?.id)).toMatchObject({ owner: null })
    for (const id of [own?.id, inside?.id]) expect(ownerOf(id)).toMatchObject({ owner: uuidOf(heir.user.id) })
  })

  test('many at once: each whole or not at all, with a receipt for each', async () => {
    const boss = await world().asSuperadmin()
    const people = [await world().signUp(), await world().signUp(), await world().signUp()]
    const userIds = people.map(({ user }) => user.id)
    const [first, second, third] = userIds
    for (const userId of [first, third]) if (userId !== undefined) await boss.as.users.archive({ userId })
    const { succeeded, failed } = await boss.as.users.bulkPurge({ userIds })
    expect(succeeded.map(({ index, userId }) => [index, userId])).toEqual([
      [0, first],
      [2, third],
    ])
    expect(failed).toMatchObject([{ index: 1, code: 'users.archiveFirst' }])
    expect(new Set(succeeded.map(({ receipt }) => receipt)).size).toBe(2)
    expect(
      await world().rows('select id from users where id = any(?::uuid[])', [`{${userIds.map((id) => uuidOf(id)).join(',')}}`]),
    ).toHaveLength(1)
    expect(await codeOf(boss.as.users.get({ userId: second ?? boss.user.id }))).toBe('done')
    const none = await boss.as.users.bulkPurge({ filter: { status: 'archived', id: userIds } })
    expect(none).toEqual({ succeeded: [], failed: [] })
  })
})

test.each([
  'update audit_entries set action = null',
  `update audit_entries set changes = '{}'`,
  `update audit_entries set ip = '192.0.2.1'`,
  'delete from audit_entries',
  `update events set payload = '{"a": 1}'`,
  `update events set type = 'b'`,
])('entries can be emptied of people, and neither changed nor deleted, also in a transaction that forgets: %s', async (statement) => {
  const world = await createWorld()
  try {
    await world.signUp()
    const em = world.em()
    const refused = (forgets: boolean, sql: string) =>
      em.transactional(async (inside) => {
        if (forgets) await inside.execute(`select set_config('denizen.forgetting', 'on', true)`)
        await inside.execute(sql, [], 'run')
      })
    for (const forgets of [true, false]) await expect(refused(forgets, statement)).rejects.toThrow('append-only')
    await expect(refused(false, 'update audit_entries set changes = null')).rejects.toThrow('append-only')
    await refused(true, 'update audit_entries set changes = null, ip = null')
  } finally {
    await world.close()
  }
})
