import { useWorld } from '@denizen/core/testing'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { watchChanges, type Changes } from './changes.ts'

/** The control of the sweep: what it would see, and what it leaves out. */
const world = useWorld()
let changes: Changes
beforeAll(async () => {
  await world().newOrganization('planted')
  await world().signUp()
  changes = await watchChanges(world())
})

beforeEach(async () => {
  await world().signUp({ username: `taken-${crypto.randomUUID().slice(0, 8)}` })
  await world().em().execute('delete from organization_domains', [], 'run')
  await world().em().execute(claim('there.example'), [], 'run')
})

async function changedBy(statement: string): Promise<readonly string[]> {
  await changes.take()
  await world().em().execute(statement, [], 'run')
  return changes.take()
}

const planted = (table: string): string =>
  `insert into "${table}" (id, at, type, payload) values (gen_random_uuid(), '2001-01-01', 'planted', '{}')`
const claim = (domain: string, where = 'true'): string =>
  `insert into organization_domains (organization_id, domain, challenge, created_at)
    select id, '${domain}', 'planted', now() from organizations where slug = 'planted' and ${where}`
const run = (scheduledFor: string): string =>
  `insert into job_runs (id, job, state, scheduled_for, created_at) values (gen_random_uuid(), gen_random_uuid()::text, 'queued', ${scheduledFor}, now())`

test.each([
  ['an update', `update organizations set name = gen_random_uuid()::text where slug = 'planted'`, 'organizations'],
  [
    'an update of one row of many',
    `update sessions set user_agent = gen_random_uuid()::text where id = (select max(id::text)::uuid from sessions)`,
    'sessions',
  ],
  [
    'an update besides of when somebody was seen',
    `update sessions set user_agent = gen_random_uuid()::text, last_seen_at = now()`,
    'sessions',
  ],
  ['an insert', claim('new.example'), 'organization_domains'],
  [
    'an insert that becomes an update',
    `${claim('there.example')} on conflict (organization_id, domain) do update set challenge = 'other'`,
    'organization_domains',
  ],
  ['a delete', 'delete from organization_domains', 'organization_domains'],
  ['what a delete takes along', `delete from users where username like 'taken-%'`, 'sessions'],
  ['a run of a job that was asked for', run('null'), 'job_runs'],
  ['a truncation', 'truncate challenges', 'challenges'],
  ['an insert through a partitioned table', planted('events'), 'events'],
  ['an insert into a partition', planted('events_default'), 'events'],
])('%s is seen, by its table', async (_what, statement, table) => {
  expect(await changedBy(statement)).toContain(table)
})

test.each([
  ['an update of no row', `update organizations set name = 'changed' where false`],
  ['an update that writes what was there', 'update organizations set name = name'],
  ['an update of when somebody was seen', 'update sessions set last_seen_at = now()'],
  ['an insert of no row', claim('no.example', 'false')],
  ['a delete of no row', 'delete from organization_domains where false'],
  [
    'what was rolled back',
    `do $$ begin update users set locale = 'de'; raise division_by_zero; exception when division_by_zero then end $$`,
  ],
  ['when somebody was active', 'delete from user_activity'],
  ['an attempt to sign in', 'delete from login_attempts'],
  ['a permission that was used', 'truncate permission_uses'],
  [
    'a run of a job that was due, and what becomes of it',
    `do $$ begin ${run('clock_timestamp()')}; update job_runs set state = 'running' where scheduled_for is not null; end $$`,
  ],
])('%s is no change', async (_what, statement) => {
  expect(await changedBy(statement)).toEqual([])
})

test('every table is watched but those of the calls themselves, and each change is told once', async () => {
  const unwatched = await world().rows<{ name: string }>(
    `select relname as name from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
      and (select count(*) from pg_trigger t where t.tgrelid = c.oid and t.tgname like 'watch\\_%') <> 4 order by 1`,
  )
  expect(unwatched.map(({ name }) => name)).toEqual(['audit_entries', 'login_attempts', 'permission_uses', 'user_activity'])
  expect(await changedBy(`update organizations set name = gen_random_uuid()::text`)).toEqual(['organizations'])
  expect(await changes.take()).toEqual([])
})
