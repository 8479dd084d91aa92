import { somebody, type SomeExamples } from './example.ts'

/** A session that anybody may have, and that gives no look at others. */
const denied = { code: 'request.denied', kind: 'denied' } as const

export const activityExamples = {
  'users.stats': {
    async succeeds(world) {
      await somebody(world, 'is-counted')
      return { as: world.admin, input: {} }
    },
    fails: async (world) => ({ as: await somebody(world, 'counts-nobody'), input: {} }),
    failure: denied,
  },
  'users.activity': {
    async succeeds(world) {
      const one = await somebody(world, 'looks-back')
      await one.as.auth.signOut()
      return { as: world.admin, input: { userId: one.user.id } }
    },
    async fails(world) {
      const [curious, other] = [await somebody(world, 'is-nosy'), await somebody(world, 'is-left-alone')]
      return { as: curious, input: { userId: other.user.id } }
    },
    failure: { code: 'request.notFound', kind: 'notFound' },
  },
  'users.listWithSessions': {
    async succeeds(world) {
      await somebody(world, 'is-there')
      return { as: world.admin, input: { limit: 10 } }
    },
    fails: async ({ admin }) => ({ as: admin, input: { limit: 10, cursor: 'made up' } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
} satisfies SomeExamples
