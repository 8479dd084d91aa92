import { password } from '@denizen/core/testing'
import { nobody, somebody, type SomeExamples } from './example.ts'

const realm = (username: string) => ({
  realm: 'faces',
  roles: { realm: [{ name: 'admin' }] },
  users: [
    {
      username,
      email: `${username}@example.com`,
      realmRoles: ['admin', 'unheard-of'],
      credentials: [{ type: 'password', value: password }],
    },
    { username: 'not a username' },
  ],
})

export const creationExamples = {
  'users.create': {
    succeeds: async ({ admin }) => ({
      as: admin,
      input: { email: 'Ada@Example.com', fullName: 'Ada Lovelace', locale: 'en-GB', preferences: { theme: 'dark', sizes: [1, null] } },
    }),
    async fails(world) {
      await somebody(world, 'first-come')
      return { as: world.admin, input: { email: 'FIRST-come@example.com' } }
    },
    failure: { code: 'users.emailTaken', kind: 'conflict' },
  },
  'users.current': {
    succeeds: async (world) => ({ as: await somebody(world, 'is-current'), input: {} }),
    fails: nobody,
    failure: { code: 'request.unauthenticated', kind: 'unauthenticated' },
  },
  'users.import': {
    succeeds: async ({ admin }) => ({ as: admin, input: { format: 'keycloak', createRoles: true, realm: realm('comes-along') } }),
    fails: async (world) => ({ as: await somebody(world, 'smuggles'), input: { format: 'keycloak', realm: realm('is-smuggled') } }),
    failure: { code: 'request.denied', kind: 'denied' },
  },
} satisfies SomeExamples
