import { idOf } from '@denizen/core'
import { useWorld, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

type Realm = Parameters<ReturnType<World['asSystem']>['users']['import']>[0]['realm']

const plain = (value: string) => ({ type: 'password', value })

describe('roles that users.import finds', () => {
  const world = useWorld()
  const bring = (realm: Realm, createRoles = false) => world().asSystem().users.import({ format: 'keycloak', realm, createRoles })

  test('makes no roles unless told to, and says which were not assigned', async () => {
    const { rolesCreated, warnings } = await bring({
      realm: 'r1',
      roles: { realm: [{ name: 'a' }] },
      users: [{ username: 'r1-a', enabled: true, realmRoles: ['a'] }],
    })
    expect(rolesCreated).toEqual([])
    expect(warnings).toMatchObject([{ index: 0, message: expect.stringContaining('r1:a') }])
  })

  test('says who granted the roles', async () => {
    const superadmin = await world().asSuperadmin()
    const realm = { realm: 'r2', roles: { realm: [{ name: 'a' }] }, users: [{ username: 'r2-a', realmRoles: ['a'] }] }
    await superadmin.as.users.import({ format: 'keycloak', realm, createRoles: true })
    const granted = `select g.username from role_assignments a join users u on u.id = a.user_id left join users g on g.id = a.granted_by where u.username = ?`
    expect(await world().rows(granted, ['r2-a'])).toEqual(Array.from({ length: 2 }, () => ({ username: superadmin.user.username })))
  })

  test('gives nobody more than who imports may give: a role that was mapped since is left to a superadmin', async () => {
    const importer = await world().signUp()
    await bring({ realm: 'r9', roles: { realm: [{ name: 'helper' }, { name: 'clerk' }] } }, true)
    const map = (role: string, permission: string) =>
      world().rows('insert into role_permissions (role_id, permission) select id, ? from roles where name = ? returning 1', [
        permission,
        role,
      ])
    await map('r9:helper', 'users.import')
    await map('r9:clerk', 'users.*')
    await world().rows(
      `insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, valid_from, granted_at)
        select gen_random_uuid(), 'user', u.id, r.id, 'system', now() - interval '1 day', now() from users u, roles r
          where u.username = ? and r.name = 'r9:helper' returning 1`,
      [importer.user.username],
    )
    const roles = { realm: [{ name: 'helper' }, { name: 'clerk' }] }
    const users = (name: string) => [
      { username: name, enabled: true, credentials: [plain('long enough')], realmRoles: ['helper', 'clerk'] },
    ]
    const [mallory, victor] = [users('r9-mallory'), users('r9-victor')]
    const outcome = await importer.as.users.import({ format: 'keycloak', realm: { realm: 'r9', roles, users: mallory }, createRoles: true })
    expect(outcome).toMatchObject({
      created: 1,
      warnings: [{ message: expect.stringMatching(/grant.*r9:helper, r9:clerk|grant.*r9:clerk, r9:helper/) }],
    })
    const superadmin = await world().asSuperadmin()
    const trusted = await superadmin.as.users.import({
      format: 'keycloak',
      realm: { realm: 'r9', roles, users: victor },
      createRoles: true,
    })
    expect(trusted).toMatchObject({ created: 1, warnings: [] })
    const held = (name: string) =>
      world().rows(
        `select r.name from role_assignments a join users u on u.id = a.user_id join roles r on r.id = a.role_id where u.username = ? order by 1`,
        [name],
      )
    expect(await held('r9-mallory')).toEqual([{ name: 'user' }])
    expect(await held('r9-victor')).toEqual([{ name: 'r9:clerk' }, { name: 'r9:helper' }, { name: 'user' }])
  })

  test('brings in nobody with roles that exclude each other: that item fails, and the others do not', async () => {
    await bring({ realm: 'r11', roles: { realm: [{ name: 'payer' }, { name: 'auditor' }] } }, true)
    const roles = await world().rows<{ id: string }>(`select id::text as id from roles where name in ('r11:payer', 'r11:auditor')`)
    const roleIds = roles.map(({ id }) => idOf('rol', id))
    await world().asSystem().access.createExclusion({ name: 'payments', kind: 'static', roleIds })
    const both = [{ name: 'payer' }, { name: 'auditor' }]
    const users = [
      { username: 'r11-both', credentials: [plain('long enough')], realmRoles: ['payer', 'auditor'] },
      { username: 'r11-one', credentials: [plain('long enough')], realmRoles: ['payer'] },
    ]
    expect(await bring({ realm: 'r11', roles: { realm: both }, users }, true)).toMatchObject({
      created: 1,
      failed: [{ code: 'access.excluded' }],
    })
  })
})
