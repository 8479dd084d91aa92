import { completed, userActor } from '@denizen/core'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

const token = ({ database: { provider } }: FaceWorld, sub: string): Promise<string> =>
  provider.sign({ sub, preferred_username: sub, email: `${sub}@example.com` })

/** Somebody with an identity besides the password. */
async function linked(world: FaceWorld, username: string) {
  const as = await somebody(world, username)
  const { id } = await as.as.identities.link({ provider: 'local', token: await token(world, username) })
  return { as, input: { identityId: id } }
}

/** Somebody who has nothing but an identity. */
async function newcomer(world: FaceWorld, sub: string) {
  const { core, people } = world.database
  const { user, accessToken } = completed(
    await people.asAnonymous().auth.signInWithIdentity({ provider: 'local', token: await token(world, sub) }),
  )
  const principal = await core.authenticate(accessToken)
  if (principal === null) throw new Error('a new token opens nothing')
  const as = core.as(userActor(principal))
  const [identity] = (await as.identities.list()).items
  return {
    as: { user: await people.asSystem().users.get({ userId: user.id }), token: accessToken, principal, as },
    input: { identityId: identity?.id },
  }
}

export const identitiesExamples = {
  'identities.list': {
    async succeeds(world) {
      const { as } = await linked(world, 'lists-identities')
      return { as, input: { userId: as.user.id } }
    },
    async fails(world) {
      const { as } = await linked(world, 'shows-no-identities')
      return { as: await somebody(world, 'sees-no-identities'), input: { userId: as.user.id } }
    },
    failure: { code: 'request.notFound', kind: 'notFound' },
  },
  'identities.link': {
    succeeds: async (world) => ({
      as: await somebody(world, 'links-identity'),
      input: { provider: 'local', token: await token(world, 'is-linked') },
    }),
    async fails(world) {
      await linked(world, 'links-first')
      return { as: await somebody(world, 'links-second'), input: { provider: 'local', token: await token(world, 'links-first') } }
    },
    failure: { code: 'identities.taken', kind: 'conflict' },
  },
  'identities.unlink': {
    succeeds: (world) => linked(world, 'unlinks-identity'),
    fails: (world) => newcomer(world, 'has-no-other-way'),
    failure: { code: 'users.lastWayIn', kind: 'conflict' },
  },
} satisfies SomeExamples
