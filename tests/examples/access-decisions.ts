import type { Id } from '@denizen/core'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** An organization with a document that a member may read, and somebody who runs it. */
async function archive({ database: { people } }: FaceWorld, name: string) {
  const organizationId = await people.newOrganization(`org-${name}`)
  const join = async (username: string, role: 'admin' | 'member') => {
    const user = await people.newUser({ username, email: `${username}@example.com` })
    await people.join(organizationId, user, role)
    return user
  }
  const [boss, reader] = [await join(`${name}-boss`, 'admin'), await join(`${name}-reader`, 'member')]
  const resourceId = await people.access.newResource({ organizationId, key: name })
  await people.access.give({ userId: reader.id, permission: 'document.read', on: { resourceId } })
  return { organizationId, boss: await people.signIn(boss), reader: await people.signIn(reader), userId: reader.id, on: { resourceId } }
}

const notFound = { code: 'request.notFound', kind: 'notFound' } as const
const denied = { code: 'request.denied', kind: 'denied' } as const
const invalid = { code: 'request.invalid', kind: 'invalid' } as const
const unauthenticated = { code: 'request.unauthenticated', kind: 'unauthenticated' } as const
const unknown: Id<'res'> = 'res_01h455vb4pex5vsknk084sn02q'

export const accessDecisionsExamples = {
  'access.check': {
    async succeeds(world) {
      const { boss, userId, on } = await archive(world, 'checked')
      return { as: boss, input: { userId, permission: 'document.read', on } }
    },
    async fails(world) {
      const { userId } = await archive(world, 'checked-elsewhere')
      return { as: await somebody(world, 'checks'), input: { userId, permission: 'document.read', on: { resourceId: unknown } } }
    },
    failure: notFound,
  },
  'access.checkMany': {
    async succeeds(world) {
      const { boss, userId, on, organizationId } = await archive(world, 'checked-often')
      const places = [on, { resourceId: unknown }, { organizationId }, {}]
      return { as: boss, input: { userId, checks: places.map((place) => ({ permission: 'document.read', on: place })) } }
    },
    fails: async () => ({ as: null, input: { checks: [{ permission: 'document.read' }] } }),
    failure: unauthenticated,
  },
  'access.listPermissions': {
    async succeeds(world) {
      const { reader, on } = await archive(world, 'permissions-listed')
      return { as: reader, input: { on } }
    },
    async fails(world) {
      const { reader, boss, on } = await archive(world, 'permissions-kept')
      return { as: reader, input: { userId: boss.user.id, on } }
    },
    failure: notFound,
  },
  'access.listResources': {
    async succeeds(world) {
      const { boss, userId, organizationId } = await archive(world, 'resources-found')
      return { as: boss, input: { userId, permission: 'document.read', organizationId, type: 'document', limit: 10 } }
    },
    async fails(world) {
      const { boss, userId } = await archive(world, 'resources-kept')
      return { as: boss, input: { userId, permission: 'document.read' } }
    },
    failure: denied,
  },
  'access.whoCan': {
    async succeeds(world) {
      const { boss, on } = await archive(world, 'found-out')
      return { as: boss, input: { permission: 'document.read', on } }
    },
    async fails(world) {
      const { boss, on } = await archive(world, 'wrongly-asked')
      return { as: boss, input: { permission: 'reading', on } }
    },
    failure: invalid,
  },
} satisfies SomeExamples
