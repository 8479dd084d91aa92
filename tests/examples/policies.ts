import type { Id } from '@denizen/core'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

async function policy(world: FaceWorld, name: string, limits: { maxSessions?: number; maxApiTokens?: number } = { maxSessions: 3 }) {
  const { id } = await world.database.people.asSystem().policies.create({ name, description: `the policy ${name}`, limits })
  return id
}

/** Somebody who has a policy. */
async function holder(world: FaceWorld, name: string) {
  const policyId = await policy(world, name)
  const { user } = await somebody(world, `has-${name}`)
  await world.database.people.asSystem().policies.assign({ policyId, userId: user.id })
  return { policyId, user }
}

const denied = { code: 'request.denied', kind: 'denied' } as const
const notFound = { code: 'request.notFound', kind: 'notFound' } as const
const unknown: Id<'pol'> = 'pol_01h455vb4pex5vsknk084sn02q'

export const policiesExamples = {
  'policies.create': {
    succeeds: async ({ admin }) => ({
      as: admin,
      input: {
        name: 'students',
        description: 'for a term',
        limits: { maxConcurrentLogins: 2, loginExcess: 'refuse', requestsPerMinute: 600 },
      },
    }),
    async fails(world) {
      await policy(world, 'policy-twice')
      return { as: world.admin, input: { name: 'policy-twice', limits: {} } }
    },
    failure: { code: 'policies.nameTaken', kind: 'conflict' },
  },
  'policies.update': {
    async succeeds(world) {
      const policyId = await policy(world, 'policy-changed', { maxSessions: 3, maxApiTokens: 5 })
      return { as: world.admin, input: { policyId, limits: { maxSessions: null }, remove: ['maxApiTokens'], description: null } }
    },
    async fails(world) {
      return { as: world.admin, input: { policyId: await policy(world, 'policy-outdated'), version: 7, name: 'policy-late' } }
    },
    failure: { code: 'request.versionConflict', kind: 'conflict' },
  },
  'policies.delete': {
    async succeeds(world) {
      const { policyId } = await holder(world, 'policy-deleted')
      return { as: world.admin, input: { policyId, reassignTo: null } }
    },
    async fails(world) {
      const { policyId } = await holder(world, 'policy-kept')
      return { as: world.admin, input: { policyId } }
    },
    failure: { code: 'policies.inUse', kind: 'conflict' },
  },
  'policies.get': {
    async succeeds(world) {
      const { policyId } = await holder(world, 'policy-shown')
      return { as: world.admin, input: { policyId } }
    },
    fails: async ({ admin }) => ({ as: admin, input: { policyId: unknown } }),
    failure: notFound,
  },
  'policies.list': {
    async succeeds(world) {
      await policy(world, 'policy-listed')
      return { as: world.admin, input: { total: true } }
    },
    fails: async (world) => ({ as: await somebody(world, 'lists-policies'), input: {} }),
    failure: denied,
  },
  'policies.assign': {
    async succeeds(world) {
      const { user } = await somebody(world, 'gets-a-policy')
      return { as: world.admin, input: { policyId: await policy(world, 'policy-given'), userId: user.id } }
    },
    async fails(world) {
      const greedy = await somebody(world, 'wants-a-policy')
      return { as: greedy, input: { policyId: await policy(world, 'policy-wanted'), userId: greedy.user.id } }
    },
    failure: denied,
  },
  'policies.effective': {
    async succeeds(world) {
      const { user } = await holder(world, 'policy-held')
      return { as: world.admin, input: { userId: user.id } }
    },
    async fails(world) {
      const { user } = await holder(world, 'policy-hidden')
      return { as: await somebody(world, 'looks-at-limits'), input: { userId: user.id } }
    },
    failure: notFound,
  },
} satisfies SomeExamples
