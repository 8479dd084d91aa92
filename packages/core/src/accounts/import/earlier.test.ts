import { signatures } from '@denizen/core'
import { useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

describe('O6: a repeated import', () => {
  const world = useWorld()
  const bring = (realm: { realm: string; [field: string]: unknown }, createRoles = true) =>
    world().asSystem().users.import({ format: 'keycloak', realm, createRoles })
  const held = (username: string) =>
    world().rows<{ name: string }>(
      `select r.name from role_assignments a join users u on u.id = a.user_id join roles r on r.id = a.role_id
        where u.username = ? and r.name like '%:%' and a.revoked_at is null order by 1`,
      [username],
    )
  const roles = { realm: [{ name: 'a' }, { name: 'b' }] }
  const user = (username: string, more: object = {}) => ({ username, enabled: true, realmRoles: ['a', 'b'], ...more })

  test('gives the users of the first the roles that were forgotten, says so of each, and then nothing more', async () => {
    const realm = { realm: 'o6', roles, users: [user('o6-ada'), user('o6-bob', { id: 'b' }), user('o6-cy', { realmRoles: [] })] }
    expect(await bring(realm, false)).toMatchObject({ created: 3, rolesCreated: [] })
    expect(await held('o6-ada')).toEqual([])
    const planned = await world().asSystem().users.import.plan({ format: 'keycloak', realm, createRoles: true })
    expect(planned.rows).toMatchObject({ roles: { inserted: 2 }, role_assignments: { inserted: 4 } })
    const completed = await bring(realm)
    expect(completed).toMatchObject({
      created: 0,
      completed: 2,
      unchanged: 1,
      failed: [],
      users: [
        { index: 0, username: 'o6-ada', status: 'completed' },
        { index: 1, username: 'o6-bob', status: 'completed' },
        { index: 2, username: 'o6-cy', status: 'unchanged' },
      ],
    })
    for (const name of ['o6-ada', 'o6-bob']) expect(await held(name)).toEqual([{ name: 'o6:a' }, { name: 'o6:b' }])
    expect(await bring(realm)).toMatchObject({ created: 0, completed: 0, unchanged: 3, failed: [], warnings: [] })
    const [entry] = await world().rows<{ target_type: string | null; changes: object }>(
      `select target_type, changes from audit_entries where action = 'users.import' and changes->>'completed' = '2'`,
    )
    expect(entry).toMatchObject({
      target_type: null,
      changes: { completedUserIds: completed.users.slice(0, 2).map(({ userId }) => userId) },
    })
  })

  test('does not give back a role that was revoked since', async () => {
    const realm = { realm: 'o6r', roles, users: [user('o6r-ada')] }
    await bring(realm)
    const { id: userId } = (await world().asSystem().users.find({ identifier: 'o6r-ada' })) ?? { id: 'usr_' }
    const [role] = await world().rows<{ id: string }>(
      `select id::text from role_assignments where revoked_at is null and role_id = (select id from roles where name = 'o6r:a')`,
    )
    expect(role).toBeDefined()
    await world().rows(`update role_assignments set revoked_at = now() where id = ?::uuid returning 1`, [role?.id])
    expect(await bring(realm)).toMatchObject({ unchanged: 1, users: [{ userId, status: 'unchanged' }] })
    expect(await held('o6r-ada')).toEqual([{ name: 'o6r:b' }])
  })

  test('gives nothing to whoever has the name without being of the file: made by hand, or renamed to it', async () => {
    await world().asSystem().users.create({ username: 'o6n-ada', email: 'ada@o6n.example' })
    const realm = { realm: 'o6n', roles, users: [user('o6n-ada'), user('o6n-mallory')] }
    expect(await bring(realm)).toMatchObject({ created: 1, failed: [{ index: 0, username: 'o6n-ada', code: 'users.usernameTaken' }] })
    const [{ id: mallory } = { id: 'usr_' as const }, { id: ada } = { id: 'usr_' as const }] = await Promise.all(
      ['o6n-mallory', 'o6n-ada'].map(async (identifier) => (await world().asSystem().users.find({ identifier })) ?? undefined),
    )
    await world().asSystem().users.update({ userId: ada, username: 'o6n-hand' })
    await world().asSystem().users.update({ userId: mallory, username: 'o6n-ada' })
    const again = await bring({
      ...realm,
      roles: { realm: [...roles.realm, { name: 'c' }] },
      users: [user('o6n-ada', { realmRoles: ['c'] })],
    })
    expect(again).toMatchObject({ completed: 0, failed: [{ code: 'users.usernameTaken' }] })
    expect(await held('o6n-ada')).toEqual([{ name: 'o6n:a' }, { name: 'o6n:b' }])
  })

  test('26, 61: gives nothing to whoever took the account over by its address meanwhile, and says so', async () => {
    const [name, email] = ['o6t-ada', 'mistyped@o6t.example']
    const realm = { realm: 'o6t', roles, users: [user(name, { email })] }
    await bring(realm, false)
    await world().asAnonymous().auth.requestPasswordReset({ email })
    await world().work()
    await world()
      .asAnonymous()
      .auth.resetPassword({ token: world().mailer.tokenFor(email), password: 'wheelbarrow antlers soup' })
    expect(await bring(realm)).toMatchObject({
      created: 0,
      completed: 0,
      failed: [{ index: 0, code: expect.stringMatching(/^users.\w+Taken$/) as string }],
    })
    expect(await held(name)).toEqual([])
  })

  test('tells records apart whose realm and id look alike together', async () => {
    const one = { realm: 'o6a', users: [user('o6-alike-1', { id: 'b:id:c', realmRoles: [] })] }
    const other = { realm: 'o6a:id:b', users: [user('o6-alike-2', { id: 'c', realmRoles: [] })] }
    expect([await bring(one), await bring(other)]).toMatchObject([{ created: 1 }, { created: 1, unchanged: 0 }])
  })

  test('is planned with all that it answers', async () => {
    const realm = {
      realm: 'o6p',
      roles,
      users: [user('o6p-ada'), { username: 'o6p bad' }, user('o6p-cy', { groups: ['/x'], realmRoles: ['z'] })],
    }
    const planned = await world().asSystem().users.import.plan({ format: 'keycloak', realm, createRoles: true })
    const told = signatures.users.import.output.parse(planned.answer)
    const without = ({ users, ...rest }: typeof told) => ({ ...rest, users: users.map(({ userId: _, ...user }) => user) })
    expect(without(told)).toEqual(without(await bring(realm)))
  })
})
