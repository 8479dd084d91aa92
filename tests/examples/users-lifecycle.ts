import { somebody, type SomeExamples } from './example.ts'

export const lifecycleExamples = {
  'users.archive': {
    async succeeds(world) {
      const { user } = await somebody(world, 'is-archived')
      return { as: world.admin, input: { userId: user.id, reason: 'left the company' } }
    },
    async fails(world) {
      const { user } = await somebody(world, 'was-archived')
      await world.admin.as.users.archive({ userId: user.id })
      return { as: world.admin, input: { userId: user.id } }
    },
    failure: { code: 'users.archived', kind: 'conflict' },
  },
  'users.contain': {
    async succeeds(world) {
      const { user } = await somebody(world, 'is-contained')
      return { as: world.admin, input: { userId: user.id, reason: 'stolen laptop' } }
    },
    async fails(world) {
      const self = await somebody(world, 'contains-oneself')
      return { as: self, input: { userId: self.user.id, reason: 'curious' } }
    },
    failure: { code: 'request.denied', kind: 'denied' },
  },
  'users.demote': {
    async succeeds(world) {
      const { user } = await somebody(world, 'is-demoted')
      await world.admin.as.users.promote({ userId: user.id })
      return { as: world.admin, input: { userId: user.id, reason: 'not on call any more' } }
    },
    async fails(world) {
      const self = await somebody(world, 'demotes')
      return { as: self, input: { userId: self.user.id } }
    },
    failure: { code: 'request.denied', kind: 'denied' },
  },
  'users.promote': {
    async succeeds(world) {
      const { user } = await somebody(world, 'is-promoted')
      return { as: world.admin, input: { userId: user.id, reason: 'on call' } }
    },
    async fails(world) {
      const { user } = await somebody(world, 'is-not-promoted')
      await world.admin.as.users.setStatus({ userId: user.id, status: 'suspended' })
      return { as: world.admin, input: { userId: user.id } }
    },
    failure: { code: 'users.notPromotable', kind: 'conflict' },
  },
  'users.purge': {
    async succeeds(world) {
      const { user } = await somebody(world, 'is-purged')
      const heir = await somebody(world, 'is-heir')
      await world.admin.as.users.archive({ userId: user.id })
      await world.database.core.writeLastSeen() // so that it is counted in every face
      return { as: world.admin, input: { userId: user.id, resources: 'transfer', transferTo: heir.user.id } }
    },
    async fails(world) {
      const { user } = await somebody(world, 'is-not-purged')
      return { as: world.admin, input: { userId: user.id } }
    },
    failure: { code: 'users.archiveFirst', kind: 'conflict' },
  },
  'users.restore': {
    async succeeds(world) {
      const { user } = await somebody(world, 'is-restored')
      await world.admin.as.users.archive({ userId: user.id })
      return { as: world.admin, input: { userId: user.id } }
    },
    async fails(world) {
      const { user } = await somebody(world, 'was-never-archived')
      return { as: world.admin, input: { userId: user.id } }
    },
    failure: { code: 'users.notArchived', kind: 'conflict' },
  },
  'users.setLegalHold': {
    async succeeds(world) {
      const { user } = await somebody(world, 'is-on-hold')
      return { as: world.admin, input: { userId: user.id, legalHold: true, reason: 'case 12' } }
    },
    async fails(world) {
      const { user } = await somebody(world, 'is-not-on-hold')
      return { as: world.admin, input: { userId: user.id, legalHold: true, version: user.version + 7 } }
    },
    failure: { code: 'request.versionConflict', kind: 'conflict' },
  },
  'users.setStatus': {
    async succeeds(world) {
      const { user } = await somebody(world, 'is-suspended')
      return { as: world.admin, input: { userId: user.id, status: 'suspended', reason: 'spam' } }
    },
    // The one superadmin that a world has.
    fails: async ({ admin }) => ({ as: admin, input: { userId: admin.user.id, status: 'inactive' } }),
    failure: { code: 'users.lastSuperadmin', kind: 'conflict' },
  },
} satisfies SomeExamples
