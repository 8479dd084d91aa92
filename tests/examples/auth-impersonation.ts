import type { SignedInUser } from '@denizen/core/testing'
import { userActor } from '@denizen/core'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** Whoever a session that was just opened belongs to. */
async function behind({ database }: FaceWorld, { user, accessToken }: { user: { id: SignedInUser['user']['id'] }; accessToken: string }) {
  const principal = await database.core.authenticate(accessToken)
  if (principal === null) throw new Error('a new token opens nothing')
  const { id } = user
  return {
    user: await database.people.asSystem().users.get({ userId: id }),
    token: accessToken,
    principal,
    as: database.core.as(userActor(principal)),
  }
}

/** The admin, having proved a moment ago who they are. */
const fresh = ({ database, admin }: FaceWorld): Promise<SignedInUser> => database.people.signIn(admin.user)

const guest = async (world: FaceWorld) => behind(world, await world.database.people.asAnonymous().auth.createAnonymous())

export const authImpersonationExamples = {
  'auth.createAnonymous': {
    succeeds: async () => ({ as: null, input: {} }),
    fails: async () => ({ as: null, input: { fingerprint: 'the same as before' } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
  'auth.claimAnonymous': {
    succeeds: async (world) => ({ as: await guest(world), input: { email: 'was-a-guest@example.com' } }),
    fails: async (world) => ({ as: await somebody(world, 'is-no-guest'), input: { email: 'is-no-guest@example.org' } }),
    failure: { code: 'auth.notAnonymous', kind: 'conflict' },
  },
  'auth.impersonate': {
    async succeeds(world) {
      const { user } = await somebody(world, 'is-impersonated')
      return { as: await fresh(world), input: { userId: user.id, reason: 'ticket 4711', minutes: 10 } }
    },
    async fails(world) {
      const as = await somebody(world, 'impersonates')
      return { as, input: { userId: as.user.id, reason: 'power' } }
    },
    failure: { code: 'request.denied', kind: 'denied' },
  },
  'auth.stopImpersonating': {
    async succeeds(world) {
      const { user } = await somebody(world, 'was-impersonated')
      const admin = await fresh(world)
      return { as: await behind(world, await admin.as.auth.impersonate({ userId: user.id, reason: 'ticket 4712' })), input: {} }
    },
    fails: async (world) => ({ as: await somebody(world, 'is-only-themselves'), input: {} }),
    failure: { code: 'auth.notImpersonating', kind: 'conflict' },
  },
} satisfies SomeExamples
