import { useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const hashText = { value: 'Vk5W4aJYjvLhJp8wsVBmGjGKcxJJ0BaaXKCxPbsbLjA=', salt: 'c29tZXNhbHRzb21lc2FsdA==' }

describe('C2: users.import of a realm with records that are odd', () => {
  const world = useWorld()
  const bring = (realm: { realm: string; [field: string]: unknown }, createRoles = true) =>
    world().asSystem().users.import({ format: 'keycloak', realm, createRoles })
  const rows = (like: string) =>
    world().rows<object>(
      `select username, email, status, email_verified as verified, full_name as name, hash is not null as opens
        from users left join passwords on user_id = id where username like ? order by username`,
      [like],
    )

  test('each record is read by itself: a wrong type refuses that record, and is said with its name and field', async () => {
    const { created, failed, warnings } = await bring({
      realm: 'alone',
      users: [
        null,
        7,
        { username: 5, email: 'alone-5@example.com' },
        { username: 'alone-roles', realmRoles: 'admin' },
        { username: 'alone-mail', email: ['a@example.com'] },
        {},
        { username: 'alone-good', enabled: true, firstName: 'Good', emailVerified: 'yes', email: 'alone-good@example.com' },
        { username: 'alone-yes', enabled: 'yes' },
        { username: 'alone-one', enabled: 1 },
        { username: 'alone-text', enabled: 'true', email: null },
        { username: 'alone-password', enabled: true, credentials: [{ type: 'password', value: 7 }] },
        { email: 'alone-mailed@example.com', enabled: true },
        { username: 'alone-long', enabled: true, firstName: 'Long'.repeat(2000) },
        { username: 'alone-twice', enabled: true },
        { username: 'alone-twice', enabled: true },
        {
          username: 'alone-again',
          enabled: true,
          requiredActions: ['VERIFY_EMAIL'],
          email: 'alone-again@example.com',
          emailVerified: true,
        },
      ],
    })
    expect(failed.map(({ index, username, message }) => [index, username, message])).toEqual([
      [0, '', expect.stringContaining('input: must be an object')],
      [1, '', expect.stringContaining('input: must be an object')],
      [2, 'alone-5@example.com', expect.stringContaining('username: ')],
      [3, 'alone-roles', expect.stringContaining('realmRoles: ')],
      [4, 'alone-mail', expect.stringContaining('email: ')],
      [5, '', expect.stringContaining('a username or an email address is needed')],
      [14, 'alone-twice', expect.stringContaining('twice')],
    ])
    expect(created).toBe(9)
    expect(warnings.map(({ index, message }) => [index, message])).toEqual([
      [6, expect.stringContaining('"emailVerified" is neither')],
      [7, expect.stringContaining('"enabled" is neither true nor false; the user is inactive')],
      [8, expect.stringContaining('"enabled" is neither')],
      [10, expect.stringContaining('cannot be read; the user must reset it')],
      [11, expect.stringContaining('there is no username; the user is called alone-mailed here')],
      [12, expect.stringContaining('was cut')],
    ])
    const plain = { email: null, status: 'active', verified: false, name: null, opens: false }
    expect(await rows('alone-%')).toEqual([
      { ...plain, username: 'alone-again', email: 'alone-again@example.com' },
      { ...plain, username: 'alone-good', name: 'Good', email: 'alone-good@example.com' },
      { ...plain, username: 'alone-long', name: 'Long'.repeat(50) },
      { ...plain, username: 'alone-mailed', email: 'alone-mailed@example.com' },
      { ...plain, username: 'alone-one', status: 'inactive' },
      { ...plain, username: 'alone-password' },
      { ...plain, username: 'alone-text' },
      { ...plain, username: 'alone-twice' },
      { ...plain, username: 'alone-yes', status: 'inactive' },
    ])
  })

  test('roles too: long descriptions are cut, more than 1 000 come in, and two names never become one role', async () => {
    const many = Array.from({ length: 1_100 }, (_, index) => ({ name: `many-${index}` }))
    const answer = await bring({
      realm: 'odd',
      roles: {
        realm: [
          ...many,
          { name: 'Admin' },
          { name: 'admin', description: `${'d'.repeat(3000)}` },
          { description: 'x' },
          { name: 'a\u0000' },
          { name: 'lines', description: 'one\ntwo' },
          { name: 'nul', description: '\u0000' },
          { name: 'ADMIN' },
        ],
      },
      users: [
        { username: 'odd-upper', enabled: true, realmRoles: ['Admin'] },
        { username: 'odd-lower', enabled: true, realmRoles: ['admin'] },
      ],
    })
    expect(answer.rolesCreated).toHaveLength(1_103)
    expect(answer.rolesFailed).toEqual([
      { index: 1100, name: 'Admin', message: expect.stringContaining('differs from the role admin in upper and lower case only') },
      { index: 1102, name: '', message: expect.stringContaining('name: ') },
      { index: 1103, name: 'a\ufffd', message: expect.stringContaining('name: ') },
      { index: 1106, name: 'ADMIN', message: expect.stringContaining('differs from the role admin') },
    ])
    expect(answer.lost).toContainEqual({ what: 'ends of long descriptions of roles', count: 1, users: null })
    expect(answer.warnings).toEqual([
      { index: 0, username: 'odd-upper', message: expect.stringMatching(/other roles have their names here: Admin$/) },
    ])
    const held = await world().rows(
      `select u.username, r.name from role_assignments a join users u on u.id = a.user_id join roles r on r.id = a.role_id
        where u.username like 'odd-%' and r.name like 'odd:%'`,
    )
    expect(held).toEqual([{ username: 'odd-lower', name: 'odd:admin' }])
    const described = await world().rows(
      `select name, description from roles where name in ('odd:admin', 'odd:lines', 'odd:nul') order by name`,
    )
    expect(described).toEqual([
      { name: 'odd:admin', description: 'd'.repeat(500) },
      { name: 'odd:lines', description: 'one\ntwo' },
      { name: 'odd:nul', description: null },
    ])
  })

  test('names with a count what is not taken over, and nothing that says nothing', async () => {
    const { lost, warnings } = await bring({
      realm: 'lost',
      id: 'lost',
      enabled: true,
      sslRequired: 'external',
      clients: [{ clientId: 'web', secret: 'not ours' }],
      groups: [{ name: 'staff', subGroups: [{ name: 'night' }] }],
      organizations: [{ name: 'acme' }],
      components: { 'org.keycloak.storage.UserStorageProvider': [{ name: 'ldap' }], other: [{}, {}] },
      requiredCredentials: ['password'],
      identityProviders: [],
      roles: {
        realm: [{ name: 'a', composite: true, composites: { realm: ['b'] }, attributes: {} }],
        client: { web: [{ name: 'x' }, { name: 'y' }] },
      },
      users: [
        {
          id: 'f1',
          createdTimestamp: 1_700_000_000_000,
          username: 'lost-one',
          enabled: true,
          totp: true,
          groups: ['/staff', '/night'],
          federatedIdentities: [{ identityProvider: 'github', userId: '1', userName: 'one' }],
          attributes: { phone: ['1', '2'], empty: [] },
          clientRoles: { web: ['x'] },
          credentials: [
            { type: 'otp', secretData: '{}' },
            { type: 'password', secretData: JSON.stringify(hashText) },
            { type: 'webauthn' },
          ],
          requiredActions: ['UPDATE_PASSWORD', 'CONFIGURE_TOTP'],
          notBefore: 0,
          disableableCredentialTypes: [],
          userProfileNote: 'x',
        },
        { id: 'f2', username: 'lost-two', enabled: true, groups: ['/staff'], attributes: {}, federatedIdentities: [] },
      ],
    })
    const named = Object.fromEntries(lost.map(({ what, count, users }) => [what, [count, users]]))
    expect(named).toEqual({
      'ids of users': [2, 2],
      'creation times': [1, 1],
      'memberships in groups': [3, 2],
      'federated identities': [1, 1],
      'attributes of users': [2, 1],
      'client roles of users': [1, 1],
      'user profile note': [1, 1],
      'credentials of the type otp': [1, 1],
      'credentials of the type webauthn': [1, 1],
      'required action CONFIGURE_TOTP': [1, 1],
      'composites of roles': [1, null],
      'client roles': [2, null],
      'settings of the realm': [4, null],
      clients: [1, null],
      groups: [2, null],
      organizations: [1, null],
      components: [3, null],
    })
    expect(warnings.filter(({ index }) => index === 0).map(({ message }) => message)).toEqual([
      expect.stringContaining('the password hash was not taken over: '),
      expect.stringContaining('second factors are not imported'),
    ])
  })

  test('reads the hashes of versions before 8, which stand beside the type', async () => {
    const { created, warnings } = await bring({
      realm: 'old',
      users: [
        {
          username: 'old-hash',
          enabled: true,
          credentials: [
            {
              type: 'password',
              hashedSaltedValue: hashText.value,
              salt: hashText.salt,
              hashIterations: 27_500,
              algorithm: 'pbkdf2-sha256',
            },
          ],
        },
      ],
    })
    expect([created, warnings]).toEqual([1, []])
    expect(await rows('old-hash')).toMatchObject([{ opens: true }])
  })

  test('realms whose names differ in upper and lower case only do not share their roles', async () => {
    const realmOf = (realm: string, username: string) => ({
      realm,
      roles: { realm: [{ name: 'admin' }, { name: 'reader' }] },
      users: [{ id: crypto.randomUUID(), username, enabled: true, realmRoles: ['admin'] }],
    })
    const [first, twin] = [realmOf('Twin:1', 'twin-ada'), realmOf('twin:1', 'twin-eve')]
    expect((await bring(first)).rolesCreated).toEqual(['twin:1:admin', 'twin:1:reader'])
    const { created, rolesCreated, rolesFailed, warnings } = await bring(twin)
    expect([created, rolesCreated]).toEqual([1, []])
    const message = expect.stringContaining('the realm Twin:1 was imported, and its name differs in upper and lower case only') as string
    expect(rolesFailed).toEqual([
      { index: 0, name: 'twin:1:admin', message },
      { index: 1, name: 'twin:1:reader', message },
    ])
    expect(warnings).toMatchObject([{ username: 'twin-eve' }])
    const held = await world().rows(
      `select u.username from role_assignments a join users u on u.id = a.user_id join roles r on r.id = a.role_id where r.name = 'twin:1:admin'`,
    )
    expect(held).toEqual([{ username: 'twin-ada' }])
  })
})
