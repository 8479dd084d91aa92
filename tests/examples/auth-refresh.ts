import { anonymousActor, completed } from '@denizen/core'
import { password } from '@denizen/core/testing'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** The refresh token of somebody who has just signed in. */
async function tokenOf(world: FaceWorld, username: string): Promise<string> {
  const { user } = await somebody(world, username)
  return completed(await world.database.core.as(anonymousActor).auth.signIn({ identifier: user.id, password })).refreshToken
}

export const authRefreshExamples = {
  'auth.refresh': {
    succeeds: async (world) => ({ as: null, input: { refreshToken: await tokenOf(world, 'stays-signed-in') } }),
    async fails(world) {
      const refreshToken = await tokenOf(world, 'changes-a-letter')
      return { as: null, input: { refreshToken: refreshToken.replace('dnz_refresh_', 'dnz_access_') } }
    },
    failure: { code: 'auth.invalidRefreshToken', kind: 'unauthenticated' },
  },
} satisfies SomeExamples
