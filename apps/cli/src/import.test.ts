import { completed } from '@denizen/core'
import { expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const secret = 'the password of alice'

interface Imported {
  readonly created: number
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
  const { code, stdout } = await run(newRealm().file, '--create-roles', '--dry-run')
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^ {2}2 users are added$/m)])
  expect(stdout).toMatch(/^ {2}2 roles are added$/m)
  expect(await served().world.counts()).toEqual(before)
})

it('a realm comes in: what was made, what was not and why, and code 6 for "in part"', async () => {
  const { world } = served()
  const { name, alice, bob, email, file } = newRealm()
  const { code, stdout, stderr } = await run(file, '--create-roles')
  expect([code, stderr]).toEqual([6, ''])
  expect(stdout).toMatch(/^2 users created, 1 not\.$/m)
  expect(stdout).toContain(`Roles created (they grant nothing until you map them): ${name}:admin, ${name}:user`)
  expect(stdout).toMatch(/^# +USERNAME +WHY +CODE\n2 +bad name +\S/m)
  expect(stdout).toMatch(new RegExp(`^# +USERNAME +WHAT\\n3 +${bob} +.*${name}:unheard-of$`, 'm'))

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
  expect(json<Imported>()).toMatchObject({ created: 0, rolesCreated: [] })
  expect(json<Imported>().failed.map(({ username, code: why }) => [username, why])).toEqual([
    [alice, expect.stringMatching(/^users\.(email|username)Taken$/)], // it has both
    ['bad name', expect.stringMatching(/^users\./)],
    [bob, 'users.usernameTaken'],
  ])
  const { users, roles, role_assignments: assignments } = await served().world.counts()
  expect({ users, roles, assignments }).toEqual({ users: before['users'], roles: before['roles'], assignments: before['role_assignments'] })
})

it.each([
  ['made, all of them', [], ['dora', 'eve'], 0],
  ['there already, all of them', ['dora', 'eve'], ['dora', 'eve'], 0],
  ['made or there already', ['dora'], ['dora', 'frank'], 6],
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
  const credentialData = 'x'.repeat(4_000)
  const users = Array.from({ length: 12 }, (_, index) => ({
    username: index === 11 ? 'bad name' : `large-${index}`,
    credentials: Array.from({ length: 45 }, () => ({ type: 'otp', credentialData })),
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

async function rowIdOf(username: string): Promise<string> {
  const [row] = await served().world.rows<{ id: string }>('select id from users where username = ?', [username])
  return row?.id ?? ''
}
