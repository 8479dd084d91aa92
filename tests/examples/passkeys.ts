import { defaultSettings, type Core } from '@denizen/core'
import { SoftAuthenticator, type SignedInUser } from '@denizen/core/testing'
import { longAgo, stale } from './factors.ts'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

type Calls = ReturnType<Core['as']>

/** A page of the installation, as one that nobody has told its address thinks that it is reached. */
const authenticator = () => new SoftAuthenticator({ origin: new URL(defaultSettings.publicUrl).origin })

async function registration(calls: Calls, key: SoftAuthenticator) {
  const { challenge, options } = await calls.passkeys.beginRegistration({})
  return { challenge, response: await key.create(options) }
}

/** Somebody with a passkey. */
async function withPasskey(world: FaceWorld, username: string): Promise<{ as: SignedInUser; key: SoftAuthenticator; passkeyId: string }> {
  const [as, key] = [await somebody(world, username), authenticator()]
  const { passkey } = await as.as.passkeys.finishRegistration(await registration(as.as, key))
  return { as, key, passkeyId: passkey.id }
}

export const passkeysExamples = {
  'passkeys.beginRegistration': {
    succeeds: async (world) => ({ as: await somebody(world, 'begins-a-passkey'), input: {} }),
    fails: async (world) => ({ as: await longAgo(world, 'begins-no-passkey'), input: {} }),
    failure: stale,
  },
  'passkeys.finishRegistration': {
    async succeeds(world) {
      const as = await somebody(world, 'makes-a-passkey')
      return { as, input: { ...(await registration(as.as, authenticator())), name: 'Laptop' } }
    },
    async fails(world) {
      const { as: owner } = await somebody(world, 'makes-it-in-time')
      return { as: await longAgo(world, 'makes-it-too-late'), input: await registration(owner, authenticator()) }
    },
    failure: stale,
  },
  'passkeys.beginSignIn': {
    succeeds: async () => ({ as: null, input: {} }),
    fails: async () => ({ as: null, input: { username: 'ada' } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
  'passkeys.finishSignIn': {
    async succeeds(world) {
      const { key } = await withPasskey(world, 'signs-in-by-passkey')
      const { challenge, options } = await world.database.people.asAnonymous().passkeys.beginSignIn({})
      return { as: null, input: { challenge, response: await key.get(options) } }
    },
    async fails(world) {
      const { key } = await withPasskey(world, 'replays-a-passkey')
      const { challenge, options } = await world.database.people.asAnonymous().passkeys.beginSignIn({})
      return { as: null, input: { challenge, response: await key.get(options, { origin: 'https://evil.example' }) } }
    },
    failure: { code: 'auth.invalidCredentials', kind: 'unauthenticated' },
  },
  'passkeys.list': {
    succeeds: async (world) => ({ as: (await withPasskey(world, 'has-a-passkey')).as, input: {} }),
    fails: async (world) => ({ as: await somebody(world, 'looks-for-passkeys'), input: { userId: world.admin.user.id } }),
    failure: { code: 'request.notFound', kind: 'notFound' },
  },
  'passkeys.remove': {
    async succeeds(world) {
      const { as, passkeyId } = await withPasskey(world, 'removes-a-passkey')
      return { as, input: { passkeyId } }
    },
    async fails(world) {
      const { passkeyId } = await withPasskey(world, 'keeps-a-passkey')
      return { as: await longAgo(world, 'takes-a-passkey'), input: { passkeyId } }
    },
    failure: stale,
  },
} satisfies SomeExamples
