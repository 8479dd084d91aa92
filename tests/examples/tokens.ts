import type { SignedInUser } from '@denizen/core/testing'
import { nobody, somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** Somebody with an API token. */
async function holder(world: FaceWorld, username: string) {
  const as = await somebody(world, username)
  const { token, secret } = await as.as.tokens.create({ name: 'nightly backup', scopes: ['users.current'] })
  return { as, secret, input: { tokenId: token.id } }
}

/** A service user with a token that somebody else made for it. */
async function service({ database, admin }: FaceWorld, username: string): Promise<string> {
  const user = await database.people.newUser({ username, kind: 'service', email: undefined, password: undefined })
  return (await admin.as.tokens.create({ name: 'of a service', userId: user.id })).secret
}

/** A user who sees tokens, and changes nothing. */
async function monitor(world: FaceWorld): Promise<SignedInUser> {
  const user = await somebody(world, 'watches-tokens')
  await world.database.people.grant(user.user, 'monitor')
  return world.database.people.signIn(user.user)
}

const denied = { code: 'request.denied', kind: 'denied' } as const

export const tokensExamples = {
  'tokens.create': {
    succeeds: async (world) => ({
      as: await somebody(world, 'makes-a-token'),
      input: { name: 'nightly backup', scopes: ['users.current'], lifetimeDays: 90, allowedIps: ['192.0.2.7'] },
    }),
    fails: async (world) => ({ as: await somebody(world, 'wants-more'), input: { name: 'everything', scopes: ['users.archive'] } }),
    failure: { code: 'tokens.scopeTooWide', kind: 'denied' },
  },
  'tokens.list': {
    async succeeds(world) {
      const { as } = await holder(world, 'has-a-token')
      return { as, input: { userId: as.user.id } }
    },
    fails: async (world) => ({ as: await somebody(world, 'has-no-token'), input: { cursor: 'forged' } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
  'tokens.get': {
    succeeds: (world) => holder(world, 'looks-at-a-token'),
    async fails(world) {
      const { input } = await holder(world, 'keeps-a-token')
      return { as: await somebody(world, 'sees-no-token'), input }
    },
    failure: { code: 'request.notFound', kind: 'notFound' },
  },
  'tokens.revoke': {
    succeeds: (world) => holder(world, 'revokes-a-token'),
    async fails(world) {
      const { input } = await holder(world, 'is-watched')
      return { as: await monitor(world), input }
    },
    failure: denied,
  },
  'tokens.rotate': {
    succeeds: (world) => holder(world, 'rotates-a-token'),
    async fails(world) {
      const { as, input } = await holder(world, 'rotates-too-late')
      await as.as.tokens.revoke(input)
      return { as, input }
    },
    failure: { code: 'tokens.over', kind: 'conflict' },
  },
  'tokens.verify': {
    succeeds: async (world) => ({ as: world.admin, input: { token: await service(world, 'is-verified') } }),
    async fails(world) {
      const { as, secret } = await holder(world, 'verifies-nothing')
      return { as, input: { token: secret } }
    },
    failure: denied,
  },
  'tokens.introspect': {
    succeeds: async (world) => ({
      as: world.admin,
      input: { token: await service(world, 'is-introspected'), token_type_hint: 'access_token' },
    }),
    async fails(world) {
      const { as, secret } = await holder(world, 'introspects-nothing')
      return { as, input: { token: secret } }
    },
    failure: denied,
  },
  'tokens.issueWebsocket': {
    succeeds: async (world) => ({ as: await somebody(world, 'opens-a-websocket'), input: {} }),
    fails: nobody,
    failure: { code: 'request.unauthenticated', kind: 'unauthenticated' },
  },
  'tokens.issueAgent': {
    succeeds: async (world) => ({ as: await somebody(world, 'sends-an-agent'), input: { scopes: ['users.current'] } }),
    fails: async (world) => ({ as: await somebody(world, 'sends-it-elsewhere'), input: { audience: 'https://elsewhere.example' } }),
    failure: { code: 'tokens.audienceUnknown', kind: 'invalid' },
  },
} satisfies SomeExamples
