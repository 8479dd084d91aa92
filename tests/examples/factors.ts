import { uuidOf } from '@denizen/core'
import type { SignedInUser } from '@denizen/core/testing'
import { Secret, TOTP } from 'otpauth'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

const codeOf = (key: string): string => new TOTP({ secret: Secret.fromBase32(key) }).generate()

/** Somebody with an authenticator app. */
async function withApp(world: FaceWorld, username: string): Promise<SignedInUser> {
  const holder = await somebody(world, username)
  const { key } = await holder.as.factors.beginTotp({})
  await holder.as.factors.activateTotp({ code: codeOf(key) })
  return holder
}

/** Somebody whose sign-in is too long ago to count as a fresh proof. */
export async function longAgo(world: FaceWorld, username: string): Promise<SignedInUser> {
  const holder = await somebody(world, username)
  await world.database.rows(`update sessions set proved_at = proved_at - interval '1 hour' where user_id = ? returning 1`, [
    uuidOf(holder.user.id),
  ])
  return holder
}

export const stale = { code: 'auth.freshProofRequired', kind: 'denied' } as const

export const factorsExamples = {
  'factors.beginTotp': {
    succeeds: async (world) => ({ as: await somebody(world, 'begins-an-app'), input: {} }),
    fails: async (world) => ({ as: await longAgo(world, 'begins-too-late'), input: {} }),
    failure: stale,
  },
  'factors.activateTotp': {
    async succeeds(world) {
      const as = await somebody(world, 'activates-an-app')
      const { key } = await as.as.factors.beginTotp({})
      return { as, input: { code: codeOf(key) } }
    },
    fails: async (world) => ({ as: await somebody(world, 'began-no-app'), input: { code: '123456' } }),
    failure: { code: 'factors.notBegun', kind: 'conflict' },
  },
  'factors.disableTotp': {
    succeeds: async (world) => ({ as: await withApp(world, 'disables-an-app'), input: {} }),
    fails: async (world) => ({ as: await somebody(world, 'has-no-app'), input: {} }),
    failure: { code: 'factors.noTotp', kind: 'conflict' },
  },
  'factors.list': {
    succeeds: async (world) => ({ as: await withApp(world, 'has-an-app'), input: {} }),
    fails: async (world) => ({ as: await somebody(world, 'looks-for-apps'), input: { userId: world.admin.user.id } }),
    failure: { code: 'request.notFound', kind: 'notFound' },
  },
  'factors.regenerateRecoveryCodes': {
    succeeds: async (world) => ({ as: await withApp(world, 'lost-the-paper'), input: {} }),
    fails: async (world) => ({ as: await somebody(world, 'has-no-factor'), input: {} }),
    failure: { code: 'factors.none', kind: 'conflict' },
  },
  'factors.reset': {
    async succeeds(world) {
      const { user } = await withApp(world, 'lost-the-phone')
      return { as: world.admin, input: { userId: user.id, reason: 'lost the phone' } }
    },
    async fails(world) {
      const { user } = await somebody(world, 'never-had-a-phone')
      return { as: world.admin, input: { userId: user.id } }
    },
    failure: { code: 'factors.none', kind: 'conflict' },
  },
} satisfies SomeExamples
