import type { Id } from '@denizen/core'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** An organization with a folder and a document in it, a member, and somebody who runs it. */
async function shelf({ database: { people } }: FaceWorld, name: string) {
  const organizationId = await people.newOrganization(`org-${name}`)
  const join = async (username: string, role: 'admin' | 'member') => {
    const user = await people.newUser({ username, email: `${username}@example.com` })
    await people.join(organizationId, user, role)
    return people.signIn(user)
  }
  const [boss, member] = [await join(`${name}-boss`, 'admin'), await join(`${name}-member`, 'member')]
  const folder = await boss.as.resources.register({ type: 'folder', key: 'plans', name: 'Plans', organizationId })
  const parentId = folder?.id ?? unknown
  const document = await boss.as.resources.register({ type: 'document', key: 'q3', name: 'Third quarter', parentId })
  return { organizationId, boss, member, parentId, resourceId: document?.id ?? unknown }
}

const denied = { code: 'request.denied', kind: 'denied' } as const
const notFound = { code: 'request.notFound', kind: 'notFound' } as const
const taken = { code: 'resources.keyTaken', kind: 'conflict' } as const
const unknown: Id<'res'> = 'res_01h455vb4pex5vsknk084sn02q'

export const resourcesExamples = {
  'resources.register': {
    async succeeds(world) {
      const { boss, member, parentId } = await shelf(world, 'registered')
      return { as: boss, input: { type: 'document', key: 'q4', name: 'Fourth quarter', parentId, ownerUserId: member.user.id } }
    },
    async fails(world) {
      const { boss, organizationId } = await shelf(world, 'registered-twice')
      return { as: boss, input: { type: 'document', key: 'q3', organizationId } }
    },
    failure: taken,
  },
  'resources.registerMany': {
    async succeeds(world) {
      const { boss, organizationId } = await shelf(world, 'registered-many')
      const items = ['one', 'two'].map((key) => ({ type: 'page', key }))
      return { as: boss, input: { organizationId, items } }
    },
    async fails(world) {
      const { member, organizationId } = await shelf(world, 'registered-none')
      return { as: member, input: { organizationId, items: [{ type: 'page' }] } }
    },
    failure: denied,
  },
  'resources.update': {
    async succeeds(world) {
      const { boss, resourceId } = await shelf(world, 'renamed')
      return { as: boss, input: { resourceId, name: 'Autumn', key: null } }
    },
    async fails(world) {
      const { boss, resourceId } = await shelf(world, 'renamed-late')
      return { as: boss, input: { resourceId, version: 7, name: 'Autumn' } }
    },
    failure: { code: 'request.versionConflict', kind: 'conflict' },
  },
  'resources.get': {
    async succeeds(world) {
      const { boss, resourceId } = await shelf(world, 'shown')
      return { as: boss, input: { resourceId } }
    },
    async fails(world) {
      const { member, organizationId } = await shelf(world, 'hidden')
      return { as: member, input: { type: 'document', key: 'q3', organizationId } }
    },
    failure: notFound,
  },
  'resources.list': {
    async succeeds(world) {
      const { boss, organizationId } = await shelf(world, 'listed')
      return { as: boss, input: { organizationId, type: 'document', total: true } }
    },
    fails: async (world) => ({ as: await somebody(world, 'looks-inside'), input: { within: unknown } }),
    failure: notFound,
  },
  'resources.transfer': {
    async succeeds(world) {
      const { boss, member, resourceId } = await shelf(world, 'handed-over')
      return { as: boss, input: { resourceId, toUserId: member.user.id } }
    },
    async fails(world) {
      const owner = await somebody(world, 'hands-over-own')
      const own = await owner.as.resources.register({ type: 'document', key: 'diary' })
      return { as: owner, input: { resourceId: own?.id, toOrganization: true } }
    },
    failure: { code: 'resources.inNoOrganization', kind: 'conflict' },
  },
  'resources.delete': {
    async succeeds(world) {
      const { boss, parentId } = await shelf(world, 'deleted')
      return { as: boss, input: { resourceId: parentId, recursive: true } }
    },
    async fails(world) {
      const { boss, parentId } = await shelf(world, 'kept')
      return { as: boss, input: { resourceId: parentId } }
    },
    failure: { code: 'resources.notEmpty', kind: 'conflict' },
  },
  'resources.grant': {
    async succeeds(world) {
      const { boss, member, resourceId } = await shelf(world, 'shared')
      return { as: boss, input: { resourceId, userId: member.user.id, permission: 'document.read' } }
    },
    async fails(world) {
      const { boss, member, resourceId } = await shelf(world, 'shared-too-much')
      return { as: boss, input: { resourceId, userId: member.user.id, permission: '*' } }
    },
    failure: { code: 'access.notHeld', kind: 'denied' },
  },
  'resources.revoke': {
    async succeeds(world) {
      const { boss, member, resourceId } = await shelf(world, 'unshared')
      const { id: userId } = member.user
      await boss.as.resources.grant({ resourceId, userId, permission: 'document.read' })
      return { as: boss, input: { resourceId, userId, permission: 'document.read' } }
    },
    async fails(world) {
      const { boss, member, resourceId } = await shelf(world, 'stays-shared')
      const { id: userId } = member.user
      await boss.as.resources.grant({ resourceId, userId, permission: 'resources.get' })
      return { as: member, input: { resourceId, userId, permission: 'resources.get' } }
    },
    failure: denied,
  },
} satisfies SomeExamples
