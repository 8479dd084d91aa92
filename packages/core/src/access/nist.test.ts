import { userActor, type Calls, type Id } from '@denizen/core'
import { kinds, type ActionName } from '@denizen/core/calls'
import { password, useWorld, type SignedInUser } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

/**
 * The functions of ANSI INCITS 359-2012 (RBAC), the actions that do each, and a proof. Everything is done
 * in one organization by its owner: in the standard's words objects are what a permission is held on, and
 * operations are permissions. Separation of duty stands beside it: nist-separation.test.ts.
 */
const world = useWorld()
let organizationId: Id<'org'>
let as: Calls
let owner: SignedInUser
beforeAll(async () => {
  organizationId = await world().newOrganization()
  owner = await world().asMember(organizationId, 'owner')
  as = owner.as
})

let names = 0
const newName = () => `nist ${++names}`
const newRole = async (permissions: string[] = [], includes: Id<'rol'>[] = []) =>
  (await as.roles.create({ organizationId, name: newName(), permissions, includes })).id
const here = () => ({ organizationId })
const assign = (userId: Id<'usr'>, roleId: Id<'rol'>) => as.access.assignRole({ userId, roleId, on: here() })
const may = async (userId: Id<'usr'>, permission: string) => (await as.access.check({ userId, permission, on: here() })).allowed
const ids = (things: readonly { readonly id: string }[]) => things.map(({ id }) => id)

/** A user who has some roles, signed in after they were given, and the caller of their session as it is now. */
async function session(...roleIds: Id<'rol'>[]) {
  const { user } = await world().asMember(organizationId)
  for (const roleId of roleIds) await assign(user.id, roleId)
  const { token, principal } = await world().signIn(user)
  const calls = async () => {
    const now = await world().core.authenticate(token)
    return now === null ? null : world().core.as(userActor(now))
  }
  const active = async () =>
    ((await (await calls())?.access.listActiveRoles({}))?.items ?? []).flatMap(({ role, state }) => (state === 'active' ? [role.id] : []))
  const permissions = async () =>
    (await as.access.listPermissions({ userId: user.id, ...(principal.sessionId && { sessionId: principal.sessionId }), on: here() }))
      .permissions
  return { userId: user.id, calls, active, permissions }
}

type Proof = readonly [actions: readonly ActionName[], prove: () => Promise<void>]

const core: Readonly<Record<string, Proof>> = {
  AddUser: [
    ['users.create'],
    async () => {
      const user = await as.users.create({ username: `nist-${crypto.randomUUID()}`, organizationId, password })
      expect((await as.users.get({ userId: user?.id ?? 'usr_' })).id).toBe(user?.id)
    },
  ],
  DeleteUser: [
    ['users.archive'],
    async () => {
      const user = await as.users.create({ username: `nist-${crypto.randomUUID()}`, organizationId, password })
      const { token } = await world().signIn(user ?? owner.user)
      await as.users.archive({ userId: user?.id ?? 'usr_' })
      expect(await world().core.authenticate(token)).toBeNull()
    },
  ],
  AddRole: [['roles.create'], async () => expect(await as.roles.get({ roleId: await newRole() })).toMatchObject({ permissions: [] })],
  DeleteRole: [
    ['roles.delete'],
    async () => {
      const roleId = await newRole(['document.read'])
      const { userId, active } = await session(roleId)
      await as.roles.delete({ roleId })
      expect(await active()).not.toContain(roleId)
      expect(await may(userId, 'document.read')).toBe(false)
    },
  ],
  AssignUser: [
    ['access.assignRole'],
    async () => {
      const { user } = await world().asMember(organizationId)
      await assign(user.id, await newRole(['document.read']))
      expect(await may(user.id, 'document.read')).toBe(true)
    },
  ],
  DeassignUser: [
    ['access.unassignRole'],
    async () => {
      const roleId = await newRole(['document.read'])
      const { userId } = await session(roleId)
      await as.access.unassignRole({ userId, roleId, on: here() })
      expect(await may(userId, 'document.read')).toBe(false)
    },
  ],
  GrantPermission: [
    ['roles.grantPermission'],
    async () => {
      const roleId = await newRole()
      const { userId } = await session(roleId)
      await as.roles.grantPermission({ roleId, permission: 'document.read' })
      expect(await may(userId, 'document.read')).toBe(true)
    },
  ],
  RevokePermission: [
    ['roles.revokePermission'],
    async () => {
      const roleId = await newRole(['document.read'])
      const { userId } = await session(roleId)
      await as.roles.revokePermission({ roleId, permission: 'document.read' })
      expect(await may(userId, 'document.read')).toBe(false)
    },
  ],
  CreateSession: [
    ['auth.signIn'],
    async () => {
      const [one, two] = [await newRole(), await newRole()]
      expect(await (await session(one, two)).active()).toEqual(expect.arrayContaining([one, two]))
    },
  ],
  DeleteSession: [
    ['auth.signOut', 'sessions.end'],
    async () => {
      const { calls } = await session()
      await (await calls())?.auth.signOut()
      expect(await calls()).toBeNull()
    },
  ],
  AddActiveRole: [
    ['access.activateRole'],
    async () => {
      const roleId = await newRole()
      const { calls, active } = await session(roleId)
      await (await calls())?.access.deactivateRole({ roleId })
      await (await calls())?.access.activateRole({ roleId })
      expect(await active()).toContain(roleId)
    },
  ],
  DropActiveRole: [
    ['access.deactivateRole'],
    async () => {
      const roleId = await newRole(['document.read'])
      const { calls, active, permissions } = await session(roleId)
      expect(await permissions()).toContain('document.read')
      await (await calls())?.access.deactivateRole({ roleId })
      expect(await active()).not.toContain(roleId)
      expect(await permissions()).not.toContain('document.read')
    },
  ],
  CheckAccess: [
    ['access.check', 'access.checkMany'],
    async () => {
      const { userId } = await session(await newRole(['document.read']))
      const [read, write] = ['document.read', 'document.write'].map((permission) => ({ permission, on: here() }))
      if (read === undefined || write === undefined) throw new Error('there are two')
      expect(await as.access.check({ userId, ...read })).toEqual({ allowed: true })
      expect(await as.access.checkMany({ userId, checks: [read, write] })).toEqual({ allowed: [true, false] })
    },
  ],
}

const review: Readonly<Record<string, Proof>> = {
  AssignedUsers: [
    ['access.listAssignments'],
    async () => {
      const roleId = await newRole()
      const users = [await session(roleId), await session(roleId)].map(({ userId }) => userId)
      const { items } = await as.access.listAssignments({ organizationId, roleId })
      expect(new Set(items.map(({ subject }) => subject.id))).toEqual(new Set(users))
    },
  ],
  AssignedRoles: [
    ['access.listAssignments'],
    async () => {
      const roles = [await newRole(), await newRole()]
      const { userId } = await session(...roles)
      const { items } = await as.access.listAssignments({ organizationId, userId })
      expect(new Set(items.map(({ role }) => role?.id))).toEqual(new Set(roles))
    },
  ],
  RolePermissions: [
    ['roles.get'],
    async () => expect((await as.roles.get({ roleId: await newRole(['b.x', 'a.x']) })).permissions).toEqual(['a.x', 'b.x']),
  ],
  UserPermissions: [
    ['access.listPermissions'],
    async () => {
      const { userId } = await session(await newRole(['a.x']), await newRole(['b.x']))
      const { permissions } = await as.access.listPermissions({ userId, on: here() })
      expect(permissions).toEqual(expect.arrayContaining(['a.x', 'b.x']))
    },
  ],
  SessionRoles: [
    ['access.listActiveRoles'],
    async () => {
      const roleId = await newRole()
      expect(await (await session(roleId)).active()).toContain(roleId)
    },
  ],
  SessionPermissions: [
    ['access.listPermissions'],
    async () => {
      const [one, two] = [await newRole(['a.x']), await newRole(['b.x'])]
      const { calls, permissions } = await session(one, two)
      await (await calls())?.access.deactivateRole({ roleId: one })
      expect(await permissions()).toContain('b.x')
      expect(await permissions()).not.toContain('a.x')
    },
  ],
  RoleOperationsOnObject: [
    ['roles.get'],
    async () => {
      const { permissions } = await as.roles.get({ roleId: await newRole(['invoice.pay', 'document.read', 'document.write']) })
      expect(permissions.filter((permission) => permission.startsWith('document.'))).toEqual(['document.read', 'document.write'])
    },
  ],
  UserOperationsOnObject: [
    ['access.listPermissions'],
    async () => {
      const { userId } = await session()
      const on = { resourceId: await world().access.newResource({ organizationId }) }
      await as.access.assignRole({ userId, roleId: await newRole(['document.read']), on })
      expect((await as.access.listPermissions({ userId, on })).permissions).toContain('document.read')
      expect(await may(userId, 'document.read')).toBe(false)
    },
  ],
}

const hierarchical: Readonly<Record<string, Proof>> = {
  AddInheritance: [
    ['roles.setParents'],
    async () => {
      const [junior, senior] = [await newRole(['document.read']), await newRole()]
      const { userId } = await session(senior)
      await as.roles.setParents({ roleId: senior, includes: [junior] })
      expect(await may(userId, 'document.read')).toBe(true)
    },
  ],
  DeleteInheritance: [
    ['roles.setParents'],
    async () => {
      const senior = await newRole([], [await newRole(['document.read'])])
      const { userId } = await session(senior)
      await as.roles.setParents({ roleId: senior, includes: [] })
      expect(await may(userId, 'document.read')).toBe(false)
    },
  ],
  AddAscendant: [
    ['roles.create'],
    async () => {
      const junior = await newRole(['document.read'])
      expect(ids((await as.roles.get({ roleId: await newRole([], [junior]) })).includes)).toEqual([junior])
    },
  ],
  AddDescendant: [
    ['roles.create', 'roles.setParents'],
    async () => {
      const [senior, junior] = [await newRole(), await newRole(['document.read'])]
      expect(ids((await as.roles.setParents({ roleId: senior, includes: [junior] })).includes)).toEqual([junior])
    },
  ],
  AuthorizedUsers: [
    ['roles.list', 'access.listAssignments'],
    async () => {
      const junior = await newRole()
      const senior = await newRole([], [await newRole([], [junior])])
      const users = [await session(junior), await session(senior)].map(({ userId }) => userId)
      const roles = [junior, ...(await as.roles.list({ organizationId, including: junior })).items.map(({ id }) => id)]
      const found: string[] = []
      for (const roleId of roles)
        found.push(...(await as.access.listAssignments({ organizationId, roleId })).items.map(({ subject }) => subject.id))
      expect(new Set(found)).toEqual(new Set(users))
    },
  ],
  AuthorizedRoles: [
    ['access.listAssignments', 'roles.list'],
    async () => {
      const junior = await newRole()
      const senior = await newRole([], [junior])
      const { userId } = await session(senior)
      const assigned = (await as.access.listAssignments({ organizationId, userId })).items.flatMap(({ role }) =>
        role === null ? [] : [role.id],
      )
      const included: string[] = []
      for (const includedIn of assigned) included.push(...ids((await as.roles.list({ organizationId, includedIn })).items))
      expect([...assigned, ...included]).toEqual([senior, junior])
    },
  ],
}

const parts = {
  'core RBAC': core,
  'core and hierarchical review': review,
  'hierarchical RBAC': hierarchical,
}

describe.each(Object.entries(parts))('ANSI INCITS 359: %s', (_, table) => {
  test.each(Object.entries(table))('%s', async (_name, [actions, prove]) => {
    expect(actions.filter((action) => !(action in kinds))).toEqual([])
    await prove()
  })
})
