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

const records = (username: string) => [
  { username, email: `${username}@example.com`, password: { system: 'wordpress', hash: '5f4dcc3b5aa765d61d8327deb882cf99' } },
  { username: `${username}-dear`, password: { system: 'laravel', hash: `$2y$31$${'C'.repeat(53)}` } },
]

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
  'users.importRecords': {
    succeeds: async ({ admin }) => ({ as: admin, input: { source: 'faces', users: records('brings-a-hash') } }),
    fails: async (world) => ({
      as: await somebody(world, 'smuggles-records'),
      input: { source: 'faces', users: records('is-smuggled-too') },
    }),
    failure: { code: 'request.denied', kind: 'denied' },
  },
  'users.hashes': {
    succeeds: async ({ admin }) => ({ as: admin, input: {} }),
    fails: async (world) => ({ as: await somebody(world, 'counts-hashes'), input: {} }),
    failure: { code: 'request.denied', kind: 'denied' },
  },
} satisfies SomeExamples
