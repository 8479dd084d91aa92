import { createPostgres, type TestDatabase } from '@denizen/core/testing'
import { afterEach, expect, it } from 'vitest'
import { Terminal } from './testing/terminal.ts'

// On PostgreSQL, which is opened quickly; the embedded database is the matter of serve.test.ts.
const terminal = new Terminal({ DENIZEN_MASTER_KEY: 'A'.repeat(43) })
const opened: TestDatabase[] = []
afterEach(() => Promise.all(opened.splice(0).map((database) => database.close({ keep: false }))))

/** A database of a test's own, and the command on it. */
async function open({ empty }: { empty: boolean }) {
  const database = await createPostgres({ connections: 1, empty })
  opened.push(database)
  const url = database.url ?? ''
  const run = (...line: string[]) => terminal.here(line, { DATABASE_URL: url })
  return { url, run, status: async () => (await run('migrate', 'status', '--json')).json<Status>().items }
}

interface Status {
  readonly items: readonly { readonly name: string; readonly state: string; readonly applied: string | null }[]
}

it('status says what was applied and when, and plan and up that there is nothing to do', async () => {
  const { run, status } = await open({ empty: false })
  const items = await status()
  expect(new Set(items.map(({ state }) => state))).toEqual(new Set(['applied']))
  expect(items.every(({ applied }) => Date.parse(applied ?? '') > 0)).toBe(true)
  for (const verb of ['plan', 'up']) expect((await run('migrate', verb)).stdout).toBe('Nothing to do: the database is up to date.\n')
})

it('down asks first, takes nothing without a yes, and knows its names', async () => {
  const { run } = await open({ empty: false })
  expect((await run('users', 'create', '--username', 'grace', '--local')).code).toBe(0)
  const unasked = await run('migrate', 'down', '--to', '0')
  expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringMatching(/data .*is lost[^]*--yes/)])
  const unknown = await run('migrate', 'down', '--to', 'nonesuch', '--yes')
  expect([unknown.code, unknown.stderr]).toEqual([3, expect.stringContaining('denizen migrate status')])
  expect((await run('users', 'get', 'grace', '--local')).code).toBe(0)
})

it('down takes every migration back, with rows in the tables; up applies them all, once, and the rows are gone as the question said', async () => {
  const { run, status } = await open({ empty: false })
  const names = (await status()).map(({ name }) => name)
  expect((await run('users', 'create', '--username', 'grace', '--local')).code).toBe(0)
  const { code, stdout } = await run('migrate', 'down', '--to', '0', '--yes')
  expect([code, stdout.trimEnd().split('\n')]).toEqual([0, names.toReversed().map((name) => `Undid ${name}.`)])
  expect((await run('migrate', 'status')).stdout).toMatch(/^\S+ +pending +-$/m)

  const up = await run('migrate', 'up', '--json')
  expect([up.code, up.json<{ items: string[] }>().items]).toEqual([0, names])
  expect((await run('migrate', 'up', '--json')).json()).toEqual({ items: [] })
  expect((await run('users', 'get', 'grace', '--local')).code).toBe(3)
  expect((await run('users', 'create', '--username', 'grace', '--local')).code).toBe(0)
})

it('commands on a database that is not up to date say so, and how it gets there, without its password', async () => {
  const { url: given } = await open({ empty: true })
  const url = new URL(given)
  url.password ||= 'canary'
  const { code, stderr } = await terminal.here(['users', 'list', '--database', url.href])
  expect([code, stderr]).toEqual([5, expect.stringMatching(/not up to date: [^]*next: .*migrate plan --database ….*migrate up/)])
  expect(stderr).not.toContain(`:${url.password}@`)
})

it('plan and up --dry-run show the statements, and change nothing', async () => {
  const { run, status } = await open({ empty: true })
  const plan = await run('migrate', 'plan')
  expect(plan.stdout).toMatch(/^create table "users" .*;$/m)
  expect((await run('migrate', 'up', '--dry-run')).stdout).toBe(plan.stdout)
  expect(new Set((await status()).map(({ state }) => state))).toEqual(new Set(['pending']))
})
