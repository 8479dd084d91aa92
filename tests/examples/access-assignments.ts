import { builtInRoles } from '@denizen/core'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** An organization with a role that its people may share documents by, a member, and somebody who runs it. */
async function office({ database: { people } }: FaceWorld, name: string) {
  const organizationId = await people.newOrganization(`org-${name}`)
  const join = async (username: string, role: 'admin' | 'member') => {
    const user = await people.newUser({ username, email: `${username}@example.com` })
    await people.join(organizationId, user, role)
    return people.signIn(user)
  }
  const [boss, member] = [await join(`${name}-boss`, 'admin'), await join(`${name}-member`, 'member')]
  const roleId = await people.access.newRole({ organizationId, name: 'editor', permissions: ['document.read', 'document.write'] })
  return { organizationId, boss, member, roleId, on: { organizationId } }
}

/** The same, where the member has the role, and a permission. */
async function busyOffice(world: FaceWorld, name: string) {
  const made = await office(world, name)
  const { on, roleId, member } = made
  const { id: userId } = member.user
  await world.database.people.access.give({ userId, roleId, on })
  await world.database.people.access.give({ userId, permission: 'document.share', on })
  return { ...made, userId }
}

const denied = { code: 'request.denied', kind: 'denied' } as const
const notHeld = { code: 'access.notHeld', kind: 'denied' } as const
const notFound = { code: 'request.notFound', kind: 'notFound' } as const

export const accessAssignmentsExamples = {
  'access.assignRole': {
    async succeeds(world) {
      const { boss, member, roleId, on } = await office(world, 'role-given')
      return { as: boss, input: { userId: member.user.id, roleId, on, condition: { assurance: 'aal2' } } }
    },
    async fails(world) {
      const { boss, member, on } = await office(world, 'role-too-high')
      return { as: boss, input: { userId: member.user.id, roleId: builtInRoles.monitor.id, on } }
    },
    failure: notHeld,
  },
  'access.unassignRole': {
    async succeeds(world) {
      const { boss, userId, roleId, on } = await busyOffice(world, 'role-taken')
      return { as: boss, input: { userId, roleId, on } }
    },
    async fails(world) {
      const { member, userId, roleId, on } = await busyOffice(world, 'role-kept')
      return { as: member, input: { userId, roleId, on } }
    },
    failure: denied,
  },
  'access.grantPermission': {
    async succeeds(world) {
      const { boss, member, on } = await office(world, 'permission-given')
      return { as: boss, input: { userId: member.user.id, permission: 'document.*', on } }
    },
    async fails(world) {
      const { member, on } = await office(world, 'permission-denied')
      return { as: member, input: { userId: member.user.id, permission: 'document.*', on } }
    },
    failure: denied,
  },
  'access.revokePermission': {
    async succeeds(world) {
      const { boss, userId, on } = await busyOffice(world, 'permission-taken')
      return { as: boss, input: { userId, permission: 'document.share', on } }
    },
    async fails(world) {
      const { member, userId, on } = await busyOffice(world, 'permission-kept')
      return { as: member, input: { userId, permission: 'document.share', on } }
    },
    failure: denied,
  },
  'access.listAssignments': {
    async succeeds(world) {
      // One: two of the same millisecond have no order that every face would show.
      const { boss, member, organizationId, roleId, on } = await office(world, 'assignments-listed')
      await world.database.people.access.give({ userId: member.user.id, roleId, on })
      return { as: boss, input: { organizationId, total: true } }
    },
    async fails(world) {
      const { organizationId } = await busyOffice(world, 'assignments-hidden')
      return { as: await somebody(world, 'lists-assignments'), input: { organizationId } }
    },
    failure: notFound,
  },
} satisfies SomeExamples
