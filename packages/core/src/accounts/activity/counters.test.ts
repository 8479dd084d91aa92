import type { User } from '@denizen/core'
import { databases, newEmail, useFreshWorlds, type World } from '@denizen/core/testing'
import type { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import { countFromCounters } from './repository.ts'

/** Where the counters and a count of the rows disagree. */
const differences = `
  select 'kind' as what, coalesce(c.key, r.key) as key, c.amount as counted, r.amount as there
    from (select concat_ws('/', status, kind, is_bot) as key, sum(amount)::int as amount from user_counters group by 1) c
    full join (select concat_ws('/', status, kind, is_bot) as key, count(*)::int as amount from users group by 1) r on r.key = c.key
    where coalesce(c.amount, 0) <> coalesce(r.amount, 0)
  union all select 'hour', coalesce(c.key, r.key)::text, c.amount, r.amount
    from (select hour as key, sum(amount)::int as amount from user_creation_counters group by 1) c
    full join (select date_trunc('hour', created_at, 'UTC') as key, count(*)::int as amount from users group by 1) r on r.key = c.key
    where coalesce(c.amount, 0) <> coalesce(r.amount, 0)
  union all select 'role', coalesce(c.key, r.key)::text, c.amount, r.amount
    from (select role_id as key, sum(amount)::int as amount from role_counters group by 1) c
    full join (select role_id as key, count(*)::int as amount from role_assignments
      where scope_kind = 'system' and revoked_at is null and valid_until is null and valid_from <= granted_at group by 1) r on r.key = c.key
    where coalesce(c.amount, 0) <> coalesce(r.amount, 0)`

const negative = `select 1 from (select sum(amount) as total from user_counters group by status, kind, is_bot
  union all select sum(amount) from user_creation_counters group by hour union all select sum(amount) from role_counters group by role_id) t where total < 0`

async function expectExact({ rows }: Pick<World, 'rows'>, users: number): Promise<void> {
  expect(await rows(differences)).toEqual([])
  expect(await rows(negative)).toEqual([])
  expect(await rows('select count(*)::int as users from users')).toEqual([{ users }])
}

const role = '01900000-0000-7000-8000-000000000003'
const insertion = (count: number, status: string, kind = 'human') =>
  `insert into users (id, username, status, kind, archived_at, preferences, created_at, updated_at)
    select gen_random_uuid(), gen_random_uuid()::text, '${status}', '${kind}', case when '${status}' = 'archived' then now() end, '{}',
      now() - n * interval '13 minutes', now() from generate_series(1, ${count}) n`
const assignment = `insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, valid_from, granted_at)
  select gen_random_uuid(), 'user', id, '${role}', 'system', now(), now() from users where not exists (select 1 from role_assignments where user_id = users.id)`

describe.each(databases)('counters on %s', (database) => {
  const world = useFreshWorlds({ database })
  const execute = (statement: string) => world().em().execute(statement, [], 'run')

  test('follow every way of writing: actions, statements of many rows, rollbacks, cascades, and TRUNCATE', async () => {
    const [ada, bob] = [await world().newUser(), await world().newUser()]
    await world().asSystem().users.setStatus({ userId: ada.id, status: 'suspended' })
    await world().asSystem().users.archive({ userId: bob.id })
    await expectExact(world(), 2)
    await world().asSystem().users.restore({ userId: bob.id })
    await world()
      .asSystem()
      .users.bulkCreate({ users: [{ email: newEmail() }, { email: ada.email ?? '' }, { email: newEmail() }] })
    await expectExact(world(), 4)

    await execute(insertion(300, 'active'))
    await execute(insertion(200, 'archived', 'service'))
    await execute(assignment)
    await expectExact(world(), 504)
    await execute(`update users set is_bot = true, kind = 'service' where username < '8'`)
    await execute(`update users set status = 'inactive', archived_at = null where username < '4'`)
    await execute(`update users set created_at = created_at - interval '1 day' where username < '2'`)
    await execute(`update users set id = gen_random_uuid(), kind = 'anonymous' where id in (
      select id from users where not exists (select 1 from role_assignments where user_id = users.id) limit 1)`)
    await execute(`update role_assignments set revoked_at = now() where user_id in (select id from users where username < '3')`)
    await execute(
      `update role_assignments set valid_until = now() where revoked_at is null and user_id in (select id from users where username < '6')`,
    )
    await expectExact(world(), 504)
    await execute('alter table users disable trigger counted_update')
    await execute(`update users set status = 'pending' where status = 'inactive'`)
    expect(await world().rows(differences)).not.toEqual([])
    await execute(`update users set status = 'inactive' where status = 'pending'`)
    await execute('alter table users enable trigger counted_update')
    const em = world().em()
    await em.begin()
    await em.execute(insertion(50, 'pending'), [], 'run')
    await em.rollback()
    await expectExact(world(), 504)

    await execute(`delete from users where username > 'a' and username < 'd'`)
    await execute(`update role_assignments set revoked_at = null, valid_until = null where true`)
    const [left] = await world().rows<{ users: number }>('select count(*)::int as users from users')
    expect(left?.users).toBeLessThan(504)
    await expectExact(world(), left?.users ?? 0)
    await execute('delete from role_assignments where user_id in (select id from users order by id limit 5)')
    await execute(`delete from roles where name = 'user'`)
    await expectExact(world(), left?.users ?? 0)
    await execute('truncate users cascade')
    await expectExact(world(), 0)
    expect(
      await world().rows(
        'select 1 from user_counters union all select 1 from user_creation_counters union all select 1 from role_counters',
      ),
    ).toEqual([])
  })

  test('answer how many there are, of a status, a kind and both', async () => {
    await execute(insertion(7, 'active'))
    await execute(insertion(5, 'active', 'service'))
    await execute(insertion(3, 'suspended', 'service'))
    const count = (which: Parameters<typeof countFromCounters>[1]) => countFromCounters(world().em(), which)
    expect(await count({})).toBe(15)
    expect(await count({ status: 'active' })).toBe(12)
    expect(await count({ kind: 'service' })).toBe(8)
    expect(await count({ status: 'active', kind: 'service' })).toBe(5)
    expect(await count({ status: 'archived' })).toBe(0)
  })

  test('are filled from what is there when they come', async () => {
    const { orm } = world()
    const executed = await orm.migrator.getExecuted()
    const before = executed.findIndex(({ name }) => name === '0004-counters') - 1
    await orm.migrator.down({ to: executed[before]?.name ?? 0 })
    await execute(insertion(40, 'active'))
    await execute(insertion(9, 'archived', 'anonymous'))
    await execute(`insert into roles (id, name, built_in, created_at) values ('${role}', 'user', true, now()) on conflict do nothing`)
    await execute(assignment)
    await orm.migrator.up()
    await expectExact(world(), 49)
    expect(await countFromCounters(world().em(), { status: 'archived' })).toBe(9)
  })
})

/** PGlite runs one transaction after the other: what happens at once is on PostgreSQL. */
describe('at once', () => {
  const connections = 24
  const world = useFreshWorlds({ connections })

  test('24 connections create, suspend, archive, restore, grant, import and delete, and the counters are exact', async () => {
    const system = world().asSystem()
    const newUser = async () => (await system.users.create({ email: newEmail() })) as User
    const users = await Promise.all(Array.from({ length: connections }, newUser))
    await Promise.all(
      users.flatMap((user, index) => [
        (async () => {
          await system.users.setStatus({ userId: user.id, status: 'suspended' })
          await system.users.setStatus({ userId: user.id, status: 'active' })
          await system.users.archive({ userId: user.id })
          if (index % 2 === 0) await system.users.restore({ userId: user.id })
        })(),
        newUser().then(({ id }) => system.users.promote({ userId: id })),
        newUser().then(({ email }) => world().rows('delete from users where email = ? returning 1', [email])),
        system.users.bulkCreate({ users: [{ email: newEmail() }, { email: user.email ?? '' }, { email: newEmail() }] }),
        world()
          .em()
          .execute(insertion(20, 'active', 'service'), [], 'run'),
      ]),
    )
    await expectExact(world(), connections * (1 + 1 + 2 + 20))
    const slots = await world().rows('select distinct slot from user_counters')
    expect(slots.length).toBeGreaterThan(1)
  })

  /** Every connection makes a user of one kind, then, when all have, one of the other: half of them in one order, half in the other. */
  async function crosswise(clients: readonly Client[], patience: string): Promise<PromiseSettledResult<unknown>[]> {
    const order = (index: number) => (index % 2 === 0 ? ['human', 'service'] : ['service', 'human'])
    const round = (position: number) =>
      Promise.allSettled(clients.map((client, index) => client.query(insertion(2, 'active', order(index)[position]))))
    await Promise.all(clients.map((client) => client.query(`begin; set local lock_timeout = '${patience}'`)))
    const results = [...(await round(0)), ...(await round(1))]
    await Promise.all(clients.map((client) => client.query('commit')))
    return results
  }

  const failed = (results: readonly PromiseSettledResult<unknown>[]) => results.filter(({ status }) => status === 'rejected')

  test('nobody waits for a counter, so nobody can be in a deadlock over one', async () => {
    const clients = await Promise.all(Array.from({ length: connections }, () => world().connect()))
    expect(failed(await crosswise(clients, '10s'))).toEqual([])
    await expectExact(world(), connections * 4)

    // The same with one slot for everybody: it can fail.
    const name = 'users_counted_insert_fn'
    const [kept] = await world().rows<{ definition: string }>(`select pg_get_functiondef('${name}'::regproc) as definition`)
    const definition = kept?.definition ?? ''
    const alone = definition.replace(/pg_backend_pid\(\).*?;/, '0;').replace(/while not .*? end loop;/, '')
    expect(alone).not.toContain('advisory')
    await world().em().getConnection().executeDump(alone)
    expect(failed(await crosswise(clients, '300ms')).length).toBeGreaterThan(0)
    await world().em().getConnection().executeDump(definition)
  })

  test('a long transaction of many small statements moves on from slot to slot, so that none of its rows gets too many versions', async () => {
    const client = await world().connect()
    await client.query(`do $$ begin
        while (select count(distinct slot) from user_counters) < 4 and clock_timestamp() < now() + interval '30 seconds' loop
          ${insertion(1, 'active')};
        end loop;
      end $$`)
    expect(await world().rows(differences)).toEqual([])
    expect((await world().rows('select distinct slot from user_counters')).length).toBeGreaterThanOrEqual(4)
  })
})
