import { createPartitions, uuidOf, type Id } from '@denizen/core'
import { bothDatabases, newEmail, useFreshWorlds, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

/** Everything in the database that is ours, as PostgreSQL describes it. */
async function schemaOf({ rows }: Pick<World, 'rows'>): Promise<Readonly<Record<string, readonly string[]>>> {
  const inSchema = `relnamespace = 'public'::regnamespace and relname not like 'denizen_migrations%'`
  const list = async (statement: string) => (await rows<{ line: string }>(`${statement} order by 1`)).map(({ line }) => line)
  return {
    columns: await list(
      `select format('%s.%s %s%s%s default %s', relname, attname, format_type(atttypid, atttypmod),
          ' collate ' || (select collname from pg_collation where pg_collation.oid = attcollation and collname <> 'default'), case when attnotnull then ' not null' else '' end,
          pg_get_expr(adbin, adrelid)) as line
        from pg_attribute join pg_class on attrelid = pg_class.oid left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where attnum > 0 and not attisdropped and relkind in ('r', 'p') and ${inSchema}`,
    ),
    partitions: await list(
      `select format('%s %s %s', relname, pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid)) as line from pg_class where relkind in ('r', 'p') and ${inSchema}`,
    ),
    constraints: await list(
      `select format('%s %s %s', relname, conname, pg_get_constraintdef(pg_constraint.oid)) as line
        from pg_constraint join pg_class on conrelid = pg_class.oid where ${inSchema}`,
    ),
    indexes: await list(`select indexdef as line from pg_indexes where schemaname = 'public' and tablename not like 'denizen_migrations%'`),
    triggers: await list(
      `select pg_get_triggerdef(pg_trigger.oid) as line from pg_trigger join pg_class on tgrelid = pg_class.oid where not tgisinternal and ${inSchema}`,
    ),
    functions: await list(
      `select pg_get_functiondef(oid) as line from pg_proc where pronamespace = 'public'::regnamespace
          and not exists (select 1 from pg_depend where objid = pg_proc.oid and deptype = 'e')`,
    ),
    others: await list(
      `select format('%s %s', relkind, relname) as line from pg_class where relkind not in ('r', 'p', 'i', 'I') and ${inSchema}`,
    ),
  }
}

/** Foreign keys that stand in the migrations only (see 0002-organizations and 0006-access). */
const acrossTenants = [
  'team_members_team_foreign',
  'team_members_membership_foreign',
  'users_home_organization_foreign',
  'role_inclusions_role_foreign',
  'role_inclusions_included_foreign',
  'role_closure_role_foreign',
  'role_closure_included_foreign',
  'role_exclusion_members_exclusion_foreign',
  'role_exclusion_members_role_foreign',
  'resources_parent_foreign',
  'role_assignments_role_foreign',
  'role_assignments_team_foreign',
  'role_assignments_scope_team_foreign',
  'role_assignments_resource_foreign',
  'permission_uses_user_foreign',
  'request_windows_user_foreign',
  'users_resource_policy_foreign',
  'organizations_resource_policy_foreign',
]

/** What counts users and roles stands in the migrations only too (see 0004-counters). MikroORM sees it, but for triggers on TRUNCATE, and would drop it. */
const counted = ['users', 'role_assignments']
const counting = counted.flatMap((table) => ['insert', 'update', 'delete'].map((event) => ({ table, trigger: `counted_${event}` })))

const nothing = { columns: [], partitions: [], constraints: [], indexes: [], triggers: [], functions: [], others: [] }

describe.each(bothDatabases)('migrations on %s', (database) => {
  const world = useFreshWorlds({ database })

  test('go down with rows there, leave nothing of ours and all of what is not ours, and come up again', async () => {
    const { rows, orm } = world()
    const user = await world()
      .asSystem()
      .users.create({ email: newEmail(), preferences: { a: 1 } })
    const before = await schemaOf(world())
    const seeds = `select 'role ' || id || name as line from roles union all select 'organization ' || id || slug from organizations order by 1`
    const seeded = await rows(seeds)
    await world().em().execute(`create schema app`, [], 'run')
    await world().em().execute(`create table app.orders as select id, id as user_id from users`, [], 'run')
    await world().em().execute(`alter table app.orders add constraint theirs foreign key (user_id) references public.users (id)`, [], 'run')

    await orm.migrator.down({ to: 0 })
    expect(await schemaOf(world())).toEqual(nothing)
    expect(await rows('select count(*)::int as count from app.orders')).toEqual([{ count: 1 }])
    expect(await orm.migrator.getExecuted()).toEqual([])

    await orm.migrator.up()
    await createPartitions(world().em(), world().clock.now())
    expect(await schemaOf(world())).toEqual(before)
    expect(await rows(seeds)).toEqual(seeded)
    expect(await world().asSystem().users.list({ total: true })).toMatchObject({ total: 0 })
    expect((await world().signUp({ username: user?.username ?? '' })).principal.roles).toEqual(['user'])
  })

  test('make what the entities describe: fresh = migrated', async () => {
    const { orm } = world()
    await orm.migrator.down({ to: 0 })
    await orm.migrator.up()
    const migrated = await schemaOf(world())
    const undescribed = [
      ...acrossTenants.map((name) => `alter table "\\w+" drop constraint "${name}";`),
      ...counting.flatMap(({ table, trigger }) => [
        `drop trigger if exists "${trigger}" on "${table}";`,
        `drop function if exists "${table}_${trigger}_fn"\\(\\);`,
      ]),
    ].map((line) => new RegExp(`^${line}$`))
    const difference = (await orm.schema.getUpdateSchemaSQL({ schema: 'public', dropTables: false })).split('\n')
    const lines = difference.filter((line) => line !== '' && !line.startsWith('set names'))
    expect(lines.filter((line) => !undescribed.some((pattern) => pattern.test(line)))).toEqual([])
    expect(lines).toHaveLength(undescribed.length)
    await orm.migrator.down({ to: 0 })
    await orm.schema.create()
    const fresh = await schemaOf(world())
    // What MikroORM cannot describe; the migration has it besides.
    const triggers = migrated['triggers']?.filter((line) => !/never_truncated|counted_/.test(line))
    const functions = migrated['functions']?.filter((line) => !line.includes('_counted_'))
    const constraints = migrated['constraints']?.filter((line) => !acrossTenants.some((name) => line.includes(name)))
    expect(fresh).toEqual({ ...migrated, triggers, functions, constraints })
    expect(migrated['constraints']?.length).toBe((constraints?.length ?? 0) + acrossTenants.length)
    expect(migrated['triggers']?.length).toBe((triggers?.length ?? 0) + 2 + counting.length + counted.length)
    expect(migrated['functions']?.length).toBe((functions?.length ?? 0) + counting.length + counted.length)
    expect(fresh['columns']?.length).toBeGreaterThan(100)
  })

  test('S20: give usernames that were there their form, and say so where that is not what people typed', async () => {
    const { orm, rows } = world()
    await orm.migrator.down({ to: '0008-impersonation' })
    const former = [
      'ada',
      'j\u030c',
      '\u01f0',
      'аdа',
      'superadmin\u034f',
      '01890a5d-ac96-774b-bcce-b302099a8057',
      'i\u0307smail',
      '\u3164',
      'ivan-иванов',
    ]
    for (const [n, name] of former.entries())
      await rows(
        `insert into users (id, username, full_name, status, kind, preferences, created_at, updated_at)
          values (?::uuid, ?, ?, 'active', 'human', '{}', now(), now()) returning 1`,
        [`01890a5d-0000-7000-8000-00000000000${n}`, name, n === 0 ? 'Ada IRIS' : n === 3 ? 'Ада İ' : null],
      )
    await orm.migrator.up()
    const after = (await rows<{ username: string }>('select username from users order by id')).map(({ username }) => username)
    expect(after).toEqual([
      'ada',
      expect.stringMatching(/^\u01f0-\w{8}$/),
      '\u01f0',
      'аdа',
      expect.stringMatching(/^superadmin-\w{8}$/),
      expect.stringMatching(/^user-\w{8}$/),
      'ismail',
      expect.stringMatching(/^user-\w{8}$/),
      'ivan-иванов',
    ])
    expect(
      await rows(`select changes -> 'username' ->> 'from' as name from audit_entries where request_id like '%-names' order by target_id`),
    ).toEqual([1, 4, 5, 6, 7].map((n) => ({ name: former[n] })))
    expect(await rows('select folded_full_name as name from users where full_name is not null order by id')).toEqual([
      { name: 'ada iris' },
      { name: 'ада i' },
    ])
  })

  test('0010, 0011: end impersonations that do not know their limit, and take for an operator’s doing what no present member did', async () => {
    const { orm, rows } = world()
    const [member, former, operator, owner] = await Promise.all([1, 2, 3, 4].map(() => world().newUser()))
    const organizationId = await world().newOrganization('locks')
    const [suspendedByMember, suspendedByFormer, suspendedByOperator] = await Promise.all([1, 2, 3].map(() => world().newUser()))
    await orm.migrator.down({ to: '0009-names' })
    const uuid = (user: { readonly id: Id<'usr'> } | undefined) => (user === undefined ? '' : uuidOf(user.id))
    await rows(
      `insert into memberships (id, organization_id, user_id, role, created_at) values (gen_random_uuid(), ?::uuid, ?::uuid, 'admin', now()) returning 1`,
      [uuidOf(organizationId), uuid(member)],
    )
    const suspended = [
      [suspendedByMember, member],
      [suspendedByFormer, former],
      [suspendedByOperator, operator],
    ] as const
    for (const [user, by] of suspended)
      await rows(
        `update users set status = 'suspended', status_changed_by = ?::uuid, home_organization_id = ?::uuid where id = ?::uuid returning 1`,
        [uuid(by), uuidOf(organizationId), uuid(user)],
      )
    for (const impersonator of [operator, undefined])
      await rows(
        `insert into sessions (id, user_id, auth_methods, assurance, created_at, last_seen_at, proved_at, expires_at, impersonator_id)
          values (gen_random_uuid(), ?::uuid, '{}', 'aal1', now(), now(), now(), now() + interval '1 hour', ?::uuid) returning 1`,
        [uuid(owner), impersonator === undefined ? null : uuid(impersonator)],
      )
    await orm.migrator.up()
    expect(
      await rows(
        `select impersonator_id is not null as impersonated, ended_at is not null as ended, end_reason as reason from sessions
          where user_id = ?::uuid order by 1`,
        [uuid(owner)],
      ),
    ).toEqual([
      { impersonated: false, ended: false, reason: null },
      { impersonated: true, ended: true, reason: 'impersonationOver' },
    ])
    const locks = await rows<{ id: string; holds: string }>(
      `select id, array_to_string(operator_holds, ',') as holds from users where status = 'suspended'`,
    )
    expect(suspended.map(([user]) => locks.find(({ id }) => id === uuid(user))?.holds)).toEqual(['', 'status', 'status'])
  })
})
