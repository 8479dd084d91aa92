import { completed, builtInRoles, systemActor } from '@denizen/core'
import { databases, useFreshWorlds, useWorld, type World } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

type Realm = Parameters<ReturnType<World['asSystem']>['users']['import']>[0]['realm']

const operator = { actor: systemActor('test'), origin: { requestId: 'req_import', ip: null, userAgent: null } }

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

/** A credential as Keycloak exports it: JSON texts in JSON, 64 bytes of PBKDF2. */
async function hashed(password: string, changes: { algorithm?: string; hashIterations?: number; value?: string } = {}) {
  const [salt, iterations] = [crypto.getRandomValues(new Uint8Array(16)), 10]
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(password), 'PBKDF2', false, ['deriveBits'])
  const bits = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, 512)
  const { algorithm = 'pbkdf2-sha256', hashIterations = iterations, value = base64(new Uint8Array(bits)) } = changes
  return {
    id: crypto.randomUUID(),
    type: 'password',
    createdDate: 1_700_000_000_000,
    secretData: JSON.stringify({ value, salt: base64(salt), additionalParameters: {} }),
    credentialData: JSON.stringify({ hashIterations, algorithm, additionalParameters: {} }),
  }
}

const plain = (value: string, temporary = false) => ({ type: 'password', value, temporary })

/** A small realm of the shape of Keycloak's export, with what an export has besides. */
async function realmOf(realm: string) {
  return {
    id: crypto.randomUUID(),
    realm,
    enabled: true,
    sslRequired: 'external',
    clients: [{ clientId: 'web', secret: 'not ours' }],
    roles: {
      realm: [
        { name: 'user', description: 'User privileges', composite: false },
        { name: 'Admin', description: 'All of them' },
        { name: 'user' },
      ],
      client: { web: [{ name: 'uma_protection' }] },
    },
    users: [
      {
        id: crypto.randomUUID(),
        createdTimestamp: 1_700_000_000_000,
        username: `${realm}-alice`,
        firstName: 'Alice',
        lastName: 'Liddel',
        email: `Alice@${realm}.example`,
        emailVerified: true,
        enabled: true,
        credentials: [plain('alice')],
        realmRoles: ['user', 'default-roles-quickstart'],
        attributes: { phone: ['1'] },
        notBefore: 0,
      },
      { username: `${realm}-hanna`, enabled: true, credentials: [await hashed('password of Hanna')], realmRoles: ['user'], totp: false },
      {
        username: `${realm}-admin`,
        email: `admin@${realm}.example`,
        enabled: true,
        credentials: [plain('admin', true)],
        realmRoles: ['user', 'Admin'],
      },
      { username: `${realm}-gone`, enabled: false, credentials: [plain('gone')] },
      { username: `${realm}-twin`, email: `alice@${realm}.EXAMPLE` },
      { username: `${realm} not a name` },
      { username: `${realm}-service`, serviceAccountClientId: 'web', clientRoles: { web: ['uma_protection'] }, groups: ['/staff'] },
    ],
  }
}

describe.each(databases)('users.import of a Keycloak realm on %s', (database) => {
  const world = useFreshWorlds({ database, settings: { defaultOrganization: 'default' } })
  const realmName = `q-${database}`
  const find = (name: string) =>
    world()
      .asSystem()
      .users.find({ identifier: `${realmName}-${name}` })
  const signIn = async (name: string, typed: string) =>
    completed(
      await world()
        .asAnonymous()
        .auth.signIn({ identifier: `${realmName}-${name}`, password: typed }),
    )
  let realm: Awaited<ReturnType<typeof realmOf>>
  beforeAll(async () => {
    realm = await realmOf(realmName)
  })

  const bringIn = () => world().asSystem().users.import({ format: 'keycloak', realm, createRoles: true })

  test('is planned exactly, and the plan changes nothing', async () => {
    const before = await world().counts()
    const planned = await world().asSystem().users.import.plan({ format: 'keycloak', realm, createRoles: true })
    expect(planned.rows).toEqual(
      Object.fromEntries(
        Object.entries({ users: 5, passwords: 4, role_assignments: 5 + 4, memberships: 5, roles: 2 }).map(([table, inserted]) => [
          table,
          { inserted, updated: 0, deleted: 0 },
        ]),
      ),
    )
    expect(planned.events).toEqual({ 'users.created': 5 })
    expect(await world().counts()).toEqual(before)
  })

  test('46: brings in who fits, and says of the others why not', async () => {
    const answer = await bringIn()
    expect(answer.created).toBe(5)
    expect(answer.rolesCreated).toEqual([`${realmName}:user`, `${realmName}:admin`])
    expect(answer.failed).toEqual([
      { index: 4, username: `${realmName}-twin`, code: 'users.emailTaken', message: expect.any(String) },
      { index: 5, username: `${realmName} not a name`, code: 'users.unreadable', message: expect.stringContaining('letters, digits') },
    ])
    expect(answer.warnings.map(({ index, message }) => [index, message])).toEqual([
      [0, expect.stringContaining(`${realmName}:default-roles-quickstart`)],
      [6, expect.stringContaining('whether the user is enabled')],
    ])
    const alice = await find('alice')
    expect(alice).toMatchObject({ email: `alice@${realmName}.example`, emailVerified: true, fullName: 'Alice Liddel', status: 'active' })
    expect(await find('gone')).toMatchObject({ status: 'inactive' })
    expect(await find('service')).toMatchObject({ kind: 'service', email: null })
    expect(await find('twin')).toBeNull()
  })

  test('turns passwords into hashes that open, and keeps no password anywhere', async () => {
    await bringIn()
    const hash = async (name: string) => {
      const rows = await world().rows<{ hash: string }>('select hash from passwords join users on id = user_id where username = ?', [
        `${realmName}-${name}`,
      ])
      return rows.map((row) => row.hash)
    }
    expect(await hash('alice')).toEqual([expect.stringMatching(/^\$argon2id\$/)])
    expect(await hash('hanna')).toEqual([expect.stringMatching(/^\$pbkdf2-sha256\$i=10\$/)])
    expect(await hash('service')).toEqual([])
    expect((await signIn('alice', 'alice')).pendingSteps).toEqual([])
    expect((await signIn('hanna', 'password of Hanna')).pendingSteps).toEqual([])
    expect(await hash('hanna')).toEqual([expect.stringMatching(/^\$argon2id\$/)])
    expect((await signIn('admin', 'admin')).pendingSteps).toEqual(['changePassword'])
    for (const [name, typed] of [
      ['alice', 'Alice'],
      ['gone', 'gone'],
      ['service', 'x'],
    ] as const)
      await expect(signIn(name, typed)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    const told = await world().rows<{ text: string }>(
      `select to_jsonb(a)::text as text from audit_entries a union all select to_jsonb(e)::text from events e`,
    )
    for (const secret of ['password of Hanna', 'secretData', 'argon2id']) expect(JSON.stringify(told)).not.toContain(secret)
  })

  test('gives roles that grant nothing: its admin is not ours', async () => {
    await bringIn()
    const { accessToken } = await signIn('alice', 'alice')
    const alice = await world().core.authenticate(accessToken)
    expect(alice?.roles).toEqual([`${realmName}:user`, 'user'])
    expect(alice?.grants.list()).toEqual(builtInRoles.user.permissions)
    await world().rows(`update users set need_password_change = false where username = ? returning 1`, [`${realmName}-admin`])
    const admin = await world().core.authenticate((await signIn('admin', 'admin')).accessToken)
    expect(admin?.roles).toEqual([`${realmName}:admin`, `${realmName}:user`, 'user'])
    expect(admin?.grants.list()).toEqual(builtInRoles.user.permissions)
    expect(await world().rows('select 1 from roles where built_in')).toHaveLength(5)
  })

  test('46: again makes nothing twice, and says who is there already', async () => {
    await bringIn()
    const { audit_entries: _, ...before } = await world().counts()
    const again = await bringIn()
    expect(again).toMatchObject({ created: 0, completed: 0, unchanged: 5, rolesCreated: [] })
    expect(again.failed.map(({ code }) => code)).toEqual(['users.emailTaken', 'users.unreadable'])
    const { audit_entries: __, ...after } = await world().counts()
    expect(after).toEqual(before)
  })
})

describe('users.import', () => {
  const world = useWorld()
  const bring = (realm: Realm, createRoles = false) => world().asSystem().users.import({ format: 'keycloak', realm, createRoles })

  test('lets two people in whose usernames are addresses that begin alike', async () => {
    const users = ['one', 'two'].map((name) => ({ username: `kim@${name}.example`, email: `kim@${name}.example` }))
    expect(await bring({ realm: 'r3', users })).toMatchObject({ created: 2, failed: [] })
    expect((await world().asSystem().users.find({ identifier: 'kim@two.example' }))?.username).toMatch(/^kim-/)
    expect(await bring({ realm: 'r3', users })).toMatchObject({ created: 0, unchanged: 2, failed: [] })
  })

  test.each([
    ['of an unknown algorithm', { algorithm: 'md5' }],
    ['that is too dear to check', { hashIterations: 1_500_001 }],
    ['of no cost', { hashIterations: 0 }],
    ['that is cut', { value: 'abcde' }],
    ['that is empty', { value: '' }],
  ])('takes over no password hash %s, and says so', async (name, changes) => {
    const username = name.replaceAll(' ', '-')
    const { created, warnings } = await bring({
      realm: 'r4',
      users: [{ username, enabled: true, credentials: [await hashed('whatever', changes)] }],
    })
    expect(created).toBe(1)
    expect(warnings).toMatchObject([{ username, message: expect.stringContaining('must reset the password') }])
    expect(await world().rows('select 1 from passwords join users on id = user_id where username = ?', [username])).toEqual([])
  })

  test('copes with names that forge lines, halves of letters and empty passwords, and warns of them in one line', async () => {
    const odd = ['a\nb', '\u001b[31m', '\ud800', `${'x'.repeat(199)}\u{1F511}`, 'nul\u0000']
    const { created, failed, warnings } = await bring({
      realm: 'r5',
      users: odd.map((name, index) => ({
        username: `r5-${index}`,
        credentials: [{ type: 'password', value: '' }, { type: 'otp' }],
        groups: [name],
        clientRoles: { [name]: [name] },
        realmRoles: [name],
      })),
    })
    expect({ created, failed }).toEqual({ created: odd.length, failed: [] })
    expect(warnings.length).toBeGreaterThanOrEqual(3 * odd.length)
    for (const { message } of warnings) expect(message).toMatch(/^[^\p{C}]+$/u)
  })

  test('C2: keeps what Keycloak exports: argon2, many rounds of SHA-1, who is disabled, and names that were addresses', async () => {
    const secretData = JSON.stringify({ value: 'Vk5W4aJYjvLhJp8wsVBmGjGKcxJJ0BaaXKCxPbsbLjA=', salt: 'c29tZXNhbHRzb21lc2FsdA==' })
    const parameters = { hashLength: ['32'], memory: ['7168'], type: ['id'], version: ['1.3'], parallelism: ['1'] }
    const credential = (credentialData: object) => [{ type: 'password', secretData, credentialData: JSON.stringify(credentialData) }]
    const { created, failed, warnings } = await bring({
      realm: 'c2',
      users: [
        {
          username: 'c2-argon',
          enabled: true,
          credentials: credential({ hashIterations: 5, algorithm: 'argon2', additionalParameters: parameters }),
        },
        { username: 'c2-sha1', enabled: 'true', email: null, credentials: credential({ hashIterations: 1_300_000, algorithm: 'pbkdf2' }) },
        { username: 'c2-missing', email: 'c2-missing@example.com' },
        { username: 'c2-no', enabled: 'false' },
        { username: "o'donnel@c2.example", email: "o'donnel@c2.example", enabled: true },
        { username: 'former@c2.example', email: 'other@c2.example', enabled: true, lastName: 'Hid\u202eden' },
      ],
    })
    expect({ created, failed }).toEqual({ created: 6, failed: [] })
    expect(warnings).toMatchObject([
      { index: 2, message: expect.stringContaining('whether the user is enabled') },
      { index: 4, message: expect.stringContaining('called odonnel here') },
      { index: 5, message: expect.stringContaining('cannot sign in as former@c2.example any more') },
    ])
    const rows = await world().rows<object>(
      `select username, status, full_name, left(hash, 31) as hash from users left join passwords on user_id = id
        where username like 'c2-%' or email like '%@c2.example' order by username`,
    )
    expect(rows).toEqual([
      { username: 'c2-argon', status: 'active', full_name: null, hash: '$argon2id$v=19$m=7168,t=5,p=1$c' },
      { username: 'c2-missing', status: 'inactive', full_name: null, hash: null },
      { username: 'c2-no', status: 'inactive', full_name: null, hash: null },
      { username: 'c2-sha1', status: 'active', full_name: null, hash: '$pbkdf2-sha1$i=1300000$c29tZXNh' },
      { username: 'former', status: 'active', full_name: 'Hidden', hash: null },
      { username: 'odonnel', status: 'active', full_name: null, hash: null },
    ])
  })

  test.each([
    ['no realm', { users: [] }, 'realm.realm'],
    ['a realm without a name', { realm: '' }, 'realm.realm'],
    ['a NUL byte in its name', { realm: 'a\u0000b' }, 'realm.realm'],
    ['users that are no list', { realm: 'bad', users: {} }, 'realm.users'],
    ['1001 users', { realm: 'bad', users: Array.from({ length: 1001 }, (_, n) => ({ username: `u${n}` })) }, 'realm.users'],
    [
      '10 001 roles',
      { realm: 'bad', roles: { realm: Array.from({ length: 10_001 }, (_, n) => ({ name: `r${n}` })) } },
      'realm.roles.realm',
    ],
    ['a list', [], 'realm'],
    ['nothing', undefined, 'realm'],
  ])('refuses %s, names the field and writes nothing', async (_name, realm, path) => {
    const before = await world().counts()
    const call = world().core.run('users.import', { format: 'keycloak', realm, createRoles: true }, operator)
    await expect(call).rejects.toMatchObject({ code: 'request.invalid', kind: 'invalid', details: { issues: [{ path }] } })
    expect(await world().counts()).toEqual(before)
  })

  test('is for those who hold the permission', async () => {
    const [nobody, monitor] = [await world().signUp(), await world().asMonitor()]
    for (const { as } of [nobody, monitor])
      await expect(as.users.import({ format: 'keycloak', realm: { realm: 'r' } })).rejects.toMatchObject({ code: 'request.denied' })
  })
})
