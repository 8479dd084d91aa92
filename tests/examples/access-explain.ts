import type { Id } from '@denizen/core'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** An organization with a document that two members may read, one of them by a team, and somebody who runs it. */
async function library({ database: { people } }: FaceWorld, name: string) {
  const organizationId = await people.newOrganization(`org-${name}`)
  const join = async (username: string, role: 'admin' | 'member') => {
    const user = await people.newUser({ username, email: `${username}@example.com` })
    await people.join(organizationId, user, role)
    return user
  }
  // In the order of their names, as what happens in one millisecond is told.
  const boss = await join(`${name}-boss`, 'admin')
  const other = await join(`${name}-other`, 'member')
  const reader = await join(`${name}-reader`, 'member')
  const resourceId = await people.access.newResource({ organizationId, key: name })
  const roleId = await people.access.newRole({ organizationId, name: 'alpha', permissions: ['document.*'] })
  const above = await people.access.newRole({ organizationId, name: 'beta', includes: [roleId] })
  await people.access.give({ userId: other.id, roleId, on: { organizationId } })
  await people.access.give({ userId: reader.id, roleId: above, on: { resourceId } })
  return { organizationId, boss: await people.signIn(boss), reader: await people.signIn(reader), other, on: { resourceId } }
}

const denied = { code: 'request.denied', kind: 'denied' } as const
const notFound = { code: 'request.notFound', kind: 'notFound' } as const
const unknown: Id<'res'> = 'res_01h455vb4pex5vsknk084sn02q'
/** Long after every test. */
const time = '2100-01-01T00:00:00Z'
/** Long before it. */
const from = '2020-01-01T00:00:00Z'

export const accessExplainExamples = {
  'access.explain': {
    async succeeds(world) {
      const { boss, reader, on } = await library(world, 'explained')
      return { as: boss, input: { userId: reader.user.id, permission: 'document.read', on } }
    },
    async fails(world) {
      const { reader } = await library(world, 'unexplained')
      return {
        as: await somebody(world, 'explains'),
        input: { userId: reader.user.id, permission: 'document.read', on: { resourceId: unknown } },
      }
    },
    failure: notFound,
  },
  'access.at': {
    async succeeds(world) {
      const { boss, on } = await library(world, 'looked-back')
      return { as: boss, input: { time, permission: 'document.read', on } }
    },
    async fails(world) {
      const { reader, other, organizationId } = await library(world, 'not-looked-back')
      return { as: reader, input: { time, userId: other.id, on: { organizationId } } }
    },
    failure: denied,
  },
  'access.compare': {
    async succeeds(world) {
      const { boss, organizationId } = await library(world, 'compared')
      return { as: boss, input: { from, to: time, permission: 'document.read', on: { organizationId } } }
    },
    async fails(world) {
      const { reader, organizationId } = await library(world, 'not-compared')
      return { as: reader, input: { from, to: time, on: { organizationId } } }
    },
    failure: denied,
  },
} satisfies SomeExamples
