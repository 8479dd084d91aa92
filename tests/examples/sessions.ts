import { nobody, somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** Somebody who is signed in twice. */
async function twice(world: FaceWorld, username: string) {
  const as = await somebody(world, username)
  const other = await world.database.people.signIn(as.user)
  return { as, other, sessionId: other.principal.sessionId }
}

/** A user, and somebody who has no business with them. */
async function strangers(world: FaceWorld, username: string) {
  const { sessionId, as: them } = await twice(world, `${username}-not`)
  return { as: await somebody(world, username), sessionId, userId: them.user.id }
}

const unauthenticated = { code: 'request.unauthenticated', kind: 'unauthenticated' } as const
const notFound = { code: 'request.notFound', kind: 'notFound' } as const
const forged = { code: 'request.invalid', kind: 'invalid' } as const

export const sessionsExamples = {
  'sessions.list': {
    async succeeds(world) {
      const { as } = await twice(world, 'lists-sessions')
      return { as, input: { userId: as.user.id } }
    },
    async fails(world) {
      const { as, userId } = await strangers(world, 'lists-theirs')
      return { as, input: { userId } }
    },
    failure: notFound,
  },
  'sessions.listActive': {
    async succeeds(world) {
      const { as } = await twice(world, 'lists-active')
      return { as, input: { userId: as.user.id } }
    },
    fails: async (world) => ({ as: await somebody(world, 'forges-a-cursor'), input: { cursor: 'forged' } }),
    failure: forged,
  },
  'sessions.listRecent': {
    async succeeds(world) {
      const { as } = await twice(world, 'lists-recent')
      return { as, input: { userId: as.user.id, days: 7 } }
    },
    fails: async (world) => ({ as: await somebody(world, 'asks-for-ages'), input: { days: 0 } }),
    failure: forged,
  },
  'sessions.get': {
    async succeeds(world) {
      const { as, sessionId } = await twice(world, 'looks-at-a-session')
      return { as, input: { sessionId } }
    },
    async fails(world) {
      const { as, sessionId } = await strangers(world, 'looks-at-theirs')
      return { as, input: { sessionId } }
    },
    failure: notFound,
  },
  'sessions.end': {
    async succeeds(world) {
      const { as, sessionId } = await twice(world, 'ends-a-session')
      return { as, input: { sessionId } }
    },
    async fails(world) {
      const { sessionId } = await twice(world, 'is-to-be-signed-out')
      return { as: null, input: { sessionId } }
    },
    failure: unauthenticated,
  },
  'sessions.endAll': {
    succeeds: async (world) => ({ as: (await twice(world, 'ends-all')).as, input: {} }),
    fails: nobody,
    failure: unauthenticated,
  },
  'sessions.endOthers': {
    succeeds: async (world) => ({ as: (await twice(world, 'ends-others')).as, input: {} }),
    fails: nobody,
    failure: unauthenticated,
  },
} satisfies SomeExamples
