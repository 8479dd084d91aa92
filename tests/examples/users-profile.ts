import { somebody, type SomeExamples } from './example.ts'

export const profileExamples = {
  'users.exportData': {
    async succeeds(world) {
      const self = await somebody(world, 'takes-data-along')
      // The last of everything is then the same in every world.
      await self.as.users.updateCurrent({ displayName: 'Goes Away' })
      // Written in the background otherwise, in some worlds before the call and in some after it.
      await world.database.core.writeLastSeen()
      return { as: self, input: { userId: self.user.id, limit: 1 } }
    },
    // Reads everything, and takes nothing away.
    fails: async (world) => ({ as: await world.database.people.asMonitor(), input: { userId: world.admin.user.id } }),
    failure: { code: 'request.denied', kind: 'denied' },
  },
  'users.find': {
    async succeeds(world) {
      await somebody(world, 'is-found')
      return { as: world.admin, input: { identifier: ' Is-Found@example.com ' } }
    },
    fails: async (world) => ({ as: await somebody(world, 'looks-around'), input: { identifier: 'is-found' } }),
    failure: { code: 'request.denied', kind: 'denied' },
  },
  'users.get': {
    async succeeds(world) {
      const self = await somebody(world, 'is-shown')
      return { as: self, input: { userId: self.user.id } }
    },
    fails: async (world) => ({ as: await somebody(world, 'is-curious'), input: { userId: world.admin.user.id } }),
    failure: { code: 'request.notFound', kind: 'notFound' },
  },
  'users.update': {
    async succeeds(world) {
      const { user } = await somebody(world, 'is-renamed')
      return { as: world.admin, input: { userId: user.id, version: user.version, displayName: 'New Name', fullName: null } }
    },
    async fails(world) {
      const { user } = await somebody(world, 'was-changed')
      return { as: world.admin, input: { userId: user.id, version: user.version + 7, displayName: 'Too Late' } }
    },
    failure: { code: 'request.versionConflict', kind: 'conflict' },
  },
  'users.updateCurrent': {
    async succeeds(world) {
      return { as: await somebody(world, 'changes-oneself'), input: { displayName: 'Myself', phone: '+41 44 668 18 00', fullName: null } }
    },
    async fails(world) {
      await somebody(world, 'has-this-name')
      return { as: await somebody(world, 'wants-a-name'), input: { username: 'has-this-name' } }
    },
    failure: { code: 'users.usernameTaken', kind: 'conflict' },
  },
  'users.updatePreferences': {
    async succeeds(world) {
      const self = await somebody(world, 'prefers')
      await self.as.users.updatePreferences({ preferences: { theme: 'dark', panes: { left: 1, right: 2 } } })
      return { as: self, input: { preferences: { theme: null, panes: { left: null } } } }
    },
    async fails(world) {
      const self = await somebody(world, 'preferred')
      return { as: self, input: { preferences: { theme: 'dark' }, version: self.user.version + 7 } }
    },
    failure: { code: 'request.versionConflict', kind: 'conflict' },
  },
} satisfies SomeExamples
