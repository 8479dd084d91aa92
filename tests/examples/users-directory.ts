import { somebody, type SomeExamples } from './example.ts'

export const directoryExamples = {
  'users.list': {
    async succeeds({ admin, database }) {
      for (const username of ['robot-one', 'robot-two'])
        await database.people.newUser({ username, email: `${username}@example.com`, kind: 'service' })
      return { as: admin, input: { kind: 'service', limit: 1, total: true } }
    },
    fails: async ({ admin }) => ({ as: admin, input: { limit: 101 } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
  'users.search': {
    async succeeds({ admin, database }) {
      for (const username of ['sought', 'sought-after', 'much-sought'])
        await database.people.newUser({ username, email: `${username}@example.com`, fullName: 'Somebody Sought' })
      return { as: admin, input: { query: ' SOUGHT', limit: 2, total: true } }
    },
    fails: async ({ admin }) => ({ as: admin, input: { query: '%%%' } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
  'users.count': {
    async succeeds({ admin, database }) {
      for (const username of ['counted-one', 'counted-two']) await database.people.newUser({ username, email: `${username}@example.com` })
      return { as: admin, input: { where: { username: { startsWith: 'Counted-' }, not: { username: 'counted-one' } } } }
    },
    fails: async (world) => ({ as: await somebody(world, 'counts'), input: {} }),
    failure: { code: 'request.denied', kind: 'denied' },
  },
} satisfies SomeExamples
