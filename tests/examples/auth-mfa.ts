import { password, type SignedInUser } from '@denizen/core/testing'
import { Secret, TOTP } from 'otpauth'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** Gives somebody an authenticator app, and begins their next sign-in. */
async function halfWayIn({ database }: FaceWorld, somebodySignedIn: SignedInUser) {
  const { key } = await somebodySignedIn.as.factors.beginTotp({})
  const { recoveryCodes } = await somebodySignedIn.as.factors.activateTotp({
    code: new TOTP({ secret: Secret.fromBase32(key) }).generate(),
  })
  const answer = await database.people.asAnonymous().auth.signIn({ identifier: somebodySignedIn.user.id, password })
  if (answer.status !== 'factorRequired') throw new Error('no second factor was asked for')
  return { challenge: answer.challenge, recoveryCode: recoveryCodes[0] ?? '' }
}

export const authMfaExamples = {
  'auth.completeSignIn': {
    succeeds: async (world) => ({ as: null, input: await halfWayIn(world, await somebody(world, 'has-a-code')) }),
    async fails(world) {
      const { challenge } = await halfWayIn(world, await somebody(world, 'mistypes-a-code'))
      return { as: null, input: { challenge, recoveryCode: 'zzzz-zzzz-zzzz' } }
    },
    failure: { code: 'auth.wrongFactor', kind: 'unauthenticated' },
  },
  'auth.listLoginHistory': {
    succeeds: async (world) => ({ as: await somebody(world, 'reads-the-history'), input: { outcome: 'succeeded' } }),
    fails: async (world) => ({ as: await somebody(world, 'looks-at-others'), input: { userId: world.admin.user.id } }),
    failure: { code: 'request.notFound', kind: 'notFound' },
  },
  'auth.reauthenticate': {
    succeeds: async (world) => ({ as: await somebody(world, 'proves-it'), input: { password } }),
    fails: async (world) => ({ as: await somebody(world, 'cannot-prove-it'), input: { password: `${password}r` } }),
    failure: { code: 'auth.wrongProof', kind: 'denied', counted: true },
  },
  'auth.unlock': {
    async succeeds(world) {
      const { user } = await somebody(world, 'is-unlocked')
      return { as: world.admin, input: { userId: user.id } }
    },
    async fails(world) {
      const self = await somebody(world, 'unlocks')
      return { as: self, input: { userId: self.user.id } }
    },
    failure: { code: 'request.denied', kind: 'denied' },
  },
} satisfies SomeExamples
