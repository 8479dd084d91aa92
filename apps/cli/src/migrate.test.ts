import { createPostgres, type TestDatabase } from '@denizen/core/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Terminal } from './testing/terminal.ts'

// On PostgreSQL, which is opened quickly; the embedded database is the matter of serve.test.ts.
const terminal = new Terminal({ DENIZEN_MASTER_KEY: 'A'.repeat(43) })
let database: TestDatabase
beforeAll(async () => {
  database = await createPostgres({ connections: 1, empty: false })
})
afterAll(() => database.close({ keep: false }))

const run = (...line: string[]) => terminal.here(line, { DATABASE_URL: database.url ?? '' })

interface Status {
  readonly items: readonly { readonly name: string; readonly state: string; readonly applied: string | null }[]
}

let names: string[]

it('status says what was applied and when, and plan and up that there is nothing to do', async () => {
  expect((await run('users', 'create', '--username', 'grace', '--local')).code).toBe(0)
  const { code, json } = await run('migrate', 'status', '--json')
  const { items } = json<Status>()
  expect([code, new Set(items.map(({ state }) => state))]).toEqual([0, new Set(['applied'])])
  expect(items.every(({ applied }) => Date.parse(applied ?? '') > 0)).toBe(true)
  names = items.map(({ name }) => name)
  for (const verb of ['plan', 'up']) expect((await run('migrate', verb)).stdout).toBe('Nothing to do: the database is up to date.\n')
})

it('down asks first, takes nothing without a yes, and knows its names', async () => {
  const unasked = await run('migrate', 'down', '--to', '0')
  expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringMatching(/data .*is lost[^]*--yes/)])
  const unknown = await run('migrate', 'down', '--to', 'nonesuch', '--yes')
  expect([unknown.code, unknown.stderr]).toEqual([3, expect.stringContaining('denizen migrate status')])
  expect((await run('users', 'get', 'grace', '--local')).code).toBe(0)
})

it('down takes every migration back, with rows in the tables', async () => {
  const { code, stdout } = await run('migrate', 'down', '--to', '0', '--yes')
  expect([code, stdout.trimEnd().split('\n')]).toEqual([0, names.toReversed().map((name) => `Took back ${name}.`)])
  expect((await run('migrate', 'status')).stdout).toMatch(/^\S+ +pending +-$/m)
})

it('commands then say that the database is not up to date, and how it gets there, without its password', async () => {
  const url = new URL(database.url ?? '')
  url.password ||= 'canary'
  const { code, stderr } = await terminal.here(['users', 'list', '--database', url.href])
  expect([code, stderr]).toEqual([5, expect.stringMatching(/not up to date: [^]*next: .*migrate plan --database ….*migrate up/)])
  expect(stderr).not.toContain(`:${url.password}@`)
})

it('plan and up --dry-run show the statements, and change nothing', async () => {
  const plan = await run('migrate', 'plan')
  expect(plan.stdout).toMatch(/^create table "users" .*;$/m)
  expect((await run('migrate', 'up', '--dry-run')).stdout).toBe(plan.stdout)
  expect((await run('migrate', 'status', '--json')).json<Status>().items.map(({ state }) => state)).toEqual(names.map(() => 'pending'))
})

it('up applies them all, once; what was in the tables is gone, as the question said', async () => {
  const up = await run('migrate', 'up', '--json')
  expect([up.code, up.json<{ items: string[] }>().items]).toEqual([0, names])
  expect((await run('migrate', 'up', '--json')).json()).toEqual({ items: [] })
  expect((await run('users', 'get', 'grace', '--local')).code).toBe(3)
  expect((await run('users', 'create', '--username', 'grace', '--local')).code).toBe(0)
})
