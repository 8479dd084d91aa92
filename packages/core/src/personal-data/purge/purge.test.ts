import { uuidOf } from '@denizen/core'
import { bothDatabases, fullName, phone, TestProvider, traced, useWorld, type Traced, type World } from '@denizen/core/testing'
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

  test('a call whose answer told of them is not done again', async () => {
    await expect(traces.boss.as.users.create({ username: 'somebody-else' }, { idempotencyKey: 'another' })).rejects.toMatchObject({
      code: 'users.usernameTaken',
    })
    const { boss } = traces
    const again = boss.as.users.update({ userId: traces.person.user.id, timezone: 'Europe/Zurich' }, { idempotencyKey: 'of-the-boss' })
    await expect(again).rejects.toMatchObject({ code: expect.stringMatching(/alreadyAnswered|notFound/) as unknown })
  })
})
