import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { completed } from '@denizen/core'
import { expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const secret = 'the password of alice'

interface Imported {
  readonly created: number
  readonly unchanged: number
  readonly lost: readonly object[]
  readonly rolesCreated: readonly string[]
  readonly failed: readonly { readonly index: number; readonly username: string; readonly code: string }[]
  readonly warnings: readonly { readonly index: number }[]
}

/** A realm with names of its own: one user who comes in, one whose name cannot be, and one who is disabled. */
function newRealm() {
  const name = `tiny${crypto.randomUUID().slice(0, 8)}`
  const [alice, bob, email] = [`${name}-alice`, `${name}-bob`, `${name}@example.com`]
  const realm = {
    realm: name,
    roles: { realm: [{ name: 'admin', description: 'rules the realm' }, { name: 'user' }] },
    users: [
      {
        username: alice,
        email,
        emailVerified: true,
        firstName: 'Alice',
        lastName: 'Liddell',
        enabled: true,
        credentials: [{ type: 'password', value: secret }],
        realmRoles: ['admin', 'user'],
      },
      { username: 'bad name', enabled: true },
      { username: bob, enabled: false, realmRoles: ['unheard-of'] },
    ],
    clients: [{ clientId: 'left-behind', secret: 'canary' }],
  }
  return { name, alice, bob, email, file: terminal.write(`${name}.json`, JSON.stringify(realm)) }
}

const run = (...line: string[]) => terminal.here(['users', 'import', ...line], asAdmin())

it('a realm is planned without a trace', async () => {
  const before = await served().world.counts()
  const { name, bob, file } = newRealm()
  const { code, stdout } = await run(file, '--create-roles', '--dry-run')
  expect([code, stdout]).toEqual([6, expect.stringMatching(/^ {2}2 users are added$/m)])
  // O6: and it says all that the import would say, with names.
  expect(stdout).toMatch(/^2 users would be created, 1 not\.$/m)
  expect(stdout).toContain(`Roles that would be created: ${name}:admin, ${name}:user\nThey grant nothing until you say what: `)
  expect(stdout).toMatch(/^# +USERNAME +WHY +CODE\n2 +bad name +\S/m)
  expect(stdout).toMatch(new RegExp(`^# +USERNAME +WHAT\\n3 +${bob} +.*${name}:unheard-of$`, 'm'))
  expect(stdout).toMatch(/^clients +1 +-$/m)
  expect(stdout).toMatch(/^ {2}2 roles are added$/m)
  expect(await served().world.counts()).toEqual(before)
})

it('a realm comes in: what was made, what was not and why, and code 6 for "in part"', async () => {
  const { world } = served()
  const { name, alice, bob, email, file } = newRealm()
  const { code, stdout, stderr } = await run(file, '--create-roles')
  expect([code, stderr]).toEqual([6, ''])
  expect(stdout).toMatch(/^2 users created, 1 not\.$/m)
  expect(stdout).toContain(`Roles created: ${name}:admin, ${name}:user`)
  expect(stdout).toMatch(/^# +USERNAME +WHY +CODE\n2 +bad name +\S/m)
  expect(stdout).toMatch(new RegExp(`^# +USERNAME +WHAT\\n3 +${bob} +.*${name}:unheard-of$`, 'm'))

  const [, mapping = ''] = /^They grant nothing until you say what: .*denizen (roles grant-permission \S+) …$/m.exec(stdout) ?? []
  expect((await terminal.here([...mapping.split(' '), 'users.list'], asAdmin())).code).toBe(0)
  expect((await terminal.here(['roles', 'revoke-permission', `${name}:admin`, 'users.list', '--yes'], asAdmin())).code).toBe(0)

  const { accessToken, user } = completed(await world.asAnonymous().auth.signIn({ identifier: email, password: secret }))
  expect(user.username).toBe(alice)
  const hashes = await world.rows<{ hash: string }>('select hash from passwords where user_id = ?', [await rowIdOf(alice)])
  expect(hashes).toEqual([{ hash: expect.stringMatching(/^\$argon2id\$/) as string }])
  const asAlice = { DENIZEN_URL: served().server.url, DENIZEN_TOKEN: accessToken }
  const refused = await terminal.here(['users', 'list', '--json'], asAlice) // the realm's admin is not ours
  expect([refused.code, refused.failure().code]).toEqual([4, 'request.denied'])
  expect((await terminal.here(['users', 'get', bob], asAdmin())).stdout).toMatch(/^status +inactive$/m)
})

it('a repeat changes nothing, and says of everybody that they are there', async () => {
  const { alice, bob, file } = newRealm()
  expect((await run(file, '--create-roles')).code).toBe(6)
  const before = await served().world.counts()
  const { code, json } = await run(file, '--create-roles', '--json')
  expect(code).toBe(6) // "bad name" is still not there
  expect(json<Imported>()).toMatchObject({
    created: 0,
    unchanged: 2,
    users: [
      { username: alice, status: 'unchanged' },
      { username: bob, status: 'unchanged' },
    ],
    rolesCreated: [],
    lost: [{ what: 'clients', count: 1, users: null }],
  })
  expect(json<Imported>().failed.map(({ username, code: why }) => [username, why])).toEqual([['bad name', 'users.unreadable']])
  const { users, roles, role_assignments: assignments } = await served().world.counts()
  expect({ users, roles, assignments }).toEqual({ users: before['users'], roles: before['roles'], assignments: before['role_assignments'] })
})

it('Found by a stranger: what a user did not get names the option of the command line, not the field', async () => {
  const { file } = newRealm()
  for (const more of [['--dry-run'], [], ['--json']]) {
    const { stdout } = await run(file, ...more)
    expect(stdout).toContain('import with --create-roles')
    expect(stdout).not.toContain('createRoles')
  }
})

it.each([
  ['made, all of them', [], ['dora', 'eve'], 0],
  ['there already, all of them', ['dora', 'eve'], ['dora', 'eve'], 0],
  ['made or there already', ['dora'], ['dora', 'frank'], 0],
  ['made, some of them', [], ['i?i', 'ivy'], 6],
  ['made, none of them', [], ['g?g', 'h?h'], 1],
])('how an import ends whose users are %s', async (_, there, usernames, code) => {
  const tag = crypto.randomUUID().slice(0, 8)
  const realmOf = (names: readonly string[]) =>
    terminal.write('again.json', JSON.stringify({ realm: 'again', users: names.map((name) => ({ username: `${tag}${name}` })) }))
  if (there.length > 0) expect((await run(realmOf(there))).code).toBe(0)
  expect((await run(realmOf(usernames))).code).toBe(code)
})

it('an idempotency key gives the first account of it again', async () => {
  const keyed = terminal.write('keyed.json', JSON.stringify({ realm: 'keyed', users: [{ username: 'carol' }] }))
  const first = await run(keyed, '--idempotency-key', 'keyed', '--json')
  expect([first.code, first.json<Imported>().created]).toEqual([0, 1])
  expect((await run(keyed, '--idempotency-key', 'keyed', '--json')).stdout).toBe(first.stdout)
})

it('a large realm goes in parts, shows how far it is, and counts places in the file', async () => {
  // Ballast that is read and not kept, so that few users fill the parts.
  const realmRoles = Array.from({ length: 700 }, () => 'x'.repeat(250))
  const users = Array.from({ length: 12 }, (_, index) => ({
    username: index === 11 ? 'bad name' : `large-${index}`,
    enabled: true,
    realmRoles,
  }))
  const large = terminal.write('large.json', JSON.stringify({ realm: 'large', users }))
  const { code, stdout, stderr } = await run(large)
  expect([code, stdout]).toEqual([6, expect.stringMatching(/^11 users created, 1 not\.$/m)])
  const steps = [...stderr.matchAll(/^Importing users: (\d+) of 12$/gm)].map(([, done]) => Number(done))
  expect(steps.length).toBeGreaterThan(1)
  expect(steps).toEqual([...new Set(steps)].toSorted((one, other) => one - other))
  expect(steps.at(-1)).toBe(12)
  expect(stdout).toMatch(/^12 +bad name /m)
})

it('C2: reads a file with a byte order mark, and a directory as Keycloak writes it', async () => {
  const marked = terminal.write(
    'marked.json',
    `\uFEFF${JSON.stringify({ realm: 'marked', users: [{ username: 'marked-ada', enabled: true }] })}`,
  )
  expect((await run(marked)).stdout).toMatch(/^1 user created\.$/m)
  const folder = join(terminal.home, 'export')
  mkdirSync(folder)
  const parts = {
    'dir-realm.json': { realm: 'dir', roles: { realm: [{ name: 'a' }] }, clients: [{}, {}] },
    'dir-users-0.json': { realm: 'dir', users: [{ username: 'dir-ada', enabled: true, realmRoles: ['a'], attributes: { phone: ['1'] } }] },
    'dir-users-1.json': { realm: 'dir', users: [{ username: 'dir-bob', enabled: true }] },
  }
  for (const [name, content] of Object.entries(parts)) terminal.write(`export/${name}`, JSON.stringify(content))
  const { code, json } = await run(folder, '--create-roles', '--json')
  expect(code).toBe(0)
  expect(json<object>()).toMatchObject({
    created: 2,
    rolesCreated: ['dir:a'],
    warnings: [],
    lost: [
      { what: 'attributes of users', count: 1, users: 1 },
      { what: 'clients', count: 2, users: null },
    ],
  })
})

async function rowIdOf(username: string): Promise<string> {
  const [row] = await served().world.rows<{ id: string }>('select id from users where username = ?', [username])
  return row?.id ?? ''
}

it('records come in from a file: who failed is told by its line and name, once, with a guess, and code 6', async () => {
  const tag = `rec-${crypto.randomUUID().slice(0, 8)}`
  const lines = [
    JSON.stringify({ username: `${tag}-ada`, password: { system: 'phc', hash: `$2b$16$${'a'.repeat(53)}` } }),
    'no JSON',
    JSON.stringify({ username: `${tag}-bob`, emial: 'x' }),
  ]
  const file = terminal.write(`${tag}.ndjson`, lines.join('\n'))
  const records = (...more: string[]) => terminal.here(['users', 'import-records', file, '--source', tag, ...more], asAdmin())
  const plan = await records('--dry-run')
  expect([plan.code, plan.stdout]).toEqual([6, expect.stringMatching(/^1 user would be created, 2 not\.$/m)])
  expect(plan.stdout.split('did you mean email?')).toHaveLength(2)
  const planned = (await records('--dry-run', '--json')).json<{ failed: object[]; answer: object }>()
  expect(planned.failed).toMatchObject([{ line: 2 }, { line: 3, username: `${tag}-bob` }])
  expect(planned.answer).not.toHaveProperty('failed')
  const { code, json } = await records('--json')
  expect([code, json()]).toMatchObject([
    6,
    {
      created: 1,
      users: [{ line: 1, username: `${tag}-ada` }],
      failed: [{ line: 2 }, { line: 3 }],
      warnings: [{ line: 1, message: expect.stringContaining('bcrypt with cost 16: the limit is 14') }],
    },
  ])
  expect((await records()).stdout).toMatch(/^0 users created, 1 was there already and stays as it is, 2 not\.$/m)
  const called = JSON.stringify({ source: tag, users: [{ username: `${tag}-eve` }, {}] })
  const call = await terminal.here(['call', 'users.importRecords', '--input', '-'], asAdmin(), called)
  expect([call.code, call.json()]).toMatchObject([6, { created: 1, failed: [{ index: 1 }] }])
  expect((await terminal.here(['users', 'hashes'], asAdmin())).stdout).toMatch(/^KIND +COUNT$/m)
})
