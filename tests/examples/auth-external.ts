import type { FaceWorld, SomeExamples } from './example.ts'

/** Somebody has been at the provider, and comes back with its answer. */
async function returned({ database }: FaceWorld, sub: string) {
  const { provider } = database
  const begun = await database.people.asAnonymous().auth.startOAuth({ provider: 'local', redirectTo: '/welcome' })
  const asked = new URL(begun.url).searchParams
  const id_token = await provider.sign({ sub, preferred_username: sub, nonce: asked.get('nonce') })
  provider.redeem = () => ({ status: 200, body: JSON.stringify({ id_token }) })
  return { provider: 'local', challenge: begun.challenge, state: asked.get('state') ?? '', code: 'a code', issuer: provider.issuer }
}

export const authExternalExamples = {
  'auth.signInWithIdentity': {
    async succeeds({ database: { provider } }) {
      const token = await provider.sign({ sub: 'comes-by-token', preferred_username: 'comes-by-token', name: 'Comes By Token' })
      return { as: null, input: { provider: 'local', token } }
    },
    async fails({ database: { provider } }) {
      return { as: null, input: { provider: 'local', token: await provider.sign({ sub: 'goes-elsewhere', aud: 'elsewhere' }) } }
    },
    failure: { code: 'auth.identityRefused', kind: 'unauthenticated' },
  },
  'auth.startOAuth': {
    succeeds: async () => ({ as: null, input: { provider: 'local', redirectTo: '/welcome' } }),
    fails: async () => ({ as: null, input: { provider: 'local', redirectTo: 'https://evil.example/' } }),
    failure: { code: 'auth.redirectNotAllowed', kind: 'invalid' },
  },
  'auth.finishOAuth': {
    succeeds: async (world) => ({ as: null, input: await returned(world, 'comes-by-redirect') }),
    async fails(world) {
      const input = await returned(world, 'comes-twice')
      await world.database.people.asAnonymous().auth.finishOAuth(input)
      return { as: null, input }
    },
    failure: { code: 'auth.challengeOver', kind: 'unauthenticated' },
  },
} satisfies SomeExamples
