import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from './database.ts'
import { denizenToEnd, endPrograms } from './processes.ts'

let database: SystemDatabase

beforeAll(async () => {
  database = await openDatabase()
})
afterAll(async () => {
  await endPrograms()
  await database.close()
})

async function migrate(...parameters: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await denizenToEnd(['migrate', ...parameters, '--json'], database.environment)
  expect(`${code} ${stderr()}`).toBe('0 ')
  return (JSON.parse(stdout()) as { items: unknown }).items
}

it('goes down and up again over the CLI, with rows in it, and is what it was', async () => {
  await database.people.newUser()
  const fresh = await schema()
  expect(fresh.length).toBeGreaterThan(100)
  const applied = (await migrate('status')) as { name: string; state: string }[]
  expect(applied.filter(({ state }) => state !== 'applied')).toEqual([])
  const names = applied.map(({ name }) => name)

  expect(await migrate('down', '--to', '0', '--yes')).toEqual(names.toReversed())
  expect(await schema()).toEqual([])
  expect(await migrate('status')).toEqual(names.map((name) => ({ name, applied: null, state: 'pending' })))
  expect(await migrate('plan')).toMatchObject(names.map((name) => ({ name, statements: expect.any(Array) as unknown })))
  expect(await schema(), 'a plan changes nothing').toEqual([])

  expect(await migrate('up')).toEqual(names)
  expect(await schema()).toEqual(fresh)
  expect(await migrate('up'), 'there is nothing left to do').toEqual([])
  const { email } = await database.people.newUser()
  expect(await database.rows('select email from users')).toEqual([{ email }])
})

/** Every column, constraint and index of ours, in words; the partitions of months are made by whoever runs, not by migrations. */
async function schema(): Promise<string[]> {
  const parts = await database.rows<{ part: string }>(`
    select format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) as part
      from information_schema.columns where table_schema = 'public'
    union all select format('%s: %s', conrelid::regclass, pg_get_constraintdef(oid))
      from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
    union all select indexdef from pg_indexes where schemaname = 'public'
    order by 1`)
  return parts.map(({ part }) => part).filter((part) => !part.includes('denizen_migrations') && !/_\d{4}_\d\d/.test(part))
}
