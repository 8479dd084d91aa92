import { stripVTControlCharacters } from 'node:util'
import { createPostgres } from '@denizen/core/testing'
import { settings } from '@denizen/runtime'
import { expect, it } from 'vitest'
import { freePort } from '../../../tests/processes.ts'
import { whyReadOnly } from './commands/doctor-writing.ts'
import { Terminal } from './testing/terminal.ts'

const terminal = new Terminal({ DENIZEN_URL: 'http://127.0.0.1:1' })
const masterKey = Buffer.alloc(32, 7).toString('base64url')

interface Examination {
  readonly checks: readonly { readonly name: string; readonly state: string; readonly found: string; readonly next: string | null }[]
  readonly settings: readonly { readonly name: string; readonly value: string; readonly from: string }[]
}

async function examine(env: Readonly<Record<string, string>>) {
  const { code, stdout, stderr, json } = await terminal.here(['doctor', '--json'], env)
  const { checks, settings } = json<Examination>()
  return { code, told: stdout + stderr, settings, check: (name: string) => checks.find((check) => check.name === name) }
}

it('a machine where nothing was started yet is well', async () => {
  const { code, check } = await examine({})
  expect(code).toBe(0)
  expect(check('Node')).toMatchObject({ state: 'ok', found: process.version })
  expect(check('Database')).toMatchObject({ state: 'ok', found: expect.stringContaining('the first start creates it') as string })
  expect(check('Server')).toMatchObject({ state: 'warning', next: expect.stringContaining('denizen serve --port 1.') as string })
})

it.each([
  ['a wrong value', { DENIZEN_PORT: 'many' }, 'DENIZEN_PORT'],
  ['a misspelt name', { DENIZEN_PROT: '1' }, 'DENIZEN_PROT'],
  ['a URL of something else', { DATABASE_URL: 'mysql://u:canary@h/d' }, 'DATABASE_URL'],
  ['a missing key', { DATABASE_URL: 'postgres://u:canary@127.0.0.1:1/d' }, 'DENIZEN_MASTER_KEY'],
] as const)('%s among the settings is a problem with a name and a next step', async (_, env, name) => {
  const { code, check, told } = await examine(env)
  expect(code).toBe(1)
  expect(check('Settings')).toMatchObject({
    state: 'problem',
    found: expect.stringContaining(name) as string,
    next: expect.any(String) as string,
  })
  expect(told).not.toContain('canary')
})

it('Found by a stranger: what is wrong with the settings stands below itself', async () => {
  const { stdout } = await terminal.here(['doctor'], { DENIZEN_PORT: 'many', DENIZEN_LOG_LEVEL: 'loud' })
  const [first = '', ...more] = stdout.slice(stdout.indexOf('✗ Settings')).split('\n').slice(0, 3)
  expect(more.map((line) => line.search(/\S/))).toEqual([first.indexOf('The') + 2, first.indexOf('The') + 2])
})

it('Found by a stranger: the database that was typed is told as it was typed', async () => {
  const { stderr } = await terminal.here(['users', 'list', '--database', 'postgresql://u@127.0.0.1:1/d'])
  expect(stderr).toContain('DENIZEN_MASTER_KEY: is required with --database postgresql://…')
})

it.each([
  ['into files', {}, 'ok', /^into files in \S+outbox, because DENIZEN_SMTP_URL is not set$/],
  [
    'through a server',
    { DENIZEN_SMTP_URL: 'smtp://u:canary@mail.example:587', DENIZEN_MAIL_FROM: 'Denizen <id@example.com>' },
    'ok',
    /^through mail\.example:587, from id@example\.com$/,
  ],
  ['nowhere', { DATABASE_URL: 'postgres://u@127.0.0.1:1/d', DENIZEN_MASTER_KEY: masterKey }, 'warning', /^goes nowhere/],
] as const)('O2: where mail goes is said: %s', async (_, env, state, found) => {
  const { check, told } = await examine(env)
  expect(check('Mail')).toMatchObject({ state, found: expect.stringMatching(found) as string })
  expect(told).not.toContain('canary')
})

it('a database that does not answer is named, with the reason, and without its password', async () => {
  const port = await freePort()
  const DATABASE_URL = `postgres://u:canary@127.0.0.1:${port}/d`
  const { code, check, settings, told } = await examine({ DATABASE_URL, DENIZEN_MASTER_KEY: masterKey })
  expect(code).toBe(1)
  expect(check('Database')).toMatchObject({
    state: 'problem',
    found: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${port}/d cannot be reached: .*ECONNREFUSED`)) as string,
    next: expect.stringContaining('DATABASE_URL') as string,
  })
  expect(settings.find(({ name }) => name === 'DENIZEN_MASTER_KEY')).toMatchObject({ value: '(hidden)', from: 'environment' })
  for (const secret of ['canary', masterKey]) expect(told).not.toContain(secret)
})

it('Found by an attacker: an address of IPv6 stands in brackets before its port', async () => {
  const env = { DATABASE_URL: 'postgres://u@[::1]:1/d', DENIZEN_MASTER_KEY: masterKey }
  expect((await examine(env)).check('Database')?.found).toContain('PostgreSQL [::1]:1/d cannot be reached')
})

it.each([
  [{ standby: false, setting: 'off', source: 'default' }, null],
  [{ standby: true, setting: 'off', source: 'default' }, /a standby.*Name the primary/],
  [{ standby: true, setting: 'on', source: 'database' }, /a standby.*Name the primary/],
  [{ standby: false, setting: 'on', source: 'database' }, /alter database "d 1" reset/],
  [{ standby: false, setting: 'on', source: 'user' }, /alter role r reset/],
  [{ standby: false, setting: 'on', source: 'database user' }, /alter role r in database "d 1" reset/],
  [{ standby: false, setting: 'on', source: 'configuration file' }, /alter system reset/],
])('75: why nothing can be written, by what PostgreSQL says: %j', (state, expected) => {
  const refusal = whyReadOnly({ ...state, database: '"d 1"', role: 'r' })
  expect(refusal && `${refusal.found} ${refusal.next}`).toEqual(expected && expect.stringMatching(expected))
})

it('75: a database that is set read-only is a problem, with the statement that ends it', async () => {
  const database = await createPostgres({ connections: 1, empty: false })
  const env = { DATABASE_URL: database.url ?? '', DENIZEN_MASTER_KEY: masterKey }
  const writing = async () => (await examine(env)).check('Writing')
  expect(await writing()).toBeUndefined()
  const execute = (statement: string) => database.orm.em.getConnection().execute(statement)
  await execute(`alter database "${database.name}" set default_transaction_read_only = on`)
  const said = await writing()
  expect(said).toMatchObject({ state: 'problem', found: 'the database only reads: default_transaction_read_only is on (database)' })
  const statement = /alter database .* reset default_transaction_read_only/.exec(said?.next ?? '')?.[0] ?? ''
  await execute(`set default_transaction_read_only = off; ${statement}`)
  expect(await writing()).toBeUndefined()
  await database.close({ keep: false })
})

it('a right on a table that was taken away is a problem, with the statement that gives it back', async () => {
  const database = await createPostgres({ connections: 1, empty: false })
  const execute = (statement: string) => database.orm.em.getConnection().execute(statement)
  const role = `${database.name}_role`
  const url = new URL(database.url ?? '')
  url.username = role
  url.password = 'of-the-role'
  const rights = async () => (await examine({ DATABASE_URL: url.href, DENIZEN_MASTER_KEY: masterKey })).check('Rights')
  try {
    await execute(`create role "${role}" login password 'of-the-role'`)
    await execute(`grant create on database "${database.name}" to "${role}"`)
    await execute(`grant select, insert, update, delete on all tables in schema public to "${role}"`)
    expect(await rights()).toBeUndefined()
    await execute(`revoke insert on audit_entries from "${role}"`)
    expect(await rights()).toMatchObject({ state: 'problem', found: expect.stringContaining('grant select, insert') as string })
  } finally {
    await execute(`drop owned by "${role}"; drop role "${role}"`)
    await database.close({ keep: false })
  }
})

it('a database in plain C, which knows the letters A to Z only, is a warning', async () => {
  const database = await createPostgres({ connections: 1, empty: true })
  const other = `${database.name}_c`
  const execute = (statement: string) => database.orm.em.getConnection().execute(statement)
  await execute(`create database "${other}" template template0 locale 'C'`)
  const env = (name: string) => ({ DATABASE_URL: (database.url ?? '').replace(database.name, name), DENIZEN_MASTER_KEY: masterKey })
  try {
    expect((await examine(env(database.name))).check('Locale')).toBeUndefined()
    expect((await examine(env(other))).check('Locale')).toMatchObject({
      state: 'warning',
      next: expect.stringContaining('createdb') as string,
    })
  } finally {
    await execute(`drop database "${other}" with (force)`)
    await database.close({ keep: false })
  }
})

it('permissions of roles that no action has are named; those of applications are theirs', async () => {
  const database = await createPostgres({ connections: 1, empty: false })
  const env = { DATABASE_URL: database.url ?? '', DENIZEN_MASTER_KEY: masterKey }
  const permissions = async () => (await examine(env)).check('Permissions')
  const execute = (statement: string) => database.orm.em.getConnection().execute(statement)
  await execute(
    `insert into roles (id, name, built_in, created_at) values ('00000000-0000-7000-8000-00000000abcd', 'helper', false, now())`,
  )
  const give = (permission: string) =>
    execute(
      `insert into role_permissions (role_id, permission, granted_at) values ('00000000-0000-7000-8000-00000000abcd', '${permission}', now())`,
    )
  for (const permission of ['users.get', 'users.*', 'document.read']) await give(permission)
  expect(await permissions()).toBeUndefined()
  await give('users.frobnicate')
  expect(await permissions()).toMatchObject({
    state: 'warning',
    found: 'no action has these: users.frobnicate (role helper)',
    next: expect.stringMatching(/roles revoke-permission rol_\w{26} users\.frobnicate$/) as string,
  })
  await database.close({ keep: false })
})

it('whoever meets that database is sent to doctor', async () => {
  const env = { DATABASE_URL: 'postgres://u:canary@127.0.0.1:1/d', DENIZEN_MASTER_KEY: masterKey }
  for (const line of [['users', 'list', '--local'], ['migrate', 'status'], ['serve']]) {
    const { code, stderr } = await terminal.here(line, env)
    expect([code, stderr]).toEqual([1, expect.stringMatching(/request\.databaseUnavailable[^]*next: .*denizen doctor/)])
    expect(stderr).not.toContain('canary')
  }
})

it('for people it says the same with signs, and the settings that are set; --all lists every one', async () => {
  const { code, stdout } = await terminal.here(['doctor'], { DENIZEN_PORT: 'many' })
  expect(code).toBe(1)
  expect(stdout).toMatch(/^ {2}✓ Node /m)
  expect(stdout).toMatch(/^ {2}✗ Settings [^]*DENIZEN_PORT: must be[^]*next: /m)
  expect(stdout).toMatch(/^ {2}\d+ have their defaults\. .*denizen doctor --all$/m)
  expect(stdout).not.toContain('DENIZEN_POOL_SIZE')
  expect(stdout.split('\n').length).toBeLessThan(25)
  expect(stdout).toMatch(/^ {2}DENIZEN_PORT {2}many \(from the environment\)\n {6}\S/m)
})

it('U7: on a terminal of 80 columns names of settings stand whole', async () => {
  const { stdout } = await terminal.run(['doctor', '--all'], { columns: 80 })
  const lines = stripVTControlCharacters(stdout).split(/\r?\n/)
  const names = lines.flatMap((line) => /^ {2}((?:DENIZEN|DATABASE)_\S+)/.exec(line)?.[1] ?? [])
  expect(names).toEqual(settings.map(({ name }) => name))
  expect(lines.filter((line) => line.length > 80 && line.trim().includes(' '))).toEqual([])
})
