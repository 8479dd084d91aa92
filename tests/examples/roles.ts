import type { Id } from '@denizen/core'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** An organization with somebody who runs it and a member, signed in after they joined. */
async function company(world: FaceWorld, name: string) {
  const { people } = world.database
  const organizationId = await people.newOrganization(`org-${name}`)
  const join = async (username: string, role: 'admin' | 'member') => {
    const { user } = await somebody(world, username)
    await people.join(organizationId, user, role)
    return people.signIn(user)
  }
  return { organizationId, boss: await join(`${name}-boss`, 'admin'), member: await join(`${name}-member`, 'member') }
}

/** The same, with two roles: one that reads, and one that is called after the example. */
async function withRoles(world: FaceWorld, name: string) {
  const made = await company(world, name)
  const { boss, organizationId } = made
  const { id: reader } = await boss.as.roles.create({ organizationId, name: 'reader', permissions: ['document.read'] })
  const { id: roleId } = await boss.as.roles.create({ organizationId, name: 'writer', permissions: ['document.write'] })
  return { ...made, reader, roleId }
}

const denied = { code: 'request.denied', kind: 'denied' } as const
const notFound = { code: 'request.notFound', kind: 'notFound' } as const
const notHeld = { code: 'access.notHeld', kind: 'denied' } as const
const unknown: Id<'rol'> = 'rol_01h455vb4pex5vsknk084sn02q'

export const rolesExamples = {
  'roles.create': {
    async succeeds(world) {
      const { boss, organizationId, reader } = await withRoles(world, 'role-made')
      const input = { organizationId, name: 'editor', description: 'reads and writes', permissions: ['document.write'], includes: [reader] }
      return { as: boss, input }
    },
    async fails(world) {
      const { boss, organizationId } = await company(world, 'made-too-high')
      return { as: boss, input: { organizationId, name: 'everything', permissions: ['*'] } }
    },
    failure: notHeld,
  },
  'roles.update': {
    async succeeds(world) {
      const { boss, roleId } = await withRoles(world, 'role-renamed')
      return { as: boss, input: { roleId, name: 'author', description: 'writes' } }
    },
    async fails(world) {
      const { boss, roleId } = await withRoles(world, 'role-twice')
      return { as: boss, input: { roleId, name: 'reader' } }
    },
    failure: { code: 'roles.nameTaken', kind: 'conflict' },
  },
  'roles.delete': {
    async succeeds(world) {
      const { boss, member, organizationId, roleId } = await withRoles(world, 'role-deleted')
      await world.database.people.access.give({ userId: member.user.id, roleId, on: { organizationId } })
      return { as: boss, input: { roleId } }
    },
    async fails(world) {
      const { boss, reader, roleId } = await withRoles(world, 'role-needed')
      await boss.as.roles.setParents({ roleId, includes: [reader] })
      return { as: boss, input: { roleId: reader } }
    },
    failure: { code: 'roles.included', kind: 'conflict' },
  },
  'roles.get': {
    async succeeds(world) {
      const { boss, roleId } = await withRoles(world, 'role-shown')
      return { as: boss, input: { roleId } }
    },
    fails: async (world) => ({ as: await somebody(world, 'looks-at-role'), input: { roleId: unknown } }),
    failure: notFound,
  },
  'roles.list': {
    async succeeds(world) {
      const { boss, organizationId } = await withRoles(world, 'roles-listed')
      return { as: boss, input: { organizationId, search: 'r', total: true } }
    },
    async fails(world) {
      const { member, organizationId } = await withRoles(world, 'roles-hidden')
      return { as: member, input: { organizationId } }
    },
    failure: denied,
  },
  'roles.setParents': {
    async succeeds(world) {
      const { boss, reader, roleId } = await withRoles(world, 'role-includes')
      return { as: boss, input: { roleId, includes: [reader] } }
    },
    async fails(world) {
      const { boss, reader, roleId } = await withRoles(world, 'role-circle')
      await boss.as.roles.setParents({ roleId, includes: [reader] })
      return { as: boss, input: { roleId: reader, includes: [roleId] } }
    },
    failure: { code: 'roles.cycle', kind: 'conflict' },
  },
  'roles.grantPermission': {
    async succeeds(world) {
      const { boss, roleId } = await withRoles(world, 'role-more')
      return { as: boss, input: { roleId, permission: 'document.delete' } }
    },
    async fails(world) {
      const { boss, roleId } = await withRoles(world, 'role-higher')
      return { as: boss, input: { roleId, permission: 'users.promote' } }
    },
    failure: notHeld,
  },
  'roles.revokePermission': {
    async succeeds(world) {
      const { boss, roleId } = await withRoles(world, 'role-less')
      return { as: boss, input: { roleId, permission: 'document.write' } }
    },
    async fails(world) {
      const { boss, organizationId } = await company(world, 'held-by-role')
      const { id: roleId } = await world.admin.as.roles.create({ organizationId, name: 'above', permissions: ['users.promote'] })
      return { as: boss, input: { roleId, permission: 'users.promote' } }
    },
    failure: notHeld,
  },
} satisfies SomeExamples
