import { password } from '@denizen/core/testing'
import { somebody, type SomeExamples } from './example.ts'

export const bulkExamples = {
  'users.bulkCreate': {
    async succeeds(world) {
      await somebody(world, 'was-there-first')
      const users = [
        { email: 'in-bulk@example.com', password },
        { username: 'also-in-bulk', locale: 'nobody speaks this' },
        { email: 'WAS-THERE-first@example.com' },
      ]
      return { as: world.admin, input: { users } }
    },
    fails: async (world) => ({ as: await somebody(world, 'hires'), input: { users: [{ username: 'is-hired' }] } }),
    failure: { code: 'request.denied', kind: 'denied' },
  },
  'users.bulkUpdate': {
    async succeeds(world) {
      const [one, other] = [await somebody(world, 'moves-one'), await somebody(world, 'moves-other')]
      const userIds = [one.user.id, 'usr_01h455vb4pex5vsknk084sn02q', other.user.id]
      return { as: world.admin, input: { userIds, patch: { timezone: 'Europe/Zurich', isBot: false } } }
    },
    fails: async ({ admin }) => ({ as: admin, input: { userIds: [admin.user.id], filter: { status: 'active' }, patch: { locale: 'de' } } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
  'users.bulkPurge': {
    async succeeds(world) {
      const [leaver, heir] = [await somebody(world, 'leaves-for-good'), await somebody(world, 'inherits')]
      await world.admin.as.users.archive({ userId: leaver.user.id })
      await world.database.core.writeLastSeen() // so that it is counted in every face
      const userIds = [leaver.user.id, world.admin.user.id]
      return { as: world.admin, input: { userIds, resources: 'transfer', transferTo: heir.user.id } }
    },
    fails: async ({ admin }) => ({ as: admin, input: { userIds: [admin.user.id], filter: { status: 'archived' } } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
  'users.bulkArchive': {
    async succeeds(world) {
      const leaver = await somebody(world, 'leaves')
      return { as: world.admin, input: { userIds: [leaver.user.id, world.admin.user.id], reason: 'the course is over' } }
    },
    async fails(world) {
      const [leaver, mutineer] = [await somebody(world, 'stays'), await somebody(world, 'mutinies')]
      return { as: mutineer, input: { userIds: [leaver.user.id] } }
    },
    failure: { code: 'request.denied', kind: 'denied' },
  },
} satisfies SomeExamples
