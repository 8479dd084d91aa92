import { password } from '@denizen/core/testing'
import { nobody, somebody, type SomeExamples } from './example.ts'

export const authExamples = {
  'auth.signIn': {
    async succeeds(world) {
      const { user } = await somebody(world, 'signs-in')
      return { as: null, input: { identifier: user.username, password } }
    },
    async fails(world) {
      const { user } = await somebody(world, 'mistypes')
      return { as: null, input: { identifier: user.email, password: `${password}r` } }
    },
    failure: { code: 'auth.invalidCredentials', kind: 'unauthenticated' },
  },
  'auth.signOut': {
    succeeds: async (world) => ({ as: await somebody(world, 'signs-out'), input: {} }),
    fails: nobody,
    failure: { code: 'request.unauthenticated', kind: 'unauthenticated' },
  },
  'sessions.whoami': {
    succeeds: async (world) => ({ as: await somebody(world, 'wonders'), input: {} }),
    async fails(world) {
      const debtor = await somebody(world, 'owes-a-step')
      await world.database.rows('update users set need_password_change = true where username = ?', [debtor.user.username])
      const principal = { ...debtor.principal, pendingSteps: ['changePassword'] as const }
      return { as: { ...debtor, principal }, input: {} }
    },
    failure: { code: 'auth.stepRequired', kind: 'denied' },
  },
} satisfies SomeExamples
