import { nobody, somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** A login that waits, of a program with this name. */
const waiting = ({ database }: FaceWorld, clientName: string) => database.people.asAnonymous().auth.startDeviceLogin({ clientName })

const mistyped = 'BCDF-BCDF'
const unknown = { code: 'auth.deviceLoginUnknown', kind: 'notFound', counted: true } as const

export const authDeviceExamples = {
  'auth.startDeviceLogin': {
    succeeds: async () => ({ as: null, input: { clientName: 'A Television' } }),
    fails: async () => ({ as: null, input: { clientName: 'turned \u202eround' } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
  'auth.pollDeviceLogin': {
    async succeeds(world) {
      const { deviceCode } = await waiting(world, 'waits')
      return { as: null, input: { deviceCode, clientName: 'waits' } }
    },
    fails: async () => ({ as: null, input: { deviceCode: '' } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
  'auth.viewDeviceLogin': {
    async succeeds(world) {
      const { userCode } = await waiting(world, 'is looked at')
      return { as: await somebody(world, 'looks-at-device'), input: { userCode } }
    },
    fails: async (world) => ({ as: await somebody(world, 'mistypes-code'), input: { userCode: mistyped } }),
    failure: unknown,
  },
  'auth.approveDeviceLogin': {
    async succeeds(world) {
      const { userCode } = await waiting(world, 'is approved')
      return { as: await somebody(world, 'approves-device'), input: { userCode } }
    },
    fails: nobodyWithCode,
    failure: { code: 'request.unauthenticated', kind: 'unauthenticated' },
  },
  'auth.denyDeviceLogin': {
    async succeeds(world) {
      const { userCode } = await waiting(world, 'is denied')
      return { as: await somebody(world, 'denies-device'), input: { userCode } }
    },
    fails: async (world) => ({ as: await somebody(world, 'mistypes-denial'), input: { userCode: mistyped } }),
    failure: unknown,
  },
  'auth.revokeToken': {
    async succeeds(world) {
      const { token } = await somebody(world, 'gives-token-back')
      return { as: null, input: { token } }
    },
    fails: async () => ({ as: null, input: { token: '' } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
} satisfies SomeExamples

async function nobodyWithCode(world: FaceWorld) {
  const { userCode } = await waiting(world, 'is not approved')
  return { ...(await nobody()), input: { userCode } }
}
